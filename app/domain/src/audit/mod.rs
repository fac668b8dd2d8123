//! The audit log: who did what, in a chain of hashes per workspace, written in the transaction of the change itself.
//!
//! Each row's hash covers the row and the hash before it, so an edited, removed or reordered row breaks the chain at that
//! place. Cutting off the tail breaks nothing inside the database; therefore the heads are signed and kept outside of it
//! (see `anchor.rs`), and `verify` compares. Personal data stands in a table of its own that can be erased; the chain holds
//! salted hashes of it.

#[cfg(feature = "ssr")]
pub mod anchor;
#[cfg(feature = "ssr")]
mod anchors_file;
#[cfg(feature = "ssr")]
pub mod chain;
#[cfg(feature = "ssr")]
pub mod export;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Timestamp, ids::ApiKeyId};

/// One entry, before it has a number.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Dotted, lower case: `approval.approved`.
    pub action: &'static str,
    /// What it is about: `approval`, `run`, `record`, `ai_provider`, …
    pub subject_kind: &'static str,
    /// Which one.
    pub subject_id: Option<Uuid>,
    /// Facts without personal data; only strings, booleans, integers and nested objects of them.
    pub details: Value,
    /// Personal data and free text; erasable.
    pub personal: Option<Value>,
}

impl Entry {
    /// An entry about a subject.
    pub fn new(action: &'static str, subject_kind: &'static str, subject_id: impl Into<Option<Uuid>>) -> Self {
        Self {
            action,
            subject_kind,
            subject_id: subject_id.into(),
            details: Value::Object(Default::default()),
            personal: None,
        }
    }

    /// The entry with facts.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// The entry with personal data.
    #[must_use]
    pub fn personal(mut self, personal: Value) -> Self {
        self.personal = Some(personal);
        self
    }
}

/// Where a request came from: what the log says of a person's act besides the person.
#[derive(Clone, Default, Debug)]
pub struct Source {
    /// The network address.
    pub ip: Option<String>,
    /// The browser's or program's own description.
    pub user_agent: Option<String>,
    /// The API key, if the person's program asked and not the person.
    pub api_key: Option<ApiKeyId>,
}

impl Source {
    /// Adds itself to an entry, where that does not say it already.
    #[cfg(feature = "ssr")]
    pub(crate) fn sign(&self, entry: &mut Entry) {
        if let (Some(key), Some(details)) = (self.api_key, entry.details.as_object_mut()) {
            details.insert("apiKey".to_owned(), key.to_string().into());
        }
        let personal = entry.personal.get_or_insert_with(|| Value::Object(Default::default()));
        if let Some(personal) = personal.as_object_mut() {
            for (name, value) in [("ip", &self.ip), ("userAgent", &self.user_agent)] {
                if let Some(value) = value {
                    personal.entry(name).or_insert_with(|| value.clone().into());
                }
            }
        }
    }
}

/// One row, as people read it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "AuditRow"))]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its number in the workspace, from 1.
    pub seq: i64,
    /// When the transaction wrote it.
    pub at: Timestamp,
    /// `user`, `agent` or `system`.
    pub actor_kind: String,
    /// The user's or agent's id.
    pub actor_id: Option<Uuid>,
    /// The user's or agent's name, if it still exists.
    pub actor_name: Option<String>,
    /// Dotted, lower case.
    pub action: String,
    /// What it is about.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: Option<Uuid>,
    /// Facts.
    pub details: Value,
    /// Personal data, unless erased.
    pub personal: Option<Value>,
    /// SHA-256 of this row and all before it, hexadecimal.
    pub hash: String,
    /// The head that covers this row is signed and kept outside the database.
    pub anchored: bool,
}

/// What verification found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "AuditVerdict"))]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// How many rows were read.
    pub rows: i64,
    /// Up to which number the log is anchored outside the database.
    pub anchored: i64,
    /// The first row that does not fit, if any.
    pub first_bad: Option<Flaw>,
}

/// Where the chain breaks, and how one can tell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "AuditFlaw"))]
#[serde(rename_all = "camelCase")]
pub struct Flaw {
    /// The number of the first row that is wrong or missing.
    pub seq: i64,
    /// In words.
    pub what: String,
}
