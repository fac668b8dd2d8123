//! The one taxonomy of what goes wrong with providers: what happened, in their words too, and what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a provider gave no answer, or broke off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The key is wrong, expired or not allowed.
    InvalidKey,
    /// The account has nothing left to pay with.
    NoCredit,
    /// Too many requests or tokens in a while.
    RateLimited,
    /// The provider has too much to do, or a fault of its own.
    Overloaded,
    /// The conversation is longer than the model can read.
    ContextTooLong,
    /// The provider does not take the request: its form, or what is asked for.
    Refused,
    /// The model is unknown there.
    ModelNotFound,
    /// The host cannot be reached, TLS failed, or there is no such service at the address.
    Unreachable,
    /// The host is private or speaks plain http, and whoever runs the server has not allowed it.
    NotAllowed,
    /// Nothing came for too long.
    Stalled,
    /// The answer ended in the middle, or was not what it should be.
    BadReply,
}

impl FailureKind {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidKey => "invalid_key",
            Self::NoCredit => "no_credit",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::ContextTooLong => "context_too_long",
            Self::Refused => "refused",
            Self::ModelNotFound => "model_not_found",
            Self::Unreachable => "unreachable",
            Self::NotAllowed => "not_allowed",
            Self::Stalled => "stalled",
            Self::BadReply => "bad_reply",
        }
    }

    /// Whether the same request may well succeed a moment later.
    pub const fn passes(self) -> bool {
        matches!(self, Self::RateLimited | Self::Overloaded)
    }
}

/// What an adapter makes of a reply that is not the one asked for. What the provider said is as it came: nobody may see it
/// before it has become part of a [`Failure`].
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind.
    pub kind: FailureKind,
    /// The provider's own message.
    pub said: Option<String>,
    /// Seconds that the provider asks to wait.
    pub retry_after: Option<u64>,
}

impl From<FailureKind> for Fault {
    fn from(kind: FailureKind) -> Self {
        Self { kind, said: None, retry_after: None }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({:?})", self.kind)
    }
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
    /// What the provider said, in one short line without its key. For the workspace's own people: it is not part of what
    /// other programs are told.
    pub said: Option<String>,
}

impl Failure {
    /// Whether whoever did not answer so cannot have begun to: it refused, by its status or in so many words, or has never had the
    /// request.
    pub const fn is_before_any_work(&self) -> bool {
        // Without a status it was sent and is not known to have been refused.
        let unsure = matches!(self.kind, FailureKind::Stalled | FailureKind::BadReply | FailureKind::Overloaded);
        self.status.is_some() || !unsure
    }

    /// What to do about it.
    pub const fn remedy(&self) -> &'static str {
        match self.kind {
            FailureKind::InvalidKey => "Check the key in Settings → AI providers.",
            FailureKind::NoCredit => "Add credit to the account at the provider, then retry.",
            FailureKind::RateLimited => "Wait a moment, then retry.",
            FailureKind::ContextTooLong => {
                "Start a new conversation, or choose a model that reads more in Settings → AI providers."
            }
            FailureKind::ModelNotFound => "Choose another model in Settings → AI providers.",
            FailureKind::Refused => {
                "Put it in other words, or choose a model that supports tools, streaming and, where they are asked for, images \
                 and structured output in Settings → AI providers."
            }
            FailureKind::Unreachable => {
                "Check the base URL in Settings → AI providers and that this server can reach it."
            }
            FailureKind::NotAllowed => {
                "Use a public https:// address, or ask whoever runs this server to add the host to allowed_hosts."
            }
            FailureKind::Overloaded | FailureKind::Stalled | FailureKind::BadReply => {
                "Retry; if it goes on, look at the provider's status page."
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FailureKind::InvalidKey => "refused the key",
            FailureKind::NoCredit => "says that the account has no credit",
            FailureKind::RateLimited => "is limiting requests",
            FailureKind::Overloaded => "is overloaded or has a fault of its own",
            FailureKind::ContextTooLong => "finds the conversation too long for the model",
            FailureKind::Refused => "did not accept the request",
            FailureKind::ModelNotFound => "does not know the model",
            FailureKind::Unreachable => "cannot be reached",
            FailureKind::NotAllowed => "is at a private address or without https, which this server does not allow",
            FailureKind::Stalled => "sent nothing for too long",
            FailureKind::BadReply => "broke off its answer, or sent something else",
        };
        write!(f, "{} {what}", self.provider)?;
        if let Some(status) = self.status {
            write!(f, " ({status})")?;
        }
        f.write_str(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        use FailureKind::{
            BadReply, ContextTooLong, InvalidKey, ModelNotFound, NoCredit, NotAllowed, Overloaded, RateLimited,
            Refused, Stalled, Unreachable,
        };
        for kind in [
            InvalidKey,
            NoCredit,
            RateLimited,
            Overloaded,
            ContextTooLong,
            Refused,
            ModelNotFound,
            Unreachable,
            NotAllowed,
            Stalled,
            BadReply,
        ] {
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.as_str().into()));
        }
    }
}
