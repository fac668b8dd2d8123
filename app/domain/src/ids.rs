//! Typed identifiers: UUIDv7, so that they sort by creation time, each in a newtype of its own.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(sqlx::Type, schemars::JsonSchema), sqlx(transparent), schemars(inline))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id, made of the current time and randomness.
            #[cfg(feature = "ssr")]
            #[expect(clippy::new_without_default, reason = "a default id would be a different one at each call")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A person with an account.
    UserId;
    /// A tenant: one company or team, and everything that belongs to it.
    WorkspaceId;
    /// A signed-in browser. Not the secret in its cookie.
    SessionId;
    /// A key with which a program works in a workspace. Not the secret in it.
    ApiKeyId;
    /// A passkey of a person.
    PasskeyId;
    /// A picture of a person or of a workspace; each that was ever drawn has its own.
    PictureId;
    /// A configured AI provider of a workspace.
    ProviderId;
    /// A limit on what is spent in a month.
    BudgetId;
    /// A standing grant.
    GrantId;
    /// An agent of a workspace.
    AgentId;
    /// A conversation with an agent; AgentOS calls it a session.
    AgentSessionId;
    /// One run of an agent: from a message to an answer.
    RunId;
    /// Something that was proposed and waits for, or has had, a decision.
    ApprovalId;
    /// A person's or a rule's decision on an approval item.
    DecisionId;
    /// Actions that an outside agent asks about together.
    InterruptId;
    /// What somebody says about an approval item to the others.
    CommentId;
    /// What somebody looks for again and again.
    FilterId;
    /// One entry of the effect ledger.
    EffectId;
    /// A set of records with one JSON Schema.
    CollectionId;
    /// One record of a collection.
    RecordId;
    /// A mail that HYVVE sent, or kept because no SMTP server is configured.
    MailId;
    /// A letter of HYVVE itself: an invitation, the proof of an address.
    LetterId;
    /// Somebody is asked to join a workspace.
    InvitationId;
    /// Something that a person was told.
    NotificationId;
    /// An event of the outbox.
    EventId;
    /// An event with which a consumer could not deal.
    DeadLetterId;
    /// An address outside that hears of a workspace's events.
    WebhookId;
    /// One event on its way to one such address.
    WebhookDeliveryId;
}
