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
mod chat;
#[cfg(feature = "ssr")]
pub mod completions;
#[cfg(feature = "ssr")]
mod endpoint;
#[cfg(feature = "ssr")]
mod excerpt;
mod failure;
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
#[cfg(feature = "ssr")]
mod object;
#[cfg(feature = "ssr")]
pub mod responses;
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
pub use adapter::{Adapter, Decoder, HttpRequest};
#[cfg(feature = "ssr")]
pub use answer::ModelStream;
pub use chat::{
    ChatRequest, Content, Finish, Image, ImageType, Message, ModelEvent, OutputForm, Part, Seal, ToolCall, ToolSpec,
    Usage,
};
#[cfg(feature = "ssr")]
pub use endpoint::{BaseUrl, Endpoint};
pub use failure::{Failure, FailureKind, Fault};
pub use input::{ApiKey, NewProvider, ProviderChanges, TestResult};
pub use kind::{KeysPage, Kind, UnknownKind};
pub use layout::Layout;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::ProviderId};

/// The sandbox's only model; no other provider's runs name it.
pub const SANDBOX_MODEL: &str = "sandbox-script";

/// A provider as people see it: never the key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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
    /// When it was entered.
    pub created_at: Timestamp,
}
