//! Saved filters: what somebody looks for again and again, under a name. Each person's own, in one workspace.
//!
//! They change nothing that is anybody else's, so no event tells of them and no entry of the log.

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use super::filter::Query;
use crate::{Timestamp, ids::FilterId};

/// The most that one person has in one workspace.
pub const MAX: usize = 50;

/// A saved filter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SavedFilter {
    /// Its id.
    pub id: FilterId,
    /// What it is called.
    pub name: String,
    /// What it shows.
    pub filter: Query,
    /// Since when.
    pub created_at: Timestamp,
}

/// One that somebody makes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewFilter {
    /// What it is to be called: 1 to 80 characters, once for each person.
    pub name: String,
    /// What it is to show.
    #[serde(default)]
    pub filter: Query,
}

/// What is to change; what is absent stays.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FilterChanges {
    /// What it is to be called.
    pub name: Option<String>,
    /// What it is to show.
    pub filter: Option<Query>,
}
