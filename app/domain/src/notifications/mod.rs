//! Notifications: what a person is told of, and the ways by which he or she hears of it.
//!
//! 1. Whatever happens that concerns somebody tells that person **in its own transaction** (`service::tell`): one row for each
//!    cause and recipient, or none of it. A cause that comes again makes no second row. That approvals wait is said once to each who
//!    may decide, however many they become, until it was read; the number is looked up when it is shown.
//! 2. The list in HYVVE shows rows; a bell counts those that were not read. Only the recipient sees them and marks them.
//! 3. A worker looks at each row once (`deliver.rs`) and settles the other **ways** by the person's choices at that moment: a letter
//!    at once, a place in the next digest, the person's own webhook. Letters about approvals, of which many may come, leave at most once
//!    a minute: the first at once, and one about all that was collected since, which is a digest of that minute. A letter is posted in the transaction that settles it, and a
//!    digest in the one that takes rows out of it, so a crash in between loses nothing and nobody is written to twice.
//! 4. A person's webhook is an address in the manner of Slack's incoming webhooks (`hook.rs`). It is tried for a day, as webhooks
//!    are, by itself: one that hangs holds up nobody else's. Who manages no webhooks may name public hosts only.
//!
//! Who is gone, or whose role does not concern a kind any more, gets nothing of it, also not what was on its way.

#[cfg(feature = "ssr")]
pub(crate) mod deliver;
#[cfg(feature = "ssr")]
mod deliver_store;
#[cfg(feature = "ssr")]
pub mod hook;
#[cfg(feature = "ssr")]
mod hook_store;
mod kind;
#[cfg(feature = "ssr")]
mod letters;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
mod settings_store;
#[cfg(feature = "ssr")]
pub(crate) mod slack;
#[cfg(feature = "ssr")]
mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(feature = "ssr")]
pub use self::deliver::work;
pub use self::kind::Kind;
use crate::{Timestamp, ids::NotificationId};

/// For how many days they are kept.
pub const KEPT_DAYS: u64 = 90;

/// What somebody was told.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// What it is about.
    pub kind: Kind,
    /// A sentence, for people.
    pub text: String,
    /// The page of this site that it leads to.
    pub path: String,
    /// What it leads to: `approval`, `webhook`, …
    pub subject_kind: String,
    /// Which one.
    pub subject_id: Option<Uuid>,
    /// When.
    pub created_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

/// Whether a kind comes by mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "MailWhen"))]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// It does not.
    No,
    /// A letter at once, or within a minute of the last one, about all that has happened since.
    Now,
    /// In the next digest.
    Digest,
}

impl Mail {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::No, Self::Now, Self::Digest];

    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Now => "now",
            Self::Digest => "digest",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mail| mail.as_str() == word)
    }
}

/// The ways by which one kind comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Channels {
    /// In the list, and counted at the bell.
    pub in_app: bool,
    /// By mail.
    pub mail: Mail,
    /// At the person's webhook, if there is one.
    pub webhook: bool,
}

/// How often a digest comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// At the full hour.
    Hourly,
    /// At an hour of the day.
    Daily,
}

impl Digest {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Hourly, Self::Daily].into_iter().find(|digest| digest.as_str() == word)
    }
}

/// A person's choices in one workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "NotificationSettings"))]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The ways of each kind that concerns the person's role.
    pub channels: BTreeMap<Kind, Channels>,
    /// How often the digest comes.
    pub digest: Digest,
    /// The hour of a daily one, in the workspace's time zone.
    pub digest_hour: i16,
    /// The person's webhook.
    pub webhook: Option<Hook>,
}

/// A person's webhook, without its address, which is a credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "NotificationHook"))]
#[serde(rename_all = "camelCase")]
pub struct Hook {
    /// Its host and its last four characters.
    pub shown: String,
    /// What was wrong the last time; `None`: nothing.
    pub problem: Option<String>,
}

/// What changes about them; what is left out stays.
#[derive(Clone, PartialEq, Eq, Default, Debug, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Changes {
    /// The ways of some kinds.
    pub channels: BTreeMap<Kind, Channels>,
    /// How often the digest comes.
    pub digest: Option<Digest>,
    /// The hour of a daily one.
    pub digest_hour: Option<i16>,
}
