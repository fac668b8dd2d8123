//! The one error that crosses to a user: a stable code, a sentence, and details. Causes are logged, never shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a use case returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as a stable code for programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "ErrorCode"))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// A field is missing, malformed or out of range.
    ValidationError,
    /// Nobody is signed in, or the session has ended.
    Unauthorized,
    /// The password is right, but the address has to be proved first.
    EmailNotVerified,
    /// A link from a letter is unknown, was used, or is too old.
    InvalidToken,
    /// Signed in, but this is not for this role.
    Forbidden,
    /// Not there, or not yours: deliberately the same answer.
    NotFound,
    /// The state changed meanwhile, or something of that name exists.
    Conflict,
    /// The approval item was decided before; details say by whom and when.
    AlreadyDecided,
    /// What the approval item wants to change has changed since; it was ended as superseded.
    Superseded,
    /// The body is larger than the limit.
    PayloadTooLarge,
    /// The key of a request was sent with another one before.
    IdempotencyKeyReused,
    /// Understood, but a business rule forbids it.
    Unprocessable,
    /// Too many requests.
    RateLimited,
    /// The AI provider refused or failed; details name it and the remedy.
    ProviderFailed,
    /// The database is away; the same request works later.
    Unavailable,
    /// A fault of ours.
    InternalError,
}

impl Code {
    /// The HTTP status that belongs to the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::ValidationError | Self::InvalidToken => 400,
            Self::Unauthorized => 401,
            Self::Forbidden | Self::EmailNotVerified => 403,
            Self::NotFound => 404,
            Self::Conflict | Self::AlreadyDecided | Self::Superseded => 409,
            Self::PayloadTooLarge => 413,
            Self::Unprocessable | Self::IdempotencyKeyReused => 422,
            Self::RateLimited => 429,
            Self::ProviderFailed => 502,
            Self::Unavailable => 503,
            Self::InternalError => 500,
        }
    }

    /// The code as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ValidationError => "VALIDATION_ERROR",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::EmailNotVerified => "EMAIL_NOT_VERIFIED",
            Self::InvalidToken => "INVALID_TOKEN",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::AlreadyDecided => "ALREADY_DECIDED",
            Self::Superseded => "SUPERSEDED",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::Unprocessable => "UNPROCESSABLE",
            Self::RateLimited => "RATE_LIMITED",
            Self::ProviderFailed => "PROVIDER_FAILED",
            Self::Unavailable => "UNAVAILABLE",
            Self::InternalError => "INTERNAL_ERROR",
        }
    }
}

/// An error that may be shown to whoever asked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[error("{message}")]
pub struct Error {
    /// Stable, for programs.
    pub code: Code,
    /// What happened and what to do, for people.
    pub message: String,
    /// More, by code: `{field, constraint}` for a validation error, `{decidedBy, decidedAt}` for a second decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

impl Error {
    /// An error without details.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None }
    }

    /// The same error with details.
    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// A field that does not pass: `constraint` is a stable word, `message` a sentence.
    pub fn invalid(field: &str, constraint: &str, message: impl Into<String>) -> Self {
        Self::new(Code::ValidationError, message).with(serde_json::json!({ "field": field, "constraint": constraint }))
    }

    /// Unknown, or another tenant's: the same answer.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("This {what} does not exist, or is not yours to see."))
    }

    /// Not for this role.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// Nobody is signed in.
    pub fn unauthorized() -> Self {
        Self::new(Code::Unauthorized, "Please sign in.")
    }

    /// The field that a validation error is about.
    pub fn field(&self) -> Option<&str> {
        self.details.as_ref()?.get("field")?.as_str()
    }

    /// A fault of ours: the cause goes to the log, a sentence to the user.
    #[cfg(feature = "ssr")]
    #[track_caller]
    pub fn internal(cause: impl fmt::Display) -> Self {
        let at = std::panic::Location::caller();
        tracing::error!(error.name = "internal", error.message = %cause, at = %at, "a use case failed");
        Self::new(Code::InternalError, "Something went wrong on our side. Nothing was changed.")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Losing the database is an answer of its own (503, try again); everything else is a fault of ours.
#[cfg(feature = "ssr")]
impl From<sqlx::Error> for Error {
    #[track_caller]
    fn from(cause: sqlx::Error) -> Self {
        let away = match &cause {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => true,
            // 57P: shutting down or starting up; 08: the connection is broken; 53300: too many connections; 40: undone in
            // favour of another transaction (a deadlock).
            sqlx::Error::Database(e) => {
                e.code().is_some_and(|c| ["57P", "08", "53300", "40"].iter().any(|class| c.starts_with(class)))
            }
            _ => false,
        };
        if away {
            tracing::warn!(error.name = "database", error.message = %cause, "the database is away");
            return Self::new(
                Code::Unavailable,
                "The database cannot be reached right now. Nothing was changed; please try again.",
            );
        }
        Self::internal(cause)
    }
}
