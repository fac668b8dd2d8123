//! Policies: a workspace's own thresholds and rules for how closely people look at a tool's actions.
//!
//! A policy can ask for a closer look than an agent has earned, never for a lesser one. Each change is a new version, which
//! a second person approves where there is one; items keep the version that routed them.

#[cfg(feature = "ssr")]
mod check;
#[cfg(feature = "ssr")]
pub mod dry_run;
mod handling;
#[cfg(feature = "ssr")]
mod rules;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

pub use self::handling::{Action, Assignment, Handling, Nudge, Rung, Step};
use super::routing::{Review, Thresholds};
use crate::{Timestamp, ids::ApprovalId};

/// The word that stands for all tools that have no policy of their own.
pub const EVERY_TOOL: &str = "*";

/// Asks for a closer look at actions that match.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "PolicyRule"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// What it is called, at most 80 characters.
    pub name: String,
    /// An expression over the action's fields in the Common Expression Language (<https://cel.dev>), true where the rule
    /// applies: `changes.discount_percent > 20`, `!(recipient.domain in ["example.com"])`.
    pub when: String,
    /// At least this look: `quick` or `full`.
    pub review: Review,
}

/// The policy of a tool in one version.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// The tool, or [`EVERY_TOOL`].
    pub tool: String,
    /// From 1; 0 is what HYVVE ships with.
    pub version: i32,
    /// From which score on which look is enough.
    pub thresholds: Thresholds,
    /// In this order.
    pub rules: Vec<Rule>,
    /// How its items wait.
    pub handling: Handling,
    /// Who made it; `None` for what HYVVE ships with.
    pub by: Option<String>,
    /// Since when it holds.
    pub since: Option<Timestamp>,
}

impl Policy {
    /// What HYVVE ships with.
    pub fn shipped(tool: &str) -> Self {
        let (tool, thresholds) = (tool.to_owned(), Thresholds::default());
        Self { tool, version: 0, thresholds, rules: Vec::new(), handling: Handling::default(), by: None, since: None }
    }
}

/// A policy as somebody wants it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "PolicyDraft"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Draft {
    /// The tool, or [`EVERY_TOOL`].
    pub tool: String,
    /// From which score on which look is enough.
    pub thresholds: Thresholds,
    /// In this order; at most 50.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// How its items wait.
    #[serde(default)]
    pub handling: Handling,
}

/// What became of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "PolicyChange"))]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// The version that holds now, where nobody else had to be asked.
    pub version: Option<i32>,
    /// The proposal that somebody else decides on.
    pub approval_id: Option<ApprovalId>,
}

/// What a policy would have done with what agents proposed in the last 90 days.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DryRun {
    /// Proposals looked at: the newest, 10,000 at most, and fewer where rules take long.
    pub proposals: u32,
    /// Would have gone on by themselves.
    pub auto: u32,
    /// Of them, people rejected, or disagreed with afterwards.
    pub auto_rejected: u32,
    /// Would have got a glance.
    pub quick: u32,
    /// Would have got a full review.
    pub full: u32,
    /// Went on by themselves under the policies of their time.
    pub auto_then: u32,
    /// How often each rule applied, in the order of the rules.
    pub matched: Vec<u32>,
}
