//! A model's arguments: parsed strictly, checked against the tool's schema, and split from the model's reason.

use std::collections::BTreeMap;

use jsonschema::error::ValidationErrorKind;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::registry::Tool;
use crate::{Error, Result, canonical, ids::RecordId};

/// The most bytes that a call's arguments may have.
pub const MAX_BYTES: usize = 128 * 1024;
/// The most characters of a reason that are kept.
const MAX_REASON: usize = 2_000;

/// Arguments that fit the tool's schema.
#[derive(Clone, PartialEq, Debug)]
pub struct Arguments {
    /// What would run.
    pub values: Map<String, Value>,
    /// Why, in the model's words. It is shown as such and is no part of what runs.
    pub reason: Option<String>,
    /// How sure the model says it is, in percent. It is shown as such and is no part of what runs.
    pub confidence: Option<u8>,
}

/// Parses and checks. The error is a sentence for the model, which may try again.
pub fn parse(tool: &Tool, text: &str) -> Result<Arguments, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("The arguments are longer than {MAX_BYTES} bytes."));
    }
    let text = if text.trim().is_empty() { "{}" } else { text };
    let value = canonical::parse_strict(text).map_err(|e| format!("The arguments are not valid JSON: {e}"))?;
    check(tool, value)
}

/// Checks arguments that are JSON already. The error is a sentence for whoever wrote them.
pub fn check(tool: &Tool, value: Value) -> Result<Arguments, String> {
    let schema = jsonschema::validator_for(&tool.parameters()).map_err(|e| e.to_string())?;
    if let Some(error) = schema.iter_errors(&value).next() {
        let path = error.instance_path().to_string();
        let place = if path.is_empty() { String::new() } else { format!(" at {path}") };
        return Err(format!("The arguments do not fit the tool’s schema{place}: {error}"));
    }
    let Value::Object(mut values) = value else { return Err("The arguments must be an object.".to_owned()) };
    let mut aside = |name: &str| values.remove(name).filter(|_| tool.acts());
    let reason = match aside("reason") {
        Some(Value::String(reason)) => Some(reason.chars().take(MAX_REASON).collect()),
        _ => None,
    };
    let confidence = aside("confidence").and_then(|said| u8::try_from(said.as_u64()?).ok());
    Ok(Arguments { values, reason, confidence })
}

/// What of some arguments does not fit a tool's schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misfit {
    /// Where it stands: a JSON pointer.
    pub path: String,
    /// What is wrong with it: a sentence without its first word's capital.
    pub why: String,
}

/// The first thing that does not fit the tool's schema, for a form that says it at its field.
pub fn misfit(tool: &Tool, values: &Value) -> Result<Option<Misfit>, String> {
    let schema = jsonschema::validator_for(&tool.parameters()).map_err(|e| e.to_string())?;
    let Some(error) = schema.iter_errors(values).next() else { return Ok(None) };
    let path = error.instance_path().to_string();
    Ok(Some(match error.kind() {
        ValidationErrorKind::Required { property: Value::String(name) } => {
            Misfit { path: format!("{path}/{name}"), why: "this is needed.".to_owned() }
        }
        _ => Misfit { path, why: format!("{}.", error.masked_with("this")) },
    }))
}

/// Arguments as a tool's own type.
pub(super) fn typed<T: DeserializeOwned>(values: &Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(values.clone())).map_err(|e| format!("The arguments do not fit the tool: {e}"))
}

/// The version at which a proposal looked at the record that it is about.
pub(super) fn version_of(record: RecordId, expected: &BTreeMap<RecordId, i32>) -> Result<i32> {
    let version = expected.get(&record).copied();
    version.ok_or_else(|| Error::internal("a proposal without its target's version"))
}

/// The object that a value is; empty when it is none.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
