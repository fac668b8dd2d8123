//! Mail: sent over SMTP when a server is configured, else kept for the mailbox page; also written as `.eml` files on wish.

#[cfg(feature = "ssr")]
mod mailer;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

#[cfg(feature = "ssr")]
pub use mailer::{Mailer, SendError, SmtpSettings};

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{ApprovalId, MailId},
};

/// A mail that an effect sent, or that was kept because no mail server is configured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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
