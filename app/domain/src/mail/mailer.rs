//! The one way out for mail: SMTP over TLS, and `.eml` files on wish.

use std::path::PathBuf;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
};
use uuid::Uuid;

/// A mail server.
#[derive(Clone)]
pub struct SmtpSettings {
    /// `smtps://user:password@host:465`, `smtp://user:password@host:587?tls=required`, or without TLS on loopback.
    pub url: String,
    /// The sender: `HYVVE <hyvve@example.com>`.
    pub from: String,
}

/// One mail on its way out.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// Whatever it is sent for. The message id is made of it, so that a receiving side can recognise a repetition.
    pub id: Uuid,
    /// The recipient's address.
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    /// Plain text.
    pub text: &'a str,
    /// The same as HTML.
    pub html: Option<&'a str>,
}

/// Why a mail did not certainly leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendError {
    /// It certainly did not leave, and never will.
    Refused(String),
    /// It certainly did not leave; the server may take it later.
    NotYet(String),
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

    /// Whether no letter leaves at all: there is neither a mail server nor a folder that somebody reads.
    pub const fn is_silent(&self) -> bool {
        self.server.is_none() && self.folder.is_none()
    }

    /// Where a mail goes: `smtp`, or `mailbox`.
    pub const fn delivery(&self) -> &'static str {
        if self.has_server() { "smtp" } else { "mailbox" }
    }

    /// Whether the mail server answers now. What is found out before a mail is handed over leaves no doubt about it.
    pub async fn is_reachable(&self) -> bool {
        match &self.server {
            Some((transport, _)) => transport.test_connection().await.unwrap_or(false),
            None => false,
        }
    }

    /// Sends once.
    pub async fn send(&self, mail: &Outgoing<'_>) -> Result<(), SendError> {
        let Some((transport, from)) = &self.server else {
            return Err(SendError::Refused("No mail server is configured.".to_owned()));
        };
        let message = message(from, mail).map_err(SendError::Refused)?;
        match transport.send(message).await {
            Ok(_) => Ok(()),
            // An answer of the server is an answer; so is no connection at all.
            Err(e) if e.is_permanent() => Err(SendError::Refused(format!("The mail server refused it: {e}"))),
            Err(e) if e.is_transient() => Err(SendError::NotYet(format!("The mail server refused it: {e}"))),
            Err(e) if e.is_client() => Err(SendError::Refused(format!("The mail could not be sent: {e}"))),
            Err(e) => Err(SendError::Unknown(format!("The connection to the mail server broke: {e}"))),
        }
    }

    /// Writes a mail as `<id>.eml` into the configured folder; answers whether there is one.
    pub async fn write_eml(&self, mail: &Outgoing<'_>) -> Result<bool, String> {
        let Some(folder) = &self.folder else { return Ok(false) };
        let nobody =
            Mailbox::new(Some("HYVVE".to_owned()), "hyvve@localhost".parse().map_err(|_| "sender".to_owned())?);
        let from = self.server.as_ref().map_or(&nobody, |(_, from)| from);
        let bytes = message(from, mail)?.formatted();
        tokio::fs::create_dir_all(folder).await.map_err(|e| e.to_string())?;
        tokio::fs::write(folder.join(format!("{}.eml", mail.id)), bytes).await.map_err(|e| e.to_string())?;
        Ok(true)
    }
}

fn message(from: &Mailbox, mail: &Outgoing<'_>) -> Result<Message, String> {
    let to = mail.to.parse().map_err(|e| format!("The address {:?} cannot be used: {e}", mail.to))?;
    let builder = Message::builder()
        .message_id(Some(format!("<{}@hyvve>", mail.id)))
        .from(from.clone())
        .to(to)
        .subject(mail.subject);
    match mail.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(mail.text.to_owned(), html.to_owned())),
        None => builder.body(mail.text.to_owned()),
    }
    .map_err(|e| e.to_string())
}
