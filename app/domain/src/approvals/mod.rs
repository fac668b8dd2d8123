//! The one door. Whatever an agent wants to *do* becomes an approval item; a person sees exactly what would run, decides,
//! and the effect ledger says what then happened.
//!
//! A proposal is canonical JSON (RFC 8785) with its SHA-256. The bytes are stored as they are, shown from those bytes, and
//! executed from those bytes after the hash was checked again. Decision, outbox event and effect intent commit in one
//! transaction ([`door::decide`], the only way to decide, for every surface). An effect goes
//! `intended → executing → done | failed | unknown`; nothing is retried blindly.

#[cfg(feature = "ssr")]
mod assignment;
#[cfg(feature = "ssr")]
mod assignment_store;
pub mod attachments;
pub mod bulk;
#[cfg(feature = "ssr")]
mod calibration_store;
#[cfg(feature = "ssr")]
pub mod care;
#[cfg(feature = "ssr")]
pub mod comments;
#[cfg(feature = "ssr")]
mod comments_store;
#[cfg(feature = "ssr")]
mod cursor;
#[cfg(feature = "ssr")]
pub mod deciding;
#[cfg(feature = "ssr")]
mod decisions_store;
pub mod detail;
#[cfg(feature = "ssr")]
pub mod door;
#[cfg(feature = "ssr")]
pub(crate) mod due;
#[cfg(feature = "ssr")]
pub mod edit;
#[cfg(feature = "ssr")]
mod edits;
#[cfg(feature = "ssr")]
mod effects_store;
#[cfg(feature = "ssr")]
pub mod executor;
pub mod figures;
#[cfg(feature = "ssr")]
mod figures_store;
pub mod filter;
#[cfg(feature = "ssr")]
pub mod form;
pub mod grants;
#[cfg(feature = "ssr")]
pub(crate) mod ladder;
#[cfg(feature = "ssr")]
mod ladder_store;
mod let_through;
#[cfg(feature = "ssr")]
mod list_store;
#[cfg(feature = "ssr")]
mod mentions;
#[cfg(feature = "ssr")]
mod narrow_store;
#[cfg(feature = "ssr")]
mod outcomes;
pub mod outside;
pub mod policies;
#[cfg(feature = "ssr")]
mod policy;
pub mod presence;
#[cfg(feature = "ssr")]
mod presence_store;
#[cfg(feature = "ssr")]
pub mod proposal;
#[cfg(feature = "ssr")]
pub(crate) mod propose;
pub mod quorum;
#[cfg(feature = "ssr")]
pub(crate) mod reminders;
#[cfg(feature = "ssr")]
mod reminders_store;
pub mod routing;
#[cfg(feature = "ssr")]
pub mod samples;
#[cfg(feature = "ssr")]
mod samples_store;
pub mod saved;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod states;
#[cfg(feature = "ssr")]
mod store;
pub mod sum;
#[cfg(feature = "ssr")]
mod trail;
#[cfg(feature = "ssr")]
pub mod unknown;

#[cfg(feature = "ssr")]
pub(crate) use self::outcomes::{answered, cancel_for_run};
pub use self::{
    detail::{Care, Comment, Confidence, Detail, Effect, HistoryEntry, Mention, Sample, Settled},
    filter::Filter,
    let_through::LetThrough,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::routing::Review;
use crate::{
    Role, Timestamp,
    ids::{ApprovalId, RecordId, RunId, UserId},
    records::FieldChange,
    tools::Reversibility,
};

/// Where an item stands. A time-out is never recorded as a person's decision.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "ApprovalStatus"))]
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
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "Approval"))]
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
    /// How closely people look at it.
    pub review: Review,
    /// The calibrated score, 0 to 100, once people have decided often enough.
    pub score: Option<f64>,
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
    /// What let it go on by itself.
    pub let_through: Option<LetThrough>,
    /// When somebody has to have decided.
    pub due_at: Option<Timestamp>,
    /// Until when nobody wants to see it.
    pub snoozed_until: Option<Timestamp>,
    /// How many people have to approve.
    pub quorum: i16,
    /// Who is to look at it.
    pub assignee_id: Option<UserId>,
    /// That person's name.
    pub assignee: Option<String>,
    /// The role of which anybody is to look at it, where it is nobody in particular.
    pub assigned_role: Option<Role>,
    /// When it was proposed.
    pub created_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

impl Item {
    /// Whether somebody has put it off beyond this moment, in milliseconds since 1970.
    pub fn is_put_off(&self, now: i64) -> bool {
        self.status == Status::Pending && self.snoozed_until.is_some_and(|until| until.unix_millis() > now)
    }
}

/// What would happen, rendered by HYVVE from the stored bytes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
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
    /// A record comes to be.
    NewRecord {
        /// The collection's name.
        collection: String,
        /// What will name it to people.
        title: String,
        /// Its fields, none of which was there before.
        fields: Vec<FieldChange>,
    },
    /// A record is deleted.
    DeletedRecord {
        /// The collection's name.
        collection: String,
        /// The collection's slug.
        collection_slug: String,
        /// Which record.
        record_id: RecordId,
        /// What names it to people.
        title: String,
        /// The version that would be deleted; if the record has moved on, nothing happens.
        version: i32,
        /// Its fields, none of which is there afterwards.
        fields: Vec<FieldChange>,
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
    /// A request to somebody's web server.
    Request {
        /// `GET`, `POST`, …
        method: String,
        /// Whole.
        url: String,
        /// By name, as the proposer wrote them.
        headers: Vec<(String, String)>,
        /// As it is sent.
        body: Option<String>,
    },
    /// A policy changes.
    Policy {
        /// As it is.
        before: Box<policies::Draft>,
        /// As it is to be.
        after: Box<policies::Draft>,
    },
    /// An outside agent does something.
    External {
        /// What it calls it.
        action: String,
        /// Exactly what it will do it with: an object.
        arguments: Value,
    },
}

/// What a person says about an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
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
