//! What HYVVE means.
//!
//! Types and rules compile for the server and for the browser. Everything that touches the database or the network stands
//! behind the feature `ssr`. Each capability is a module of its own that tells its story at the top: `mod.rs` holds the
//! types, files beside it the rules, `store.rs` the SQL and nothing else, `service.rs` the use cases that every surface
//! shares (pages, REST, agent runtime, workers). Authorization lives in the services.

#![cfg_attr(
    feature = "ssr",
    expect(
        deprecated,
        reason = "the query macros of sqlx 0.9.0 warn of two crates for time, although sqlx.toml chooses one"
    )
)]

pub mod actor;
pub mod error;
pub mod hidden;
pub mod ids;
pub mod number;
pub mod page;
mod said;
pub mod time;

pub mod agents;
pub mod api_keys;
pub mod approvals;
pub mod audit;
pub mod auth;
pub mod events;
pub mod mail;
pub mod notifications;
pub mod providers;
pub mod records;
pub mod tools;
pub mod usage;
pub mod webhooks;
pub mod workspaces;

#[cfg(feature = "ssr")]
pub mod address;
#[cfg(feature = "ssr")]
pub mod canonical;
#[cfg(feature = "ssr")]
pub mod crash;
#[cfg(feature = "ssr")]
pub mod db;
#[cfg(feature = "ssr")]
mod heads;
#[cfg(feature = "ssr")]
pub mod idempotency;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod keys;
#[cfg(feature = "ssr")]
pub mod lately;
#[cfg(feature = "ssr")]
pub mod limits;
#[cfg(feature = "ssr")]
pub mod outward;
#[cfg(feature = "ssr")]
pub mod pictures;
#[cfg(feature = "ssr")]
pub mod seal;
#[cfg(feature = "ssr")]
pub mod services;

pub use actor::{Actor, Role, Who};
pub use error::{Code, Error, Result};
pub use page::{Page, PageRequest};
pub use time::Timestamp;
