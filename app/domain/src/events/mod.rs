//! What happened, for programs: the outbox, and how browsers, workers and other nodes learn of it.
//!
//! Truth is the `events` table. An event is written in the transaction of the change ([`crate::db::TenantTx::emit`]); after
//! the commit the hub wakes readers on this node, and the relay tells other nodes with ids only. A reader always reads
//! from its own cursor, so a lost wake-up delays it and loses nothing. Parts of HYVVE that are to deal with every event are
//! consumers of the bus (`bus/`).
//!
//! What can happen is in the [`catalogue`], with what each event says ([`payload`]); the documentation is made of it. For 30 days
//! anything that happened can be had again, with the ids of then: a program reads from any moment on ([`pull`]), a webhook is
//! told once more.

#[cfg(feature = "ssr")]
pub mod bus;
#[cfg(feature = "ssr")]
pub mod catalogue;
pub mod dead_letters;
#[cfg(feature = "ssr")]
pub mod filter;
#[cfg(feature = "ssr")]
mod hub;
#[cfg(feature = "ssr")]
pub mod payload;
#[cfg(feature = "ssr")]
pub mod pull;
#[cfg(feature = "ssr")]
mod relay;
#[cfg(feature = "ssr")]
pub mod schemas;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

#[cfg(feature = "ssr")]
pub use catalogue::DomainEvent;
#[cfg(feature = "ssr")]
pub use hub::{Hub, RunFollower, RunSignal};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::Timestamp;
#[cfg(feature = "ssr")]
use crate::ids::UserId;

/// An event, before it has a number.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Draft {
    /// What has happened, of the catalogue.
    pub(crate) event: DomainEvent,
    /// What it happened to, if that is one thing.
    pub(crate) subject: Option<Uuid>,
    /// Only this person, owners and admins may see it; `None`: everybody whom the catalogue names.
    pub(crate) audience: Option<UserId>,
}

#[cfg(feature = "ssr")]
impl Draft {
    /// An event about a subject.
    pub fn new(event: DomainEvent, subject: impl Into<Uuid>) -> Self {
        Self::about(event, Some(subject.into()))
    }

    /// An event about a subject, or about no single one.
    pub(crate) fn about(event: DomainEvent, subject: Option<Uuid>) -> Self {
        Self { event, subject, audience: None }
    }

    /// The event, for one person, owners and admins only.
    #[must_use]
    pub(crate) fn only_for(mut self, user: UserId) -> Self {
        self.audience = Some(user);
        self
    }
}

/// One event of a workspace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its number in the workspace, from 1: a reader's cursor.
    pub seq: i64,
    /// Globally unique; consumers are idempotent on it.
    pub id: Uuid,
    /// Dotted, lower case.
    #[serde(rename = "type")]
    pub name: String,
    /// How its payload reads, from 1; see the catalogue.
    #[serde(default = "first_version")]
    pub version: i16,
    /// What it is about.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: Option<Uuid>,
    /// Facts, as the catalogue has them for its type and version.
    #[cfg_attr(feature = "ssr", schemars(with = "serde_json::Map<String, Value>"))]
    pub payload: Value,
    /// When the transaction wrote it.
    pub created_at: Timestamp,
}

/// What is read where none is said: dead letters of before there were versions.
const fn first_version() -> i16 {
    1
}
