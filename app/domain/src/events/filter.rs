//! Filters by type, as webhooks and readers name them: whole types, and beginnings of such that end in a dot. None: everything.

use crate::{Error, Result};

/// How many types a filter names.
const MAX_TYPES: usize = 50;
/// The longest of them, in bytes.
const MAX_LENGTH: usize = 100;

/// A filter, sorted, each entry once; `field` is where an error stands.
pub fn checked(field: &str, entries: Vec<String>) -> Result<Vec<String>> {
    let mut types: Vec<String> = entries.iter().map(|entry| entry.trim().to_owned()).collect();
    types.sort_unstable();
    types.dedup();
    if types.len() > MAX_TYPES {
        return Err(Error::invalid(field, "maxItems", format!("At most {MAX_TYPES} types, please.")));
    }
    if let Some(bad) = types.iter().find(|entry| !is_entry(entry)) {
        let shown: String = bad.chars().filter(char::is_ascii_graphic).take(MAX_LENGTH).collect();
        let why =
            format!("“{shown}” is no type of event. One looks like approval.requested, or approval. for all of them.");
        return Err(Error::invalid(field, "isEventType", why));
    }
    Ok(types)
}

/// The entries of a text, between spaces or commas.
pub fn split(text: &str) -> Vec<String> {
    let entries = text.split(|c: char| c.is_whitespace() || c == ',').filter(|entry| !entry.is_empty());
    entries.map(str::to_owned).collect()
}

fn is_entry(entry: &str) -> bool {
    let whole = entry.strip_suffix('.').unwrap_or(entry);
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    entry.len() <= MAX_LENGTH && whole.split('.').all(word)
}

/// Whether events of that type pass. SQL says the same in `store.rs`.
pub(crate) fn passes(filter: &[String], name: &str) -> bool {
    filter.is_empty()
        || filter.iter().any(|entry| entry == name || (entry.ends_with('.') && name.starts_with(entry.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(entries: &[&str]) -> Result<Vec<String>> {
        checked("events", entries.iter().map(|entry| (*entry).to_owned()).collect())
    }

    #[test]
    fn a_filter_names_types_or_beginnings_of_them() -> Result<()> {
        let some = filter(&["run.failed", " approval. ", "approval.", "workspace.api_key."])?;
        assert_eq!(some, ["approval.", "run.failed", "workspace.api_key."]);
        for name in ["approval.requested", "run.failed", "workspace.api_key.revoked"] {
            assert!(passes(&some, name), "{name}");
        }
        for name in ["run.failed.twice", "run.started", "approval_policy.changed", "workspace.updated"] {
            assert!(!passes(&some, name), "{name}");
        }
        assert!(passes(&[], "whatever.happens"));
        assert_eq!(split(" a.b, c.  d.e,"), ["a.b", "c.", "d.e"]);
        Ok(())
    }

    #[test]
    fn what_is_no_type_is_refused_by_its_name() {
        let long = "a".repeat(MAX_LENGTH + 1);
        for bad in ["", ".", "..", "a..b", ".a", "Approval.", "a b", "a*", "a\nb", "approval.\u{202e}", &long] {
            assert_eq!(filter(&[bad]).err().as_ref().and_then(Error::field), Some("events"), "{bad:?}");
        }
        let many: Vec<String> = (0..=MAX_TYPES).map(|n| format!("a{n}")).collect();
        assert!(checked("events", many).is_err());
    }
}
