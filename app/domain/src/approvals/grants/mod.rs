//! Standing grants: “allow this agent to do this, up to this, until then”.
//!
//! A grant is a person's word given in advance, about what can be taken back: one agent, one tool, an expression that says
//! which actions, a number of uses and an end. What it covers goes on by itself although the agent has not earned it. A
//! policy's rule that asks for a closer look counts more, and nothing is learned from what a grant let through.

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{AgentId, GrantId},
};

/// The most uses of a grant.
pub const MAX_USES: i32 = 1_000;
/// The longest that a grant holds, in days.
pub const MAX_DAYS: u64 = 90;

/// A grant as somebody wants it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewGrant {
    /// Which agent.
    pub agent_id: AgentId,
    /// Doing what: the name of a tool whose actions can be taken back.
    pub tool: String,
    /// Which of its actions: an expression over their fields in the Common Expression Language, as in a policy's rules.
    pub when: String,
    /// How often, 1 to [`MAX_USES`].
    pub max_uses: i32,
    /// Until when, at most [`MAX_DAYS`] from now.
    pub expires_at: Timestamp,
}

/// Whether a grant still lets anything through, and if not, why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// It does.
    Live,
    /// Somebody ended it.
    Revoked,
    /// Its time is over.
    Expired,
    /// It was used as often as it may.
    UsedUp,
    /// Whoever made it is no owner or admin any more.
    MakerGone,
}

/// A grant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Which one.
    pub id: GrantId,
    /// Of which agent.
    pub agent_id: AgentId,
    /// Its name.
    pub agent: String,
    /// The tool.
    pub tool: String,
    /// Which of its actions.
    pub when: String,
    /// How often at most.
    pub max_uses: i32,
    /// How often so far.
    pub used: i32,
    /// Until when.
    pub expires_at: Timestamp,
    /// Who made it; `None` when he or she is gone.
    pub by: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// Who ended it.
    pub revoked_by: Option<String>,
    /// When.
    pub revoked_at: Option<Timestamp>,
    /// Whether it still lets anything through.
    pub state: GrantState,
}
