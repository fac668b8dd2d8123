//! What was used in a while, as people look at it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

/// Which days: both included, in the workspace's time zone. Unset: the present month so far.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Period {
    /// `2026-11-01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// `2026-11-30`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
}

/// Calls, tokens and money.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Amounts {
    /// Calls of models.
    pub calls: i64,
    /// Of these, without a complete answer.
    pub failed: i64,
    /// Of these, such that nobody knows what they cost.
    pub unpriced: i64,
    /// Tokens read, those from caches included.
    pub input_tokens: i64,
    /// Tokens written, reasoning included.
    pub output_tokens: i64,
    /// Of `output_tokens`: reasoning.
    pub reasoning_tokens: i64,
    /// Of `input_tokens`: read from a cache.
    pub cache_read_tokens: i64,
    /// Of `input_tokens`: written into a cache.
    pub cache_write_tokens: i64,
    /// Millionths of a dollar, of the calls whose price is known.
    pub cost_micros: i64,
}

/// What was used by, for, of or on something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "UsageLine"))]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The provider, agent or person; none for days and models.
    pub id: Option<Uuid>,
    /// The day, `2026-11-24`, or the name.
    pub name: String,
    /// How much.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// The source's `UsageStats`: what was used in a period, of what the reader may see.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UsageStats {
    /// The first day.
    pub start_date: String,
    /// The last day.
    pub end_date: String,
    /// Only what was spent for the reader: owners and admins see everything.
    pub only_own: bool,
    /// All of it.
    pub total: Amounts,
    /// Every day, oldest first.
    pub by_day: Vec<Line>,
    /// The dearest first, as the following.
    pub by_provider: Vec<Line>,
    /// By the model that answered.
    pub by_model: Vec<Line>,
    /// By agent.
    pub by_agent: Vec<Line>,
    /// By the person for whom the agent worked.
    pub by_person: Vec<Line>,
    /// How many lines of each list are left out, the cheapest: a list has a hundred at most, except of days.
    pub more: More,
}

/// How many lines are left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "UsageMore"))]
#[serde(rename_all = "camelCase")]
pub struct More {
    /// Of providers.
    pub by_provider: usize,
    /// Of models.
    pub by_model: usize,
    /// Of agents.
    pub by_agent: usize,
    /// Of people.
    pub by_person: usize,
}

/// One call, as exports have it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerRow {
    /// Its id.
    pub id: Uuid,
    /// When it began.
    pub at: Timestamp,
    /// For whom.
    pub person: Option<String>,
    /// By which agent.
    pub agent: Option<String>,
    /// In which run.
    pub run_id: Option<Uuid>,
    /// The provider's name at the time.
    pub provider: String,
    /// Its kind.
    pub provider_kind: String,
    /// The last characters of the key.
    pub key_hint: Option<String>,
    /// The model that was asked for.
    pub model_asked: String,
    /// The model that answered.
    pub model_served: Option<String>,
    /// From 0: the how-manieth of those that were asked for one answer.
    pub hop: i16,
    /// `answered`, `broken`, `failed`, `lost`.
    pub outcome: String,
    /// The kind of failure.
    pub failure: Option<String>,
    /// Tokens read.
    pub input_tokens: i64,
    /// Tokens written.
    pub output_tokens: i64,
    /// Of `output_tokens`: reasoning.
    pub reasoning_tokens: i64,
    /// Of `input_tokens`: read from a cache.
    pub cache_read_tokens: i64,
    /// Of `input_tokens`: written into a cache.
    pub cache_write_tokens: i64,
    /// Millionths of a dollar; none with an unknown price.
    pub cost_micros: Option<i64>,
    /// Whose price.
    pub price_version: Option<String>,
    /// Milliseconds to the first token.
    pub first_token_ms: Option<i32>,
    /// Milliseconds to the end.
    pub total_ms: Option<i32>,
}
