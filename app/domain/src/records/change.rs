//! What a change does to a record, field by field.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Collection;

/// One field before and after a change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// The property's name.
    pub field: String,
    /// The property's title for people.
    pub label: String,
    /// `None` when it was not there.
    pub before: Option<Value>,
    /// `None` when it goes away.
    pub after: Option<Value>,
}

/// The data after `changes`: a JSON merge patch (RFC 7396) of one level, `null` removes a property.
pub fn merge(data: &Map<String, Value>, changes: &Map<String, Value>) -> Map<String, Value> {
    let mut after = data.clone();
    for (field, value) in changes {
        if value.is_null() {
            after.remove(field);
        } else {
            after.insert(field.clone(), value.clone());
        }
    }
    after
}

/// The fields in which two states of a record differ, in the schema's order, then by name.
pub fn diff(collection: &Collection, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<FieldChange> {
    let known: Vec<&str> = collection.fields().map(|(name, ..)| name).collect();
    let place = |field: &str| known.iter().position(|k| *k == field).unwrap_or(known.len());
    let mut fields: Vec<&String> = before.keys().chain(after.keys().filter(|k| !before.contains_key(*k))).collect();
    fields.sort_by_key(|f| (place(f), (*f).clone()));
    fields
        .into_iter()
        .filter(|f| before.get(*f) != after.get(*f))
        .map(|f| FieldChange {
            field: f.clone(),
            label: collection.label(f).to_owned(),
            before: before.get(f).cloned(),
            after: after.get(f).cloned(),
        })
        .collect()
}
