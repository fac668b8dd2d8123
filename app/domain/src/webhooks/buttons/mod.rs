//! The way back from a channel: buttons under what waits there, and who presses them.
//!
//! 1. A channel that has the signing secret of its Slack app gets messages with buttons. A button's value is the item and the hash of
//!    exactly what the message is about.
//! 2. What is pressed comes as a request that Slack signs (`press.rs`). Without the right signature of the last five minutes it is
//!    nobody's word.
//! 3. A user of Slack decides only as the person whom he or she is **connected** with. Who is not gets a link, once, that only
//!    the one who pressed sees; it is opened by somebody who is signed in, shows which user of Slack that is, and its button connects.
//! 4. Then the decision goes through the door as that person, with the role of that moment and the hash of the message: what was asked is
//!    what runs. A workspace that asks for a second factor lets nobody decide so, because Slack shows none.

#[cfg(feature = "ssr")]
mod press;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::WebhookId};

/// A user of Slack who would decide as the person who looks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asking {
    /// Slack's id of the user.
    pub slack_user: String,
    /// How Slack calls the user.
    pub slack_name: String,
}

/// A user of Slack who decides as a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    /// In which channel's Slack.
    pub webhook_id: WebhookId,
    /// Slack's id of the user.
    pub slack_user: String,
    /// How Slack called the user then.
    pub slack_name: String,
    /// Since when.
    pub since: Timestamp,
}
