//! Where settings come from: the environment, else the file. What nobody asked for is an unknown setting.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    ops::RangeInclusive,
    str::FromStr,
};

use super::Error;

/// Every variable with this prefix is ours, so one that nobody reads is a typing error.
const PREFIX: &str = "HYVVE_";
/// Variables with our prefix that belong to tools and tests.
const NOT_SETTINGS: [&str; 7] = [
    "HYVVE_BUILD_DATABASE_URL",
    "HYVVE_CACHE",
    "HYVVE_LITELLM",
    "HYVVE_POSTGRES_BIN",
    "HYVVE_RECORDINGS",
    "HYVVE_CHROMIUM",
    "HYVVE_BIN",
];

/// The environment and the `[hyvve]` table of the settings file. Asking for a setting makes it known.
pub(super) struct Source {
    environment: BTreeMap<String, String>,
    file: toml::Table,
    known: BTreeSet<String>,
}

/// A setting's text, with the name under which whoever set it knows it.
struct Found {
    name: String,
    text: String,
}

impl Source {
    /// `file` is the settings file's text, if there is one.
    pub(super) fn new(environment: BTreeMap<String, String>, file: Option<&str>) -> Result<Self, Error> {
        let mut whole: toml::Table =
            file.unwrap_or_default().parse().map_err(|e| Error::new("Leptos.toml", format!("not TOML: {e}")))?;
        let file = match whole.remove("hyvve") {
            None => toml::Table::new(),
            Some(toml::Value::Table(table)) => table,
            Some(_) => return Err(Error::new("hyvve", "has to be a table: [hyvve]")),
        };
        match whole.keys().next() {
            Some(key) => Err(Error::new(key, "is not known; settings stand in the table [hyvve]")),
            None => Ok(Self { environment, file, known: BTreeSet::new() }),
        }
    }

    /// A setting: `HYVVE_<KEY>`, else another variable that means the same, else the file's key.
    pub(super) fn get<T: FromStr<Err: Display>>(&mut self, key: &str, aliases: &[&str]) -> Result<Option<T>, Error> {
        let own = format!("{PREFIX}{}", key.to_uppercase());
        let from_file = self.file.remove(key);
        let from_environment = self.variable(&own).or_else(|| aliases.iter().find_map(|alias| self.variable(alias)));
        let found = match (from_environment, from_file) {
            (Some(found), _) => found,
            (None, Some(value)) => Found { name: key.to_owned(), text: scalar(key, value)? },
            (None, None) => return Ok(None),
        };
        found.parse().map(Some)
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, key: &str, bounds: RangeInclusive<u64>) -> Result<Option<u64>, Error> {
        match self.get(key, &[])? {
            Some(n) if !bounds.contains(&n) => {
                Err(Error::new(key, format!("{n} is not between {} and {}", bounds.start(), bounds.end())))
            }
            within => Ok(within),
        }
    }

    /// A secret: from the environment only, so that none ends up in a file that is passed around.
    pub(super) fn secret(&mut self, names: &[&str]) -> Result<Option<String>, Error> {
        for name in names {
            let in_file = name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase();
            if self.file.contains_key(&in_file) {
                return Err(Error::new(&in_file, format!("is a secret: set the environment variable {name} instead")));
            }
        }
        Ok(names.iter().find_map(|name| self.variable(name)).map(|found| found.text))
    }

    /// The variables that were asked for until now.
    #[cfg(test)]
    pub(super) fn known(&self) -> &BTreeSet<String> {
        &self.known
    }

    /// Refuses what is left over.
    pub(super) fn finish(self) -> Result<(), Error> {
        if let Some(key) = self.file.keys().next() {
            return Err(Error::new(key, "is not known; Leptos.toml lists every setting"));
        }
        let ours =
            self.environment.keys().filter(|name| name.starts_with(PREFIX) && !NOT_SETTINGS.contains(&name.as_str()));
        match ours.into_iter().find(|name| !self.known.contains(*name)) {
            Some(name) => Err(Error::new(name, "is not known; Leptos.toml lists every setting")),
            None => Ok(()),
        }
    }

    /// An empty variable counts as not set, as it does in most tools that set them.
    fn variable(&mut self, name: &str) -> Option<Found> {
        self.known.insert(name.to_owned());
        let text = self.environment.get(name)?.trim();
        (!text.is_empty()).then(|| Found { name: name.to_owned(), text: text.to_owned() })
    }
}

impl Found {
    fn parse<T: FromStr<Err: Display>>(self) -> Result<T, Error> {
        self.text.parse().map_err(|e| Error::new(&self.name, format!("{:?} cannot be used: {e}", self.text)))
    }
}

fn scalar(key: &str, value: toml::Value) -> Result<String, Error> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(n) => Ok(n.to_string()),
        toml::Value::Boolean(b) => Ok(b.to_string()),
        other => Err(Error::new(key, format!("cannot be {}", other.type_str()))),
    }
}
