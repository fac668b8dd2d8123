//! Jobs: what is to be done at some time, and has to be done although servers stop.
//!
//! The library graphile_worker keeps them in PostgreSQL, in a schema of its own (`jobs`), and gives each to one node. A row that
//! has something due has exactly one job, which the row's own triggers put in place (`job_at` in `migrations/0039_jobs.sql`): in the
//! transaction that writes the row, so that neither is there without the other, and the serving role needs no right on jobs. A job
//! holds ids and nothing else. Whoever works on it (`tasks.rs`) reads the row, looks whether it is due, does it, and writes down
//! what came of it; if it is to be tried again, the row says when. The library tries again only what could not be done at all,
//! because the database was away, for example. What recurs (`recurring.rs`) is added at its minute by one of the nodes. What a node had in hand when it died goes on elsewhere once it has been silent for as
//! long as a lease lasts (`work.rs`).

mod operators;
mod recurring;
pub mod service;
mod store;
mod tasks;
mod work;

use serde::Serialize;

pub use self::{
    operators::Operators,
    work::{Stop, work},
};
use crate::Timestamp;

/// How jobs go, for those who run the installation.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "JobOverview"))]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// By kind.
    pub kinds: Vec<Counts>,
    /// What failed, the latest first; of many, some.
    pub failed: Vec<Failed>,
    /// What recurs.
    pub recurring: Vec<Recurs>,
    /// Who works on jobs.
    pub workers: Vec<Worker>,
}

/// How many jobs of a kind are in which state.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "JobCounts"))]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// The kind.
    pub kind: String,
    /// Not due yet.
    pub waiting: i64,
    /// Due, and in nobody's hands.
    pub due: i64,
    /// Worked on.
    pub running: i64,
    /// Failed, and tried again later, or not.
    pub failed: i64,
    /// Since when the oldest that is due has been.
    pub oldest_due_at: Option<Timestamp>,
}

/// A job that could not be done when it was tried last.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "FailedJob"))]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// Its number.
    pub id: i64,
    /// Its kind.
    pub kind: String,
    /// In which workspace, if it is about something there.
    pub workspace_id: Option<String>,
    /// What it is about, if that is one thing.
    pub about_id: Option<String>,
    /// How often it was tried.
    pub tries: i16,
    /// Why it failed last.
    pub error: String,
    /// When it did.
    pub failed_at: Timestamp,
    /// When it is tried again; `None`: it is not.
    pub next_try_at: Option<Timestamp>,
}

/// Something that recurs.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "RecurringJob"))]
#[serde(rename_all = "camelCase")]
pub struct Recurs {
    /// Its kind of job.
    pub kind: String,
    /// When it was added last.
    pub last_at: Option<Timestamp>,
}

/// Who works on jobs: a few for each server.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "JobWorker"))]
#[serde(rename_all = "camelCase")]
pub struct Worker {
    /// What it calls itself.
    pub id: String,
    /// The number of its process on its machine.
    pub process: Option<String>,
    /// Since when.
    pub started_at: Timestamp,
    /// When it was heard of last.
    pub seen_at: Timestamp,
    /// It has not been silent for so long that others take its jobs over.
    pub alive: bool,
}
