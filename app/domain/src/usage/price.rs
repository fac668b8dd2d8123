//! What tokens cost.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::ProviderId, providers::Usage};

/// In place of a model: all models of a provider that have no price of their own.
pub const EVERY_MODEL: &str = "*";

/// The most that is believed of one call, in millionths of a dollar: a million dollars. What a provider counts, and what it lists, is
/// its own word, and sums of it have to be numbers that can be stored.
const MOST: i64 = 1_000_000_000_000;

/// What a million tokens cost, in millionths of a dollar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// Read.
    pub input: i64,
    /// Written, reasoning included.
    pub output: i64,
    /// Read from the provider's cache.
    pub cache_read: i64,
    /// Read, and written into the provider's cache.
    pub cache_write: i64,
}

impl Price {
    /// What a call has cost, in millionths of a dollar, rounded to the next one; not more than a million
    /// dollars.
    pub fn cost(&self, usage: &Usage) -> i64 {
        let cached = usage.cache_read.saturating_add(usage.cache_write);
        let parts = [
            (usage.input.saturating_sub(cached), self.input),
            (usage.cache_read, self.cache_read),
            (usage.cache_write, self.cache_write),
            (usage.output, self.output),
        ];
        let total: i128 = parts.into_iter().map(|(tokens, price)| i128::from(tokens) * i128::from(price)).sum();
        ((total + 500_000) / 1_000_000).clamp(0, MOST.into()) as i64
    }

    /// Whether nothing costs anything.
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }
}

/// A price that the workspace has set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelPrice {
    /// Whose model.
    pub provider_id: ProviderId,
    /// The model, or [`EVERY_MODEL`].
    pub model: String,
    /// What it costs.
    pub price: Price,
    /// The version of the workspace's prices that it came with.
    pub version: i32,
    /// Since when.
    pub created_at: Timestamp,
}

/// Who says what a model costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The workspace, in that version of its prices.
    Workspace(i32),
    /// The provider's own list, when it was read.
    Listed(Timestamp),
    /// The list that came with HYVVE, by its name.
    Shipped(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace(version) => write!(f, "workspace:{version}"),
            Self::Listed(read_at) => write!(f, "listed:{read_at}"),
            Self::Shipped(list) => write!(f, "shipped:{list}"),
        }
    }
}

/// A price to set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(extend("required" = ["providerId", "model", "price"])))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPrice {
    /// Whose model.
    pub provider_id: ProviderId,
    /// The model, or [`EVERY_MODEL`].
    pub model: String,
    /// What it costs; null: the workspace has no price of its own any more.
    #[serde(deserialize_with = "Option::deserialize")]
    pub price: Option<Price>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_token_has_its_price_and_none_is_paid_twice() {
        let price = Price { input: 3_000_000, output: 15_000_000, cache_read: 300_000, cache_write: 3_750_000 };
        let usage =
            Usage { input: 1_000, output: 200, reasoning: 150, cache_read: 600, cache_write: 300, cost_micros: None };
        // 100 × 3 + 600 × 0.3 + 300 × 3.75 + 200 × 15
        assert_eq!(price.cost(&usage), 300 + 180 + 1_125 + 3_000);
        assert_eq!(price.cost(&Usage { output: 1, ..Usage::default() }), 15);
        let half = Price { output: 500_000, ..Price::default() };
        assert_eq!(half.cost(&Usage { output: 1, ..Usage::default() }), 1, "rounded");
        assert_eq!(price.cost(&Usage::default()), 0);
    }

    #[test]
    fn numbers_beyond_measure_and_caches_larger_than_what_was_read_break_nothing() {
        let dear = Price { input: 10_000_000_000, output: 10_000_000_000, cache_read: 1, cache_write: 1 };
        let much = Usage { input: u64::MAX, output: u64::MAX, ..Usage::default() };
        assert_eq!(dear.cost(&much), MOST);
        let odd = Usage { input: 1, cache_read: u64::MAX, cache_write: u64::MAX, ..Usage::default() };
        assert!(dear.cost(&odd) > 0);
    }
}
