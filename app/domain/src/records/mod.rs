//! Records: a workspace's own data, in collections with a JSON Schema. Every change makes a new version.

pub mod change;
#[cfg(feature = "ssr")]
pub(crate) mod seed;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod sharing;
#[cfg(feature = "ssr")]
mod sharing_store;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
mod validate;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    Timestamp,
    ids::{ApprovalId, CollectionId, RecordId, UserId},
};

pub use change::FieldChange;

/// A set of records with one JSON Schema.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// Its name in addresses and tools.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// JSON Schema 2020-12 of a record's data.
    pub schema: Value,
    /// The property that names a record to people.
    pub title_field: String,
    /// How many records the reader may see.
    pub records: i64,
}

impl Collection {
    /// The properties that the schema declares, in its order: name, title for people, schema.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, schema)| {
            let title = schema.get("title").and_then(Value::as_str).unwrap_or(name);
            (name.as_str(), title, schema)
        })
    }

    /// A property's title for people; its name when the schema has none.
    pub fn label<'a>(&'a self, field: &'a str) -> &'a str {
        self.fields().find(|(name, ..)| *name == field).map_or(field, |(_, title, _)| title)
    }
}

/// One record.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Its collection.
    pub collection_id: CollectionId,
    /// From 1, one more with each change.
    pub version: i32,
    /// What names it to people.
    pub title: String,
    /// Its data, as the collection's schema says.
    pub data: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a record was at one version, and who made it so.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "RecordVersion"))]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// The version.
    pub version: i32,
    /// The data then.
    pub data: Map<String, Value>,
    /// Whether the record was deleted with it.
    pub deleted: bool,
    /// `user`, `agent` or `system`.
    pub actor_kind: String,
    /// Whose change it was.
    pub actor_id: Option<Uuid>,
    /// That person's or agent's name.
    pub actor_name: Option<String>,
    /// The approval whose effect made it.
    pub approval_id: Option<ApprovalId>,
    /// When.
    pub created_at: Timestamp,
}

/// Who sees a record besides those whose role sees all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "RecordAccess"))]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// The member that it is assigned to.
    pub assigned_to: Option<PersonWithAccess>,
    /// Those that it is shared with.
    pub shared_with: Vec<PersonWithAccess>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PersonWithAccess {
    /// Who.
    pub user_id: UserId,
    /// The name.
    pub name: String,
}

/// A record with its collection and its history, newest first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "RecordDetail"))]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// The collection.
    pub collection: Collection,
    /// The record.
    pub record: Record,
    /// Its versions, newest first.
    pub history: Vec<Version>,
}
