//! AI providers: one neutral request and one neutral stream, whatever the wire format.
//!
//! An `Adapter` translates and never sends: it builds a request and reads a reply. One `sender` does the networking for
//! all of them, so time-outs, retries, key handling and errors are the same everywhere. The **Sandbox** is the exception
//! that needs no network: a script, deterministic, no AI, and it says so wherever it shows. Whatever answers, the runtime
//! reads one `ModelStream`.

#[cfg(feature = "ssr")]
mod adapter;
#[cfg(feature = "ssr")]
mod answer;
#[cfg(feature = "ssr")]
pub mod anthropic;
#[cfg(feature = "ssr")]
mod call_ids;
#[cfg(feature = "ssr")]
mod catalogue;
mod chat;
#[cfg(feature = "ssr")]
mod choice;
#[cfg(feature = "ssr")]
pub mod completions;
#[cfg(feature = "ssr")]
mod endpoint;
#[cfg(feature = "ssr")]
mod excerpt;
mod failure;
#[cfg(feature = "ssr")]
pub mod fallbacks;
#[cfg(feature = "ssr")]
mod fallbacks_store;
#[cfg(feature = "ssr")]
mod fault;
#[cfg(feature = "ssr")]
pub mod gemini;
mod input;
#[cfg(feature = "ssr")]
pub(crate) mod keys;
#[cfg(feature = "ssr")]
mod keys_store;
mod kind;
mod layout;
mod listed;
#[cfg(feature = "ssr")]
pub mod models;
#[cfg(feature = "ssr")]
mod models_store;
#[cfg(feature = "ssr")]
mod object;
#[cfg(feature = "ssr")]
pub mod responses;
#[cfg(feature = "ssr")]
pub mod route;
#[cfg(feature = "ssr")]
mod rules;
#[cfg(feature = "ssr")]
pub mod sandbox;
#[cfg(feature = "ssr")]
pub mod sender;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod sse;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
mod streamed;
#[cfg(feature = "ssr")]
pub mod telemetry;
#[cfg(feature = "ssr")]
mod trial;
#[cfg(feature = "ssr")]
mod turnstile;

#[cfg(feature = "ssr")]
pub use adapter::{Adapter, Decoder, HttpRequest};
#[cfg(feature = "ssr")]
pub use answer::ModelStream;
pub use chat::{
    ChatRequest, Content, Finish, Image, ImageType, Message, ModelEvent, OutputForm, Part, Seal, ToolCall, ToolSpec,
    Usage,
};
#[cfg(feature = "ssr")]
pub(crate) use choice::is_same_model;
#[cfg(feature = "ssr")]
pub(crate) use completions::made_up;
#[cfg(feature = "ssr")]
pub use endpoint::{BaseUrl, Endpoint};
pub use failure::{Failure, FailureKind, Fault};
pub use input::{ApiKey, FallbackChoice, NewProvider, ProviderChanges, TestResult};
pub use kind::{KeysPage, Kind, UnknownKind};
pub use layout::Layout;
pub use listed::{Listed, Models, Prices};
#[cfg(feature = "ssr")]
pub(crate) use turnstile::Pass;
#[cfg(feature = "ssr")]
pub use turnstile::Turnstiles;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::ProviderId};

/// The sandbox's only model; no other provider's runs name it.
pub const SANDBOX_MODEL: &str = "sandbox-script";

/// A provider as people see it: never the key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// Its wire format.
    pub provider: Kind,
    /// What the workspace calls it.
    pub name: String,
    /// Where requests go; none for the sandbox.
    pub base_url: Option<String>,
    /// The key's last four characters, if there is a key; empty where it is too short to show any of it.
    pub key_hint: Option<String>,
    /// The model that agents use unless they name one.
    pub default_model: String,
    /// Agents without a provider of their own use this one.
    pub is_default: bool,
    /// When the key was last tried.
    pub checked_at: Option<Timestamp>,
    /// What the provider said then, if it refused.
    pub check_error: Option<String>,
    /// Since when it has refused every time; none where it worked the last time.
    pub failing_since: Option<Timestamp>,
    /// Calls that go on at once, on each server; unset: as many as come.
    pub max_at_once: Option<i32>,
    /// Calls that begin in a minute, on each server; unset: as many as come.
    pub max_per_minute: Option<i32>,
    /// When it was entered.
    pub created_at: Timestamp,
}

#[cfg(test)]
impl Provider {
    /// One for tests, at its maker's own address.
    pub(crate) fn example(provider: Kind) -> Self {
        Self {
            id: ProviderId(uuid::Uuid::nil()),
            provider,
            name: "P".into(),
            base_url: provider.base_url().map(str::to_owned),
            key_hint: None,
            default_model: "m".into(),
            is_default: false,
            checked_at: None,
            check_error: None,
            failing_since: None,
            max_at_once: None,
            max_per_minute: None,
            created_at: Timestamp(time::OffsetDateTime::UNIX_EPOCH),
        }
    }
}
