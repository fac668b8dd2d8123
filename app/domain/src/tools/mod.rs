//! What agents can do. Each tool declares the JSON Schema of its arguments, whether it can be taken back, and how it
//! repeats. Reading runs freely; everything else passes the door (see [`crate::approvals`]).

#[cfg(feature = "ssr")]
pub mod arguments;
#[cfg(feature = "ssr")]
mod ask_human;
#[cfg(feature = "ssr")]
pub(crate) mod change_policy;
#[cfg(feature = "ssr")]
mod create_record;
#[cfg(feature = "ssr")]
mod delete_record;
#[cfg(feature = "ssr")]
pub(crate) mod external;
#[cfg(feature = "ssr")]
pub(crate) mod foreign_schema;
#[cfg(feature = "ssr")]
mod http_reply;
#[cfg(feature = "ssr")]
mod http_request;
#[cfg(feature = "ssr")]
pub mod registry;
#[cfg(feature = "ssr")]
mod search_records;
#[cfg(feature = "ssr")]
mod send_email;
#[cfg(feature = "ssr")]
pub(crate) mod sent;
#[cfg(feature = "ssr")]
mod update_record;

use serde::{Deserialize, Serialize};

/// Whether what a tool did can be taken back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reversibility {
    /// A later action can restore what was.
    Reversible,
    /// Once done, it is done: never approved automatically.
    Irreversible,
}

impl Reversibility {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reversible => "reversible",
            Self::Irreversible => "irreversible",
        }
    }
}

/// What may happen when a tool's effect is tried again after a crash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// The effect commits in the same transaction as the ledger: exactly once by construction.
    Transactional,
    /// The other side recognises a repetition.
    IdempotentKey,
    /// It is tried once; if nobody knows how that ended, the effect is `unknown` and a person is asked.
    AtMostOnce,
}

impl Repeat {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transactional => "transactional",
            Self::IdempotentKey => "idempotent_key",
            Self::AtMostOnce => "at_most_once",
        }
    }
}

/// What kind of thing a tool does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nature {
    /// Only reads; runs at once, with what the run's requester may read.
    Read,
    /// Asks a person and waits for the answer.
    Ask,
    /// Changes something: passes the door.
    Act {
        /// Whether it can be taken back, whatever its arguments say; see `Tool::reversibility`.
        reversibility: Reversibility,
    },
}
