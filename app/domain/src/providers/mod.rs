//! AI providers: one neutral request and one neutral stream, whatever the wire format.
//!
//! An `Adapter` translates and never sends: it builds a request and reads a reply. One `sender` does the networking for
//! all of them, so time-outs, key handling and errors are the same everywhere. The **Sandbox** is the exception that needs
//! no network: a script, deterministic, no AI, and it says so wherever it shows. Whatever answers, the runtime reads one
//! `ModelStream`.

#[cfg(feature = "ssr")]
mod adapter;
#[cfg(feature = "ssr")]
mod answer;
#[cfg(feature = "ssr")]
mod endpoint;
mod input;
#[cfg(feature = "ssr")]
pub mod openai;
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
pub use adapter::{Adapter, Decoder, HttpRequest};
#[cfg(feature = "ssr")]
pub use answer::ModelStream;
#[cfg(feature = "ssr")]
pub use endpoint::{BaseUrl, Endpoint};
pub use input::{ApiKey, NewProvider, ProviderChanges, TestResult};

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Timestamp, ids::ProviderId};

/// The sandbox's only model; no other provider's runs name it.
pub const SANDBOX_MODEL: &str = "sandbox-script";

/// Which wire format a provider speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Built in: a script, no AI, no network.
    Sandbox,
    /// Chat completions as OpenAI defines them: OpenAI, DeepSeek, OpenRouter, Ollama, vLLM, LM Studio, LiteLLM, …
    OpenaiCompatible,
}

impl Kind {
    /// The name on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::OpenaiCompatible => "openai_compatible",
        }
    }

    /// For people. The sandbox never passes for AI.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sandbox => "Sandbox (scripted, no AI)",
            Self::OpenaiCompatible => "OpenAI-compatible",
        }
    }
}

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

/// What a model is asked, in no provider's words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The model's id at the provider.
    pub model: String,
    /// Standing instructions.
    pub system: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// What the model may call.
    pub tools: Vec<ToolSpec>,
    /// At most this many output tokens, if set.
    pub max_output_tokens: Option<u32>,
}

/// One message of a conversation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// A person's words.
    User {
        /// The text.
        text: String,
    },
    /// A model's answer: text, and calls of tools.
    Assistant {
        /// The text; may be empty when it only calls tools.
        text: String,
        /// The calls, in order.
        tool_calls: Vec<ToolCall>,
    },
    /// What a tool answered.
    Tool {
        /// The call that it answers.
        tool_call_id: String,
        /// The tool's name.
        name: String,
        /// The answer as text (usually JSON).
        content: String,
        /// The call failed, was refused or was rejected.
        is_error: bool,
    },
}

/// A call that a model made. The arguments are its own text, not yet trusted to be JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id of the call; made up by the adapter when a provider sends none.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// JSON text as the model wrote it.
    pub arguments: String,
}

/// A tool as a model is told of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ToolSpec {
    /// `snake_case`, unique.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// One thing that a model streamed.
#[derive(Clone, PartialEq, Debug)]
pub enum ModelEvent {
    /// The model that really answers, as the provider names it.
    Model(String),
    /// More of the answer.
    Text(String),
    /// More of the model's reasoning.
    Reasoning(String),
    /// A call begins. `index` orders parallel calls.
    ToolCallStart {
        /// The call's place among the answer's calls, from 0.
        index: usize,
        /// The provider's id of it.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of a call's arguments.
    ToolCallArguments {
        /// Which call.
        index: usize,
        /// JSON text.
        delta: String,
    },
    /// What the answer cost; the last one counts.
    Usage(Usage),
    /// The answer is complete.
    Finish(Finish),
}

/// Tokens of one answer. `input` includes cached ones, `output` includes reasoning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
    /// Of `output`: spent on reasoning.
    pub reasoning: u64,
    /// Of `input`: read from the provider's cache.
    pub cached: u64,
    /// What the provider says it charged, in micro-dollars, where it does (OpenRouter).
    pub cost_micros: Option<u64>,
}

/// Why an answer ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was complete.
    Stop,
    /// The model wants tools called.
    ToolCalls,
    /// The output limit cut it off.
    Length,
    /// The provider's filter cut it off.
    ContentFilter,
}

/// Why a provider gave no answer, or broke off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// 401 or 403: the key is wrong, expired or not allowed.
    KeyRefused,
    /// 402: the account has no balance.
    NoBalance,
    /// 429.
    RateLimited,
    /// 404, or a message that says so: the model is unknown there.
    UnknownModel,
    /// 400 or 422: the provider does not take the request.
    BadRequest,
    /// The host cannot be reached, or TLS failed.
    Unreachable,
    /// Nothing came for 60 s.
    Stalled,
    /// The stream ended in the middle, or was not what it should be.
    Broken,
    /// 5xx, overloaded, or an error sent in mid-stream.
    Failed,
}

/// A failure of a provider, in words that may be shown: which provider, what happened, what to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// The provider's name in this workspace.
    pub provider: String,
    /// HTTP status, if there was one.
    pub status: Option<u16>,
    /// Seconds that the provider asks to wait.
    pub retry_after: Option<u64>,
}

impl Failure {
    /// What to do about it.
    pub const fn remedy(&self) -> &'static str {
        match self.kind {
            FailureKind::KeyRefused => "Check the key in Settings → AI providers.",
            FailureKind::NoBalance => "Add credit to the account at the provider, then retry.",
            FailureKind::RateLimited => "Wait a moment, then retry.",
            FailureKind::UnknownModel => "Choose another model in Settings → AI providers.",
            FailureKind::BadRequest => "Check that the model supports tools and streaming, or choose another one.",
            FailureKind::Unreachable => {
                "Check the base URL in Settings → AI providers and that this server can reach it."
            }
            FailureKind::Stalled | FailureKind::Broken | FailureKind::Failed => {
                "Retry; if it goes on, look at the provider's status page."
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FailureKind::KeyRefused => "refused the key",
            FailureKind::NoBalance => "says that the account has no balance",
            FailureKind::RateLimited => "is limiting requests",
            FailureKind::UnknownModel => "does not know the model",
            FailureKind::BadRequest => "did not accept the request",
            FailureKind::Unreachable => "cannot be reached",
            FailureKind::Stalled => "sent nothing for 60 seconds",
            FailureKind::Broken => "broke off its answer",
            FailureKind::Failed => "failed",
        };
        write!(f, "{} {what}", self.provider)?;
        if let Some(status) = self.status {
            write!(f, " ({status})")?;
        }
        f.write_str(".")
    }
}
