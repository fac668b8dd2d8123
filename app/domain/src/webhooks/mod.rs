//! Outgoing webhooks: a workspace's events, told to programs elsewhere, signed as Standard Webhooks has it
//! (<https://github.com/standard-webhooks/standard-webhooks>).
//!
//! 1. An owner or admin names an **endpoint**: an address, and which events it is to hear of. It hears what owners and admins may
//!    see, so also of what is only for one person. Its secret is shown once and sealed with the workspace's data key (`secrets.rs`).
//! 2. Each endpoint stands at a number of the outbox. Whatever comes after it becomes a **delivery** each, in the transaction that
//!    moves the number on (`spread.rs`): an event is told once for certain, whichever server does it. A replay moves the number back.
//! 3. An endpoint has a job when the next of its deliveries is due (`deliver.rs`): what is due is claimed for a minute, sent, and
//!    settled. If the server dies in between, another one sends it again with the same id: at least once. Deliveries do not wait for each other, so they may overtake; `data.seq` tells
//!    the order.
//! 4. What was not answered with 2xx is sent again for a day (`schedule.rs`). An endpoint that says 410, or to which nothing got
//!    through for a day, is disabled, and owners and admins hear of it (`disabling.rs`).
//!
//! An endpoint may also be a channel of Slack, or of whatever takes messages as Slack's incoming webhooks do ([`Format::Slack`]): it is
//! told of approvals that wait, in words, with a link to the card, and everything else is as for other endpoints, the signature included.
//! Whoever knows such an address can write into the channel, so it is sealed like a secret, and only its host and its end are shown.
//!
//! Sending goes through [`crate::outward`], like all that a workspace asks for. How long it takes, and how much of the answer is
//! looked at, is bounded (`call.rs`). No delivery makes an event of its own: that would have no end.

pub mod buttons;
#[cfg(feature = "ssr")]
mod call;
#[cfg(feature = "ssr")]
pub(crate) mod deliver;
#[cfg(feature = "ssr")]
mod deliveries_store;
#[cfg(feature = "ssr")]
mod disabling;
#[cfg(feature = "ssr")]
mod rules;
#[cfg(feature = "ssr")]
mod schedule;
#[cfg(feature = "ssr")]
pub(crate) mod secrets;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod sign;
#[cfg(feature = "ssr")]
pub(crate) mod spread;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(feature = "ssr")]
pub use self::{deliver::work, sign::Secret};
#[cfg(feature = "ssr")]
pub(crate) use self::{
    rules::{masked, url as checked_url},
    schedule::next as next_try,
};
use crate::{
    Timestamp,
    ids::{WebhookDeliveryId, WebhookId},
};

/// How many endpoints a workspace can have.
pub const MAX_ENDPOINTS: usize = 20;
/// How many days events can be told again, and deliveries are kept.
pub const KEPT_DAYS: u64 = 30;

/// An address that hears of a workspace's events, without its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "Webhook"))]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its id.
    pub id: WebhookId,
    /// Where events are sent; of a channel of Slack only the host and the end.
    pub url: String,
    /// In which words it is told.
    pub format: Format,
    /// Its messages have buttons: it is a channel, and what comes back from it can be told from what does not.
    pub takes_answers: bool,
    /// What it is for, in the workspace's words.
    pub description: String,
    /// Types of events, or beginnings of such that end in a dot; none: all.
    pub events: Vec<String>,
    /// It is told of events.
    pub enabled: bool,
    /// Why not, if it is not.
    pub disabled_because: Option<Because>,
    /// Since when not.
    pub disabled_at: Option<Timestamp>,
    /// When something last got through.
    pub last_success_at: Option<Timestamp>,
    /// Since when nothing did; `None` where the last thing did.
    pub failing_since: Option<Timestamp>,
    /// Until when the secret of before the last rotation signs as well.
    pub old_secret_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody last changed it.
    pub updated_at: Timestamp,
}

/// In which words an endpoint is told.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "WebhookFormat"))]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Events, for programs.
    #[default]
    Events,
    /// Approvals that wait, for people, as Slack's incoming webhooks take messages.
    Slack,
}

impl Format {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Slack => "slack",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Events, Self::Slack].into_iter().find(|format| format.as_str() == word)
    }
}

/// Why an endpoint is told nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Somebody disabled it.
    ByHand,
    /// It answered 410 Gone.
    Gone,
    /// Nothing got through for a day.
    Failing,
}

impl Because {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// What making an endpoint asks for.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewEndpoint {
    /// Where events are sent.
    pub url: String,
    /// In which words; it stays so.
    #[serde(default)]
    pub format: Format,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Types of events, or beginnings of such that end in a dot; none: all.
    #[serde(default)]
    pub events: Vec<String>,
}

/// What changes about an endpoint; what is left out stays.
#[derive(Clone, Default, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Changes {
    /// Where events are sent.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it hears of.
    pub events: Option<Vec<String>>,
    /// The signing secret of the Slack app that a channel belongs to; empty: none, and its messages have no buttons.
    pub signing_secret: Option<String>,
    /// Whether it is told of events. Enabled again, it hears of what happens from then on.
    pub enabled: Option<bool>,
}

/// How far a delivery has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "DeliveryState"))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is sent, or sent again, at [`Delivery::next_try_at`].
    Waiting,
    /// It was answered with 2xx.
    Delivered,
    /// It is not tried any more.
    Failed,
    /// Its endpoint was disabled before it got through.
    Cancelled,
}

impl State {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One event on its way to one endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "WebhookDelivery"))]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// The event's id, which is sent with every try.
    pub event_id: Uuid,
    /// The event's number in the workspace; `None`: a test.
    pub seq: Option<i64>,
    /// The event's type.
    #[serde(rename = "type")]
    pub name: String,
    /// How far it has come.
    pub state: State,
    /// When it was made, or asked for once more.
    pub begun_at: Timestamp,
    /// When it is tried next, while it waits.
    pub next_try_at: Option<Timestamp>,
    /// The last tries, the newest first.
    pub tries: Vec<Try>,
}

/// What came of one try.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "DeliveryTry"))]
#[serde(rename_all = "camelCase")]
pub struct Try {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: i32,
    /// The status of the answer; `None`: there was none.
    pub status: Option<i32>,
    /// Why there was none, or what was wrong with it.
    pub error: Option<String>,
    /// How the answer began: at most 1,024 bytes.
    pub reply: String,
}
