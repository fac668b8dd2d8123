//! Proposals of outside agents: programs that people let work elsewhere, with an API key here.
//!
//! Such a program says what it wants to do and with which arguments, waits for the decision, does exactly that, and says what
//! became of it. It is the proposer's: whoever's key it uses does not decide on it. HYVVE carries nothing out; an approved effect
//! is `executing` from the moment in which it cannot be taken back any more until the outside agent has reported. If it never
//! does, the outcome is unknown, and a person is asked.

#[cfg(feature = "ssr")]
pub mod inbox;
#[cfg(feature = "ssr")]
mod inbox_store;
#[cfg(feature = "ssr")]
mod interrupt;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EffectState, Status, attachments::Attachment};
use crate::ids::ApprovalId;

/// The item's type, and the tool that it is of.
pub const TOOL: &str = "external";

/// A decision, in LangChain's words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// Do exactly this.
    Approve,
    /// Do this instead.
    Edit,
    /// Do not.
    Reject,
    /// Answer a question first.
    Respond,
}

impl DecisionKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Approve, Self::Edit, Self::Reject, Self::Respond];

    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Edit => "edit",
            Self::Reject => "reject",
            Self::Respond => "respond",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What an outside agent said with its proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Outside {
    /// How sure it says it is, in percent.
    pub confidence: Option<i16>,
    /// The decisions that it understands. A rejection is always possible: nobody is made to say yes.
    pub allowed: Vec<DecisionKind>,
}

/// Where a proposal stands, for whoever made it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "OutsideDecision"))]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// The item that was decided on: another one than was asked about, if a person changed it.
    pub id: ApprovalId,
    /// `pending` also while an approval can still be taken back.
    pub status: Status,
    /// Of exactly what may be done.
    pub hash: String,
    /// Whether it may be done; `None` while nobody has decided.
    pub approved: Option<bool>,
    /// What the outside agent calls it.
    pub action: String,
    /// Exactly what it may be done with.
    pub arguments: Value,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// What somebody wants to know before deciding. It has to be proposed again, with an answer in its reason.
    pub question: Option<String>,
    /// `executing` until its outcome is reported.
    pub effect: Option<EffectState>,
}

/// What became of what was approved, in the outside agent's words.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// Whether it happened.
    pub happened: bool,
    /// What came of it; only if it happened.
    pub result: Option<Value>,
    /// Why it did not happen.
    pub error: Option<String>,
    /// The hash of what was done.
    pub hash: String,
}

/// A proposal on its way.
#[derive(Clone, PartialEq, Debug)]
pub struct NewProposal {
    /// What it calls what it wants to do: printable ASCII, at most 100 characters.
    pub action: String,
    /// Exactly what it will do it with: an object.
    pub arguments: Value,
    /// In the proposer's words; the action's name is shown before it.
    pub title: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// How sure it is that a person would approve, in percent.
    pub confidence: Option<u8>,
    /// Whether it says that it can take it back.
    pub reversible: bool,
    /// What it refers to, at most 20: shown, decided on with it, and never loaded.
    pub attachments: Vec<Attachment>,
    /// The decisions that it understands.
    pub allowed: Vec<DecisionKind>,
}
