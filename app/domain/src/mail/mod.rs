//! Mail: sent over SMTP when a server is configured; also written as `.eml` files on wish.
//!
//! What agents send is an effect, recorded on the mailbox page, and kept there without a mail server. What HYVVE itself writes
//! is a letter (`letters.rs`): it may hold a link that lets somebody in, so nobody reads it but whoever it is for.

#[cfg(feature = "ssr")]
pub mod letters;
#[cfg(feature = "ssr")]
mod letters_store;
#[cfg(feature = "ssr")]
mod mailer;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

#[cfg(feature = "ssr")]
pub use mailer::{Mailer, Outgoing, SendError, SmtpSettings};

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{ApprovalId, MailId},
};

/// A mail that an effect sent, or that was kept because no mail server is configured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// Recipient.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Body, plain text.
    pub body: String,
    /// `smtp`: handed to the mail server; `mailbox`: kept here.
    pub delivery: String,
    /// The decision behind it.
    pub approval_id: ApprovalId,
    /// When.
    pub created_at: Timestamp,
}
