//! What happened, for programs: the outbox, and how browsers, workers and other nodes learn of it.
//!
//! Truth is the `events` table. An event is written in the transaction of the change ([`crate::db::TenantTx::emit`]); after
//! the commit the hub wakes readers on this node, and the relay tells other nodes with ids only. A reader always reads
//! from its own cursor, so a lost wake-up delays it and loses nothing. Parts of HYVVE that are to deal with every event are
//! consumers of the bus (`bus/`).

#[cfg(feature = "ssr")]
pub mod bus;
pub mod dead_letters;
#[cfg(feature = "ssr")]
mod hub;
#[cfg(feature = "ssr")]
mod relay;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

#[cfg(feature = "ssr")]
pub use hub::{Hub, RunFollower, RunSignal};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Timestamp, ids::UserId};

/// An event, before it has a number.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Dotted, lower case: `approval.requested`.
    pub name: &'static str,
    /// `approval`, `run`, `record`, …
    pub subject_kind: &'static str,
    /// Which one.
    pub subject_id: Option<Uuid>,
    /// Facts; no secrets, no personal data.
    pub payload: Value,
    /// Only this person, owners and admins may see it; `None`: every member.
    pub audience: Option<UserId>,
}

impl Draft {
    /// An event about a subject, for every member of the workspace.
    pub fn new(
        name: &'static str,
        subject_kind: &'static str,
        subject_id: impl Into<Option<Uuid>>,
        payload: Value,
    ) -> Self {
        Self { name, subject_kind, subject_id: subject_id.into(), payload, audience: None }
    }

    /// The event, for one person, owners and admins only.
    #[must_use]
    pub fn only_for(mut self, user: UserId) -> Self {
        self.audience = Some(user);
        self
    }
}

/// One event of a workspace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its number in the workspace, from 1: a reader's cursor.
    pub seq: i64,
    /// Globally unique; consumers are idempotent on it.
    pub id: Uuid,
    /// Dotted, lower case.
    #[serde(rename = "type")]
    pub name: String,
    /// What it is about.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: Option<Uuid>,
    /// Facts.
    pub payload: Value,
    /// When the transaction wrote it.
    pub created_at: Timestamp,
}
