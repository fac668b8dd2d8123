//! The models that a provider offers, as it lists them. Shared with the browser.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A model in a provider's list.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "OfferedModel"))]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// What a request calls it.
    pub id: String,
    /// What people call it, where the provider tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many tokens it can read, where the provider tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_length: Option<u64>,
    /// What it costs, where the provider tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
}

impl Listed {
    /// One of which only the id is known.
    pub fn of(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }
}

/// What a model costs, in millionths of a dollar for a million tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "OfferedPrices"))]
#[serde(rename_all = "camelCase")]
pub struct Prices {
    /// Of what it reads.
    pub input: u64,
    /// Of what it writes.
    pub output: u64,
    /// Of what it reads from the provider's cache, where that has a price of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
    /// Of what it reads and writes into the cache, where that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u64>,
}

/// Some of a provider's models.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Models {
    /// In the provider's order.
    pub models: Vec<Listed>,
    /// How many there are of what was looked for.
    pub total: usize,
    /// When the provider was asked for them; `None`: it was not yet.
    pub read_at: Option<Timestamp>,
}
