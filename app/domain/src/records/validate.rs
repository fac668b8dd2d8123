//! A record's data against its collection's JSON Schema.

use serde_json::{Map, Value};

use super::Collection;
use crate::{Error, Result};

/// The most bytes that a record's data may have as JSON.
const MAX_BYTES: usize = 64 * 1024;

/// Whether the data fits the schema; the error names the first field that does not.
pub(super) fn data(collection: &Collection, data: &Map<String, Value>) -> Result<()> {
    let value = Value::Object(data.clone());
    if value.to_string().len() > MAX_BYTES {
        return Err(Error::invalid("data", "maxLength", format!("A record holds at most {} KiB.", MAX_BYTES / 1024)));
    }
    let schema = jsonschema::validator_for(&collection.schema).map_err(Error::internal)?;
    if let Some(error) = schema.iter_errors(&value).next() {
        let path = error.instance_path().to_string();
        let field = if path.is_empty() { "data".to_owned() } else { format!("data{path}").replace('/', ".") };
        return Err(Error::invalid(&field, "schema", format!("{}: {error}", collection.name)));
    }
    Ok(())
}

/// The record's name for people.
pub(super) fn title(collection: &Collection, data: &Map<String, Value>) -> Result<String> {
    match data.get(&collection.title_field) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim().chars().take(200).collect()),
        Some(Value::Number(n)) => Ok(n.to_string()),
        _ => Err(Error::invalid(&format!("data.{}", collection.title_field), "required", "A record needs a name.")),
    }
}
