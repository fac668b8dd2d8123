//! Agents and their runs: from a message to an answer, on the server, surviving a crash at any moment.
//!
//! A run is a state machine in PostgreSQL. A worker claims it with a lease and drives it ([`runtime`]); every step is stored
//! before the next begins; every event is stored before anyone sees it. When a run waits for a decision nobody drives it:
//! the decision's effect makes it claimable again, on any node.

#[cfg(feature = "ssr")]
mod agents_store;
#[cfg(feature = "ssr")]
pub mod claims;
#[cfg(feature = "ssr")]
mod driver_store;
#[cfg(feature = "ssr")]
mod history;
pub mod images;
#[cfg(feature = "ssr")]
pub mod output;
#[cfg(feature = "ssr")]
mod resolve;
#[cfg(feature = "ssr")]
pub mod runtime;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
mod store;
pub mod turn;

#[cfg(feature = "ssr")]
pub use resolve::{Outcome, resolve_step, wait_for};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Timestamp,
    ids::{AgentId, AgentSessionId, ApprovalId, ProviderId, RunId, UserId},
    providers::{Finish, Layout, ToolCall, Usage},
    said::said,
};

pub use turn::{ToolCard, ToolState, Turn, TurnItem};

/// An agent of a workspace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What the model is told before every conversation.
    pub instructions: String,
    /// Its provider; `None`: the workspace's default.
    pub provider_id: Option<ProviderId>,
    /// Its model; `None`: the provider's default.
    pub model: Option<String>,
    /// The workspace's fallbacks are asked when its provider gives no answer.
    pub falls_back: bool,
    /// Names of the tools that it may call.
    pub tools: Vec<String>,
    /// A JSON Schema that its answers fit; `None`: it answers in words.
    pub output_schema: Option<Value>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Changes of an agent; what is missing stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentChanges {
    /// Its provider; `null`: the workspace's default.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<Option<ProviderId>>,
    /// Its model; `null`: the provider's default.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub model: Option<Option<String>>,
    /// The workspace's fallbacks are asked when its provider gives no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub falls_back: Option<bool>,
    /// A JSON Schema of an object that its answers have to fit; `null`: it answers in words.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Option<Value>>,
}

/// A conversation with an agent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentSession {
    /// Its id.
    pub id: AgentSessionId,
    /// With which agent.
    pub agent_id: AgentId,
    /// That agent's name.
    pub agent: String,
    /// Whose it is.
    pub user_id: UserId,
    /// The beginning of its first message.
    pub title: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last had a message.
    pub updated_at: Timestamp,
}

/// Where a run stands; the words are AgentOS's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStatus {
    /// Waits to be driven.
    Pending,
    /// A node drives it.
    Running,
    /// Waits for a person.
    Paused,
    /// Has answered.
    Completed,
    /// Was cancelled.
    Cancelled,
    /// Ended in an error.
    Error,
}

impl RunStatus {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Error => "ERROR",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Running, Self::Paused, Self::Completed, Self::Cancelled, Self::Error]
            .into_iter()
            .find(|s| s.as_str() == word)
    }

    /// Nothing more will come.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Error)
    }

    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "Queued",
            Self::Running => "Running",
            Self::Paused => "Waiting for a person",
            Self::Completed => "Completed",
            Self::Cancelled => "Cancelled",
            Self::Error => "Failed",
        }
    }
}

/// Why a run ended in an error, in words that may be shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct RunFailure {
    /// A stable word: `invalid_key`, `unreachable`, `stalled`, `invalid_tool_arguments`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, naming the provider.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// What the provider said about it, in one short line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// A run as lists and pages show it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Which agent.
    pub agent_id: AgentId,
    /// That agent's name.
    pub agent: String,
    /// The conversation.
    pub session_id: AgentSessionId,
    /// Who started it.
    pub requester_id: UserId,
    /// That person's name.
    pub requester: String,
    /// Where it stands.
    pub status: RunStatus,
    /// The message.
    pub input: String,
    /// How many images came with it.
    #[serde(default)]
    pub images: i64,
    /// The answer, or the part of it that came.
    pub output: Option<String>,
    /// JSON of a schema is asked for as the answer. What came of a run that has failed need not be that.
    #[serde(default)]
    pub structured: bool,
    /// Why it failed.
    pub error: Option<RunFailure>,
    /// The provider's name in this workspace.
    pub provider: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// Tokens of all its model calls.
    pub usage: Usage,
    /// How often it was claimed; more than one means that a node died under it.
    pub attempt: i32,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// One stored event of a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunEvent {
    /// From 0, without gaps: a reader's cursor.
    pub index: i32,
    /// AgentOS's name: `RunContent`, `ToolCallStarted`, …
    pub name: String,
    /// What is special to the event.
    pub data: Value,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// One stored step of a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "RunStep"))]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// From 0, without gaps.
    pub position: i32,
    /// What it is.
    pub content: StepContent,
    /// Waits for a person.
    pub waiting: bool,
    /// The approval that it waits, or waited, for.
    pub approval_id: Option<ApprovalId>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How an answer was made, where its provider wants more of it back than is shown. It is told to nobody else.
    #[serde(skip)]
    pub making: Option<Making>,
}

/// By whom an answer was made, and of what parts. What a provider sealed goes back to the same model of the same provider
/// only: no other can read it, and some refuse a conversation with it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Making {
    /// Whom the workspace asked.
    pub provider: ProviderId,
    /// Which model was asked for.
    pub model: String,
    /// A fingerprint of what stood before the run's own answers; empty where that was not kept yet. Some providers hold a
    /// thought to every word that it followed.
    #[serde(default)]
    pub before: String,
    /// The answer's parts.
    pub layout: Layout,
}

/// What a step is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepContent {
    /// One answer of the model.
    Model {
        /// Its text.
        text: String,
        /// Its reasoning, where the provider shows it.
        reasoning: String,
        /// The calls that it wants.
        tool_calls: Vec<ToolCall>,
        /// What it cost.
        usage: Usage,
        /// Why it ended.
        finish: Finish,
        /// The model that answered.
        model: String,
        /// Milliseconds from the request to the first token.
        first_token_ms: Option<u32>,
        /// Milliseconds from the request to the end.
        total_ms: u32,
        /// Who was asked before, and gave no answer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        hops: Vec<Hop>,
    },
    /// One call of a tool.
    Tool {
        /// The call.
        call: ToolCall,
        /// What the model is told; `None` while it waits.
        result: Option<ToolResult>,
    },
}

#[cfg(feature = "ssr")]
impl StepContent {
    /// Whether a person asked something instead of deciding on it.
    pub(crate) fn is_question(&self) -> bool {
        let Self::Tool { result: Some(ToolResult { content, is_error: true }), .. } = self else { return false };
        let told: Result<Value, _> = serde_json::from_str(content);
        told.is_ok_and(|told| told["status"] == "question")
    }
}

/// Somebody who was asked and gave no answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Hop {
    /// The provider's name.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The kind of failure.
    pub failure: String,
    /// What happened.
    pub message: String,
}

/// What a tool answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ToolResult {
    /// JSON or text for the model.
    pub content: String,
    /// The call failed, was refused or was rejected.
    pub is_error: bool,
}

#[cfg(feature = "ssr")]
impl ToolResult {
    /// Of a call that waited for a decision: whether it was approved, whatever came of it then.
    pub fn was_approved(&self) -> bool {
        let told: Value = serde_json::from_str(&self.content).unwrap_or_default();
        match told["status"].as_str() {
            Some("done" | "failed" | "unknown") => true,
            // That may happen before somebody decides, and after.
            Some("superseded") => told["approved"] == true,
            _ => false,
        }
    }
}

/// A run with its steps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct RunDetail {
    /// The run.
    pub run: Run,
    /// Oldest first.
    pub steps: Vec<Step>,
}

/// A conversation with what was said in it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Conversation {
    /// The conversation.
    pub session: AgentSession,
    /// One turn per run, oldest first; of many, the newest.
    pub turns: Vec<Turn>,
    /// How many there are before these.
    pub earlier: i64,
}

#[cfg(test)]
mod tests {
    use super::AgentChanges;

    #[test]
    fn what_is_null_in_changes_is_not_what_is_missing() -> Result<(), serde_json::Error> {
        let changes: AgentChanges = serde_json::from_str(r#"{"providerId":null}"#)?;
        assert_eq!(changes, AgentChanges { provider_id: Some(None), ..AgentChanges::default() });
        let changes: AgentChanges = serde_json::from_str(r#"{"model":"m"}"#)?;
        assert_eq!(changes, AgentChanges { model: Some(Some("m".into())), ..AgentChanges::default() });
        assert!(serde_json::from_str::<AgentChanges>(r#"{"name":"x"}"#).is_err());
        Ok(())
    }
}
