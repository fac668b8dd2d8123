//! Events with which a consumer could not deal: they rest here until somebody has them tried again, or says that nobody need deal
//! with them.

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use super::Event;
use crate::{Timestamp, ids::DeadLetterId};

/// For how many days one is kept.
pub const KEPT_DAYS: i32 = 90;

/// An event that one consumer could not deal with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its id.
    pub id: DeadLetterId,
    /// Who could not deal with it.
    pub consumer: String,
    /// The event as it was.
    pub event: Event,
    /// What went wrong last.
    pub error: String,
    /// How often it was tried, since it was last put back.
    pub tries: i32,
    /// When it was tried enough.
    pub died_at: Timestamp,
    /// When it is tried again; `None`: it rests.
    pub next_try_at: Option<Timestamp>,
}
