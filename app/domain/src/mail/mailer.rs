//! The one way out for mail: SMTP over TLS, and `.eml` files on wish.

use std::path::PathBuf;

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::Mailbox};

use crate::ids::EffectId;

/// A mail server.
#[derive(Clone)]
pub struct SmtpSettings {
    /// `smtps://user:password@host:465`, `smtp://user:password@host:587?tls=required`, or without TLS on loopback.
    pub url: String,
    /// The sender: `HYVVE <hyvve@example.com>`.
    pub from: String,
}

/// Why a mail did not certainly leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendError {
    /// It certainly did not leave.
    Refused(String),
    /// The connection broke at a point at which the server may have taken it.
    Unknown(String),
}

/// Sends mail, or says that there is no server.
pub struct Mailer {
    server: Option<(AsyncSmtpTransport<Tokio1Executor>, Mailbox)>,
    folder: Option<PathBuf>,
}

impl Mailer {
    /// From settings; the error names what is wrong with them.
    pub fn new(smtp: Option<&SmtpSettings>, folder: Option<PathBuf>) -> Result<Self, String> {
        let server = match smtp {
            None => None,
            Some(settings) => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url)
                    .map_err(|e| format!("SMTP_URL: {e}"))?
                    .build();
                let from = settings.from.parse().map_err(|e| format!("SMTP_FROM: {e}"))?;
                Some((transport, from))
            }
        };
        Ok(Self { server, folder })
    }

    /// Whether a mail server is configured.
    pub const fn has_server(&self) -> bool {
        self.server.is_some()
    }

    /// Where a mail goes: `smtp`, or `mailbox`.
    pub const fn delivery(&self) -> &'static str {
        if self.has_server() { "smtp" } else { "mailbox" }
    }

    /// Sends once. The message id is made of the effect's, so that a receiving side can recognise a repetition.
    pub async fn send(&self, effect: EffectId, to: &str, subject: &str, body: &str) -> Result<(), SendError> {
        let Some((transport, from)) = &self.server else {
            return Err(SendError::Refused("No mail server is configured.".to_owned()));
        };
        let message = message(from, effect, to, subject, body).map_err(SendError::Refused)?;
        match transport.send(message).await {
            Ok(_) => Ok(()),
            // An answer of the server is an answer; so is no connection at all.
            Err(e) if e.is_permanent() || e.is_transient() => {
                Err(SendError::Refused(format!("The mail server refused it: {e}")))
            }
            Err(e) if e.is_client() => Err(SendError::Refused(format!("The mail could not be sent: {e}"))),
            Err(e) => Err(SendError::Unknown(format!("The connection to the mail server broke: {e}"))),
        }
    }

    /// Writes a mail as `<effect>.eml` into the configured folder, if there is one.
    pub async fn write_eml(&self, effect: EffectId, to: &str, subject: &str, body: &str) -> Result<(), String> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let nobody =
            Mailbox::new(Some("HYVVE".to_owned()), "hyvve@localhost".parse().map_err(|_| "sender".to_owned())?);
        let from = self.server.as_ref().map_or(&nobody, |(_, from)| from);
        let bytes = message(from, effect, to, subject, body)?.formatted();
        tokio::fs::create_dir_all(folder).await.map_err(|e| e.to_string())?;
        tokio::fs::write(folder.join(format!("{effect}.eml")), bytes).await.map_err(|e| e.to_string())
    }
}

fn message(from: &Mailbox, effect: EffectId, to: &str, subject: &str, body: &str) -> Result<Message, String> {
    Message::builder()
        .message_id(Some(format!("<{effect}@hyvve>")))
        .from(from.clone())
        .to(to.parse().map_err(|e| format!("The address {to:?} cannot be used: {e}"))?)
        .subject(subject)
        .body(body.to_owned())
        .map_err(|e| e.to_string())
}
