//! The form that changes what would run: fields from the tool's JSON Schema and from what the agent gave, and arguments from what was
//! typed into them. What cannot be a field of its own is JSON text.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value, json};

use crate::{Error, Result, canonical, hidden};

/// What names the thing that an action is about; changing it would make it another action.
const FIXED: [&str; 4] = ["collection", "record_id", "action", "reversible"];
/// How many objects stand within each other as fields; what is deeper is JSON text.
const DEPTH: usize = 2;
/// An object of more fields than this is JSON text.
const MOST: usize = 60;
/// A text that may be longer than this has several lines.
const LONG: u64 = 500;

/// A field of the form.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Where its value stands among the arguments: a JSON pointer (RFC 6901).
    pub path: String,
    /// For people.
    pub label: String,
    /// What the tool says about it.
    pub hint: Option<String>,
    /// Whether the tool needs it.
    pub required: bool,
    /// What the agent gave; `None`: it left it out.
    pub given: Option<Value>,
    /// What can be filled in.
    pub kind: Kind,
    /// Emptied it is an empty text, and not left out.
    stays: bool,
}

/// What can be filled into a field.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// Text.
    Text {
        /// Of several lines.
        long: bool,
        /// Fewest characters.
        fewest: Option<u64>,
        /// Most characters.
        most: Option<u64>,
    },
    /// A number.
    Number {
        /// Without a fraction.
        whole: bool,
        /// The smallest.
        least: Option<f64>,
        /// The largest.
        most: Option<f64>,
        /// What it is a multiple of.
        step: Option<f64>,
    },
    /// Yes or no.
    Flag,
    /// One of these.
    Choice(Vec<Value>),
    /// Texts, one a line.
    Lines,
    /// Numbers, one a line.
    Numbers,
    /// `true` or `false`, one a line.
    Flags,
    /// Anything, as JSON.
    Json,
    /// Fields of its own.
    Group(Vec<Field>),
}

/// The fields for these arguments. Without a schema they are the values that there are; a list keeps the type of what is in
/// it.
pub fn fields(schema: Option<&Value>, arguments: &Map<String, Value>) -> Vec<Field> {
    let mut found = Vec::new();
    match schema {
        Some(schema) => found = declared(schema, Some(arguments), "", 0),
        None => plain("", arguments, &mut found),
    }
    found.retain(|field| !FIXED.contains(&field.path.trim_start_matches('/')));
    found
}

/// The arguments with what was typed, by path, in the place of what there was. The error names the field.
pub fn filled(
    fields: &[Field],
    mut arguments: Map<String, Value>,
    typed: &[(String, String)],
) -> Result<Map<String, Value>> {
    for (path, text) in typed {
        let Some(field) = leaf(fields, path) else { return Err(wrong(path, "unknown", "there is no such value.")) };
        if field.still_is(text) {
            continue;
        }
        let value = field.read(&plain_lines(text)).map_err(|(constraint, what)| wrong(path, constraint, &what))?;
        put(&mut arguments, path, value);
    }
    Ok(arguments)
}

/// Of what was typed, by path, what is not as it was.
pub fn changed(fields: &[Field], typed: &[(String, String)]) -> Vec<(String, String)> {
    let is_other = |path: &str, text: &str| leaf(fields, path).is_some_and(|field| !field.still_is(text));
    typed.iter().filter(|(path, text)| is_other(path, text)).cloned().collect()
}

/// The field, or the group of fields, in which a value stands.
pub fn holder<'f>(fields: &'f [Field], path: &str) -> Option<&'f Field> {
    let holds =
        |field: &&Field| path.strip_prefix(&field.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let field = fields.iter().find(holds)?;
    match &field.kind {
        Kind::Group(inner) => holder(inner, path).or(Some(field)),
        _ => Some(field),
    }
}

/// An argument that does not pass: the path stands in the details, for the form and for programs.
pub(super) fn wrong(path: &str, constraint: &str, what: &str) -> Error {
    let place = if path.is_empty() { "The arguments".to_owned() } else { words(path) };
    Error::invalid("arguments", constraint, format!("{place}: {what}"))
        .with(json!({ "field": "arguments", "constraint": constraint, "path": path }))
}

/// A path as people read it.
pub(super) fn words(path: &str) -> String {
    let names: Vec<String> = path.split('/').skip(1).map(|name| spoken(&unescaped(name))).collect();
    names.join(" → ")
}

/// The path of what stands under a name.
pub(super) fn within(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Field {
    /// Its value as it is typed; empty where there is none.
    pub fn shown(&self) -> String {
        match (&self.kind, &self.given) {
            (_, None) | (Kind::Group(_), _) | (Kind::Flag, Some(Value::Bool(false))) => String::new(),
            (Kind::Lines, Some(Value::Array(lines))) => {
                lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
            }
            (Kind::Numbers | Kind::Flags, Some(Value::Array(lines))) => {
                lines.iter().map(text_of).collect::<Vec<_>>().join("\n")
            }
            (Kind::Json, Some(value)) => serde_json::to_string_pretty(value).unwrap_or_default(),
            (_, Some(value)) => text_of(value),
        }
    }

    /// Whether this is what stood there, as far as browsers leave texts alone.
    fn still_is(&self, text: &str) -> bool {
        plain_lines(&self.shown()).replace('\0', "\u{fffd}") == plain_lines(text)
    }

    /// The value of a text; `None`: left out. The error is a constraint and a sentence.
    fn read(&self, text: &str) -> Result<Option<Value>, (&'static str, String)> {
        let is_empty = text.trim().is_empty();
        let may_go = !self.required && !self.stays;
        match &self.kind {
            Kind::Flag if self.given.is_some() => Ok(Some(Value::Bool(text == "true"))),
            Kind::Text { .. } if text.is_empty() && may_go => Ok(None),
            Kind::Text { .. } => Ok(Some(Value::String(text.to_owned()))),
            _ if is_empty && may_go => Ok(None),
            Kind::Flag => Ok(Some(Value::Bool(text == "true"))),
            Kind::Number { .. } => {
                let text = text.trim();
                let number = number_of(text).ok_or_else(|| match text.parse::<f64>() {
                    Ok(number) if !number.is_nan() => ("exact", "this is too large to be carried exactly.".to_owned()),
                    _ => ("number", "please enter a number.".to_owned()),
                })?;
                Ok(Some(Value::Number(number)))
            }
            Kind::Choice(options) => {
                let option = options.iter().find(|option| text_of(option) == text);
                let option = option.ok_or_else(|| ("enum", "please choose one of the list.".to_owned()))?;
                Ok(Some(option.clone()))
            }
            Kind::Lines => Ok(Some(text.lines().filter(|line| !line.trim().is_empty()).collect())),
            Kind::Numbers => each_line(text, |line| number_of(line).map(Value::Number))
                .map(Some)
                .ok_or_else(|| ("number", "please enter numbers, one a line.".to_owned())),
            Kind::Flags => each_line(text, |line| line.parse().ok().map(Value::Bool))
                .map(Some)
                .ok_or_else(|| ("boolean", "please enter true or false, one a line.".to_owned())),
            Kind::Json => {
                let value = canonical::parse_strict(text);
                let value = value.map_err(|why| ("json", format!("this is not valid JSON: {why}.")))?;
                // Where no schema says so, what was a list stays one.
                if self.stays && !value.is_array() {
                    return Err(("array", "this has to stay a list: [ … ].".to_owned()));
                }
                Ok(Some(value))
            }
            Kind::Group(_) => Err(("unknown", "there is no such value.".to_owned())),
        }
    }
}

/// The fields of an object: what the agent gave first, and of both what is needed first, in the schema's order. Of an object that was
/// left out nothing is needed.
fn declared(schema: &Value, given: Option<&Map<String, Value>>, path: &str, depth: usize) -> Vec<Field> {
    let nothing = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    let needed: Vec<&str> = match (given, schema.get("required")) {
        (Some(_), Some(Value::Array(names))) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let given = given.unwrap_or(&nothing);
    let first = needed.iter().copied().filter(|name| properties.contains_key(*name));
    let rest = properties.keys().chain(given.keys()).map(String::as_str);
    let mut seen = BTreeSet::new();
    let mut names: Vec<&str> = first.chain(rest).filter(|name| seen.insert(*name)).collect();
    names.sort_by_key(|name| !given.contains_key(*name));
    let other = schema.get("additionalProperties").unwrap_or(&Value::Null);
    let field = |name: &str| {
        let schema = properties.get(name).unwrap_or(other);
        let (path, given) = (within(path, name), given.get(name));
        let told = |what: &str| schema.get(what).and_then(Value::as_str).map(hidden::spelled);
        Field {
            label: told("title").unwrap_or_else(|| spoken(name)),
            hint: told("description"),
            required: needed.contains(&name),
            given: given.cloned(),
            kind: kind(schema, given, &path, depth),
            stays: false,
            path,
        }
    };
    names.into_iter().map(field).collect()
}

/// Every value that is no object with its path, in their order. A list is one field.
fn plain(path: &str, values: &Map<String, Value>, found: &mut Vec<Field>) {
    for (name, value) in values {
        let path = within(path, name);
        match value {
            Value::Object(inner) => plain(&path, inner, found),
            value => found.push(Field {
                label: words(&path),
                hint: None,
                required: false,
                given: Some(value.clone()),
                kind: listed(value).unwrap_or_else(|| kind(&Value::Null, Some(value), &path, 0)),
                stays: true,
                path,
            }),
        }
    }
}

/// How a list is filled in that has only numbers in it, or only yes and no.
fn listed(value: &Value) -> Option<Kind> {
    match value.as_array().map(Vec::as_slice) {
        None | Some([]) => None,
        Some(all) if all.iter().all(Value::is_number) => Some(Kind::Numbers),
        Some(all) => all.iter().all(Value::is_boolean).then_some(Kind::Flags),
    }
}

/// What can be filled in. What the agent gave decides with the schema: where they do not agree, it is JSON.
fn kind(schema: &Value, given: Option<&Value>, path: &str, depth: usize) -> Kind {
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        return Kind::Choice(options.clone());
    }
    match (type_of(schema, given), given) {
        (Some("boolean"), None | Some(Value::Bool(_) | Value::Null)) => Kind::Flag,
        (Some("integer"), None | Some(Value::Number(_) | Value::Null)) => number(schema, true),
        (Some("number"), None | Some(Value::Number(_) | Value::Null)) => number(schema, false),
        (Some("string"), None | Some(Value::String(_) | Value::Null)) => text(schema),
        (Some("array"), given) if are_lines(schema, given) => Kind::Lines,
        (Some("object"), None) => group(schema, None, path, depth),
        (Some("object"), Some(Value::Object(given))) => group(schema, Some(given), path, depth),
        _ => Kind::Json,
    }
}

/// The one type that a value has besides `null`; without a schema that of what was given.
fn type_of<'v>(schema: &'v Value, given: Option<&Value>) -> Option<&'v str> {
    match schema.get("type") {
        Some(Value::String(one)) => Some(one),
        Some(Value::Array(several)) => {
            let mut names = several.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.next().filter(|_| names.next().is_none())
        }
        _ => given.map(|given| match given {
            Value::String(_) | Value::Null => "string",
            Value::Number(_) => "number",
            Value::Bool(_) => "boolean",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }),
    }
}

fn text(schema: &Value) -> Kind {
    let limit = |what: &str| schema.get(what).and_then(Value::as_u64);
    let most = limit("maxLength");
    Kind::Text { long: most.is_some_and(|most| most > LONG), fewest: limit("minLength"), most }
}

fn number(schema: &Value, whole: bool) -> Kind {
    let bound = |what: &str| schema.get(what).and_then(Value::as_f64);
    let least =
        bound("minimum").or_else(|| bound("exclusiveMinimum").filter(|_| whole).map(|below| below.floor() + 1.0));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").filter(|_| whole).map(|above| above.ceil() - 1.0));
    // Browsers count steps from the smallest number.
    let step = bound("multipleOf").filter(|step| *step > 0.0 && least.is_none_or(|least| least % step == 0.0));
    let whole_only = |bound: f64, to: fn(f64) -> f64| if whole { to(bound) } else { bound };
    Kind::Number {
        whole,
        least: least.map(|least| whole_only(least, f64::ceil)),
        most: most.map(|most| whole_only(most, f64::floor)),
        step,
    }
}

/// Whether it is a list of texts, of which each fits a line.
fn are_lines(schema: &Value, given: Option<&Value>) -> bool {
    let of_texts = match schema.get("items") {
        Some(items) => items.get("type").and_then(Value::as_str) == Some("string"),
        None => given.and_then(Value::as_array).is_some_and(|all| !all.is_empty()),
    };
    let is_line =
        |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty() && !text.contains(['\n', '\r']));
    of_texts && given.is_none_or(|given| given.as_array().is_some_and(|all| all.iter().all(is_line)))
}

fn group(schema: &Value, given: Option<&Map<String, Value>>, path: &str, depth: usize) -> Kind {
    let known = schema.get("properties").and_then(Value::as_object).map_or(0, Map::len);
    let count = known + given.map_or(0, Map::len);
    if depth < DEPTH && (1..=MOST).contains(&count) {
        Kind::Group(declared(schema, given, path, depth + 1))
    } else {
        Kind::Json
    }
}

/// The field of exactly this path, if something can be typed into it.
fn leaf<'f>(fields: &'f [Field], path: &str) -> Option<&'f Field> {
    holder(fields, path).filter(|field| field.path == path && !matches!(field.kind, Kind::Group(_)))
}

/// Puts a value in its place, or takes it away. Objects around it come with it.
fn put(arguments: &mut Map<String, Value>, path: &str, value: Option<Value>) {
    let mut names: Vec<String> = path.split('/').skip(1).map(unescaped).collect();
    let Some(last) = names.pop() else { return };
    let mut place = arguments;
    for name in names {
        if value.is_none() && !place.contains_key(&name) {
            return;
        }
        let Value::Object(inner) = place.entry(name).or_insert_with(|| Value::Object(Map::new())) else { return };
        place = inner;
    }
    match value {
        Some(value) => drop(place.insert(last, value)),
        None => drop(place.remove(&last)),
    }
}

/// JSON's numbers, as far as all readers carry them exactly, and those that browsers send besides: `.5`, `05`.
fn number_of(text: &str) -> Option<Number> {
    let strict = |text: &str| match canonical::parse_strict(text) {
        Ok(Value::Number(number)) => Some(number),
        _ => None,
    };
    strict(text).or_else(|| strict(&Number::from_f64(text.parse().ok()?)?.to_string()))
}

/// A list of what each line says that is not empty; nothing where one cannot be read.
fn each_line(text: &str, read: impl Fn(&str) -> Option<Value>) -> Option<Value> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(read).collect::<Option<Vec<_>>>().map(Value::Array)
}

/// A plain value as it is typed.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A browser sends lines with the ends that the internet had in 1982, and knows no others.
fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn spoken(name: &str) -> String {
    hidden::spelled(&name.replace('_', " "))
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests;
