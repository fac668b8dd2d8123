//! Accounts and sessions: who somebody is. What they may do in a workspace is the actor's role.
//!
//! A browser holds one opaque cookie; the database holds its SHA-256. Passwords are Argon2id, hashed on blocking threads, a
//! bounded number at once. An unknown address costs as much time as a wrong password.
//!
//! `service.rs` is the way in and out. What people change about their accounts is in `account.rs`; what only a mail can prove,
//! in `recovery.rs`, with links that work once (`proofs.rs`); where they are signed in, in `session_list.rs`; signing in by
//! somebody else's word, in `openid/`. How often somebody may try is in `attempts.rs`, with the cookie that keeps owners from
//! being locked out (`device_token.rs`); how often strangers' sessions and keys are looked up, in `familiar.rs`. Programs that act
//! for them for some minutes carry `access_tokens/`. `factors/` is what is asked for besides a password, or instead of one.

#[cfg(feature = "ssr")]
pub mod access_tokens;
#[cfg(feature = "ssr")]
pub mod account;
#[cfg(feature = "ssr")]
mod account_store;
#[cfg(feature = "ssr")]
pub(crate) mod attempts;
#[cfg(feature = "ssr")]
mod cookies;
#[cfg(feature = "ssr")]
pub mod device_token;
#[cfg(feature = "ssr")]
mod devices;
#[cfg(feature = "ssr")]
pub mod factors;
#[cfg(feature = "ssr")]
pub mod familiar;
#[cfg(feature = "ssr")]
pub mod forgotten;
#[cfg(feature = "ssr")]
mod forgotten_store;
#[cfg(feature = "ssr")]
mod letters;
#[cfg(feature = "ssr")]
pub mod magic_link;
#[cfg(feature = "ssr")]
pub mod openid;
#[cfg(feature = "ssr")]
pub mod password;
#[cfg(feature = "ssr")]
mod proofs;
#[cfg(feature = "ssr")]
mod proofs_store;
#[cfg(feature = "ssr")]
pub mod recovery;
pub mod rules;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod session_list;
#[cfg(feature = "ssr")]
pub mod sessions;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
mod strength;
#[cfg(feature = "ssr")]
mod trail;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{SessionId, UserId, WorkspaceId},
};

/// A person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The person's id.
    pub id: UserId,
    /// Lower case.
    pub email: String,
    /// Whether the address was proved.
    pub email_verified: bool,
    /// As the person writes it.
    pub name: String,
    /// The address of the person's picture on this site.
    pub image: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A signed-in browser, without its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id: a handle for revoking, not a credential.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The workspace used last; serves clients that name none.
    pub active_organization_id: Option<WorkspaceId>,
    /// When it ends unless used.
    pub expires_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub updated_at: Timestamp,
    /// The network address that it began at.
    pub ip_address: Option<String>,
    /// The browser's own description.
    pub user_agent: Option<String>,
    /// When it has shown a second factor; `None` if it has not.
    pub second_factor_at: Option<Timestamp>,
}

/// A person with the session that proves it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// The person.
    pub user: User,
    /// The session.
    pub session: Session,
}

/// A password on its way in. It is never shown, logged or sent back.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What sign-up asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignUp {
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// The password.
    pub password: Password,
}

/// What sign-in asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// The person's address.
    pub email: String,
    /// The password.
    pub password: Password,
}

/// Where a request comes from, for limits, the session list and the audit log.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The network address.
    pub ip: Option<String>,
    /// The browser's own description.
    pub user_agent: Option<String>,
    /// By what the browser says that an account was used in it before.
    #[cfg(feature = "ssr")]
    pub device: Option<device_token::DeviceToken>,
    /// The provider on whose word somebody signs in; nothing elsewhere.
    pub by: Option<String>,
}
