//! The one door. Whatever an agent wants to *do* becomes an approval item; a person sees exactly what would run, decides,
//! and the effect ledger says what then happened.
//!
//! A proposal is canonical JSON (RFC 8785) with its SHA-256. The bytes are stored as they are, shown from those bytes, and
//! executed from those bytes after the hash was checked again. Decision, outbox event and effect intent commit in one
//! transaction ([`service::decide`], the only way to decide, for every surface). An effect goes
//! `intended → executing → done | failed | unknown`; nothing is retried blindly.

#[cfg(feature = "ssr")]
mod effects_store;
#[cfg(feature = "ssr")]
pub mod executor;
pub mod figures;
#[cfg(feature = "ssr")]
mod figures_store;
#[cfg(feature = "ssr")]
mod policy;
#[cfg(feature = "ssr")]
pub mod proposal;
#[cfg(feature = "ssr")]
pub mod reminders;
#[cfg(feature = "ssr")]
mod reminders_store;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Timestamp,
    ids::{ApprovalId, RecordId, RunId, UserId},
    records::FieldChange,
    tools::Reversibility,
};

/// Where an item stands. A time-out is never recorded as a person's decision.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a decision.
    Pending,
    /// A person said yes.
    Approved,
    /// A rule let it through.
    AutoApproved,
    /// A person said no.
    Rejected,
    /// Nobody decided in time.
    TimedOut,
    /// Its run was cancelled.
    Cancelled,
    /// What it wanted to change has changed since.
    Superseded,
}

impl Status {
    /// All of them, in the order in which people look for them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Approved,
        Self::AutoApproved,
        Self::Rejected,
        Self::TimedOut,
        Self::Cancelled,
        Self::Superseded,
    ];

    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::AutoApproved => "auto_approved",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
        }
    }

    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "Waiting",
            Self::Approved => "Approved",
            Self::AutoApproved => "Approved by rule",
            Self::Rejected => "Rejected",
            Self::TimedOut => "Timed out",
            Self::Cancelled => "Cancelled",
            Self::Superseded => "Superseded",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

/// Where an effect stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectState {
    /// Decided; has not begun, can still be taken back.
    Intended,
    /// Has begun.
    Executing,
    /// Happened.
    Done,
    /// Did not happen.
    Failed,
    /// May or may not have happened; a person has to look.
    Unknown,
    /// Taken back before it began.
    Withdrawn,
}

impl EffectState {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Executing => "executing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Intended, Self::Executing, Self::Done, Self::Failed, Self::Unknown, Self::Withdrawn]
            .into_iter()
            .find(|s| s.as_str() == word)
    }
}

/// An item as a list shows it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Its id.
    pub id: ApprovalId,
    /// Where it stands.
    pub status: Status,
    /// The tool that would run: the item's type.
    #[serde(rename = "type")]
    pub tool: String,
    /// In plain words, made by HYVVE from the arguments.
    pub title: String,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// `full` or `quick`.
    pub review: String,
    /// SHA-256 of exactly what will run, hexadecimal.
    pub hash: String,
    /// Who proposed it: the agent's or person's name.
    pub proposer: String,
    /// Who started the run.
    pub requester_id: UserId,
    /// That person's name.
    pub requester: String,
    /// The run that it belongs to.
    pub run_id: Option<RunId>,
    /// Where its effect stands, once there is one.
    pub effect: Option<EffectState>,
    /// When somebody has to have decided.
    pub due_at: Option<Timestamp>,
    /// When it was proposed.
    pub created_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

/// What would happen, rendered by HYVVE from the stored bytes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Preview {
    /// A record changes.
    Record {
        /// The collection's name.
        collection: String,
        /// The collection's slug.
        collection_slug: String,
        /// Which record.
        record_id: RecordId,
        /// What names it to people.
        title: String,
        /// The version that would be changed; if the record has moved on, nothing happens.
        version: i32,
        /// Field by field.
        changes: Vec<FieldChange>,
    },
    /// A mail leaves.
    Mail {
        /// Recipient.
        to: String,
        /// Subject.
        subject: String,
        /// Body, plain text.
        body: String,
        /// Where it would really go: `smtp`, or `mailbox` when no mail server is configured.
        delivery: String,
    },
}

/// Something that happened to an item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// `proposed`, `approved`, `rejected`, `withdrawn`, `superseded`, `cancelled`, `effect_done`, `settled_done`, …
    pub what: String,
    /// Who: a name; `None` for HYVVE itself.
    pub who: Option<String>,
    /// A note or a reason.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The effect of an approved item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// Where it stands.
    pub state: EffectState,
    /// Until when the decision can be taken back.
    pub not_before: Timestamp,
    /// What it did.
    pub result: Option<Value>,
    /// Why it did not.
    pub error: Option<String>,
    /// When it ended, or when nobody knew any more.
    pub ended_at: Option<Timestamp>,
    /// Who found out how it ended, where HYVVE did not know.
    pub settled: Option<Settled>,
}

/// What a person found out about an effect of unknown outcome.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    /// The person's name; `None` when he or she is gone.
    pub by: Option<String>,
    /// What he or she says about it.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// An item with everything that a decision needs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// The row.
    #[serde(flatten)]
    pub item: Item,
    /// What would happen.
    pub preview: Preview,
    /// The arguments exactly as they will run.
    pub arguments: Value,
    /// Why, in the proposer's words; nobody checked them.
    pub reason: Option<String>,
    /// Oldest first.
    pub history: Vec<HistoryEntry>,
    /// The newest effect.
    pub effect_detail: Option<Effect>,
    /// Who decided, if a person did.
    pub decided_by: Option<String>,
    /// Why the reader may not decide; `None` when he or she may.
    pub blocked: Option<String>,
}

/// Which items a list shows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Filter {
    /// Only with this status.
    pub status: Option<Status>,
    /// Only of this tool.
    pub tool: Option<String>,
    /// Only what is decided, whatever the outcome.
    #[serde(default)]
    pub decided: bool,
}

/// What a person says about an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Do exactly this.
    Approve,
    /// Do not; a reason is required.
    Reject,
}

/// A decision on its way to the door.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decide {
    /// Yes or no.
    pub verdict: Verdict,
    /// A note, or the reason of a rejection.
    pub note: Option<String>,
    /// The hash that the decider was shown; a decision on anything else is refused.
    pub hash: Option<String>,
    /// Taken in the browser: the effect waits for the time in which it can be undone.
    pub interactive: bool,
}
