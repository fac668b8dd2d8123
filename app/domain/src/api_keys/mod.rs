//! API keys: how programs work in a workspace.
//!
//! A key belongs to one workspace and works for the person who made it: what it may do is what the person's role allows at
//! that moment *and* one of its scopes covers. It is shown once, when it is made; the database holds the SHA-256 of its 256
//! random bits. It ends by itself on a day, when it is revoked, and with the membership of its person.

#[cfg(feature = "ssr")]
mod secret;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub use self::secret::Secret;
use crate::{
    Timestamp,
    ids::{ApiKeyId, UserId, WorkspaceId},
};

/// The most days that a key can work.
pub const MAX_DAYS: u32 = 366;
/// The days that a key works when nobody says how many.
pub const DEFAULT_DAYS: u32 = 90;
/// How many keys of one person in one workspace can be in use.
pub const MAX_KEYS: usize = 50;

/// What a key is for. Each route asks for exactly one of them; none contains another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "KeyScope"))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To see what its person sees, streams included.
    Read,
    /// To start runs of agents, answer them and stop them.
    Propose,
    /// To approve and reject.
    Decide,
    /// To change the workspace: its members, invitations, AI providers and name.
    Admin,
}

impl Scope {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Read, Self::Propose, Self::Decide, Self::Admin];

    /// Its name on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Propose => "propose",
            Self::Decide => "decide",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or(UnknownScope)
    }
}

/// The text names none of the four scopes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not a scope: read, propose, decide or admin")]
pub struct UnknownScope;

/// A key, without its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id: a handle for revoking, not a credential.
    pub id: ApiKeyId,
    /// What its person calls it.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// Whose it is.
    pub user_id: UserId,
    /// The person's name.
    pub user_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From where.
    pub last_used_ip: Option<String>,
}

/// What making a key asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewApiKey {
    /// What its person calls it.
    pub name: String,
    /// What it is for; at least one.
    pub scopes: Vec<Scope>,
    /// How many days it works, up to [`MAX_DAYS`].
    pub expires_in_days: Option<u32>,
}

/// What a key is found by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum By {
    /// The hash of its secret.
    Hash([u8; 32]),
    /// Its id, in its workspace.
    Id(WorkspaceId, ApiKeyId),
}

/// A key that a request carries and that is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Presented {
    /// Which one.
    pub id: ApiKeyId,
    /// The only workspace that it works in.
    pub workspace: WorkspaceId,
    /// For whom it works.
    pub user: UserId,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// Its person has a second factor: what a workspace may ask for that the key is to enter.
    pub has_second_factor: bool,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When its use was last written down.
    pub last_used_at: Option<Timestamp>,
}
