//! Letters that HYVVE itself writes: posted in the transaction that causes them, sent by a job that survives a crash.
//!
//! A letter leaves at most once for one cause. What certainly did not leave is tried again with growing pauses; what may have
//! left when the node died is not. Its text is sealed until then, and erased afterwards.
//!
//! Where no mail leaves at all, a letter whose link somebody needs is kept for a day: whoever runs the installation passes it on.

use std::{fmt::Write as _, time::Duration};

use html_escape::{encode_double_quoted_attribute, encode_text};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{
    Outgoing, SendError,
    letters_store::{self, Due},
};
use crate::{
    Error, Result, Timestamp, auth::SignedIn, canonical, ids::LetterId, jobs, keys::Swept, seal::Place,
    services::Services,
};

/// After this whoever sends a letter is given up; a mail server that does not answer is left earlier.
const GIVEN_UP: Duration = Duration::from_mins(5);
/// Pauses between tries: doubled from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Tries before it is given up: with these pauses, about a day.
const TRIES: i32 = 30;
/// How many letters that could not leave are shown.
pub const SHOWN: i64 = 100;

/// A letter while it is written. Text and HTML say the same.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    cause: String,
    to: String,
    subject: String,
    content: Content,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Content {
    text: String,
    html: String,
    /// Somebody needs its link: where no mail leaves, it is kept.
    #[serde(default)]
    needed: bool,
}

/// A letter that could not leave, as operators see it.
pub struct Kept {
    /// The recipient's address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// Its text, with the link. It lets somebody in.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
}

impl Letter {
    /// To one address. No second letter goes out for the same cause.
    pub(crate) fn new(cause: String, to: &str, subject: &str) -> Self {
        // A name in a subject can hold anything but what would begin another header.
        let subject = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
        Self { cause, to: to.to_owned(), subject, content: Content::default() }
    }

    /// With a paragraph.
    #[must_use]
    pub(crate) fn line(mut self, text: &str) -> Self {
        let _ = write!(self.content.text, "{text}\n\n");
        let _ = write!(self.content.html, "<p style=\"margin:0 0 16px\">{}</p>", encode_text(text));
        self
    }

    /// With a line that leads somewhere: a link in HTML, the words and the bare address in text.
    #[must_use]
    pub(crate) fn link(mut self, words: &str, url: &str) -> Self {
        let _ = write!(self.content.text, "• {words}\n  {url}\n\n");
        let _ = write!(
            self.content.html,
            "<p style=\"margin:0 0 8px\">• <a href=\"{}\" style=\"color:#1f2937\">{}</a></p>",
            encode_double_quoted_attribute(url),
            encode_text(words),
        );
        self
    }

    /// With something to do: a button in HTML, the bare address in text.
    #[must_use]
    pub(crate) fn action(mut self, what: &str, url: &str) -> Self {
        let _ = write!(self.content.text, "{what}:\n{url}\n\n");
        let _ = write!(
            self.content.html,
            "<p style=\"margin:24px 0\"><a href=\"{}\" style=\"background:#1f2937;color:#ffffff;padding:10px 18px;\
             border-radius:6px;text-decoration:none;font-weight:600\">{}</a></p>",
            encode_double_quoted_attribute(url),
            encode_text(what),
        );
        self
    }

    /// One whose link somebody needs to get in.
    #[must_use]
    pub(crate) fn needed(mut self) -> Self {
        self.content.needed = true;
        self
    }

    fn sealed(&self, s: &Services, id: LetterId) -> Result<Vec<u8>> {
        let json = serde_json::to_string(&self.content).map_err(Error::internal)?;
        s.sealer.seal(Place::Letter(id), &SecretString::from(json))
    }
}

/// A cause of its own: for what is told each time that it happens.
pub(crate) fn each_time(what: &str) -> Result<String> {
    Ok(format!("{what}:{}", hex::encode(canonical::random::<16>()?)))
}

/// The whole page of a letter's HTML.
fn page(html: &str) -> String {
    format!(
        "<!doctype html><html><body style=\"margin:0;padding:32px 16px;background:#f6f7f9;color:#1f2937;\
         font:16px/1.5 system-ui,sans-serif\"><div style=\"max-width:520px;margin:0 auto;padding:32px;background:#ffffff;\
         border:1px solid #e5e7eb;border-radius:10px\"><p style=\"margin:0 0 24px;font-weight:700\">HYVVE</p>{html}</div>\
         </body></html>"
    )
}

/// Posts a letter in a running transaction; it leaves after the commit.
pub(crate) async fn post(conn: &mut PgConnection, s: &Services, letter: Letter) -> Result<()> {
    let id = LetterId::new();
    let sealed = letter.sealed(s, id)?;
    letters_store::insert(conn, id, &letter.cause, &letter.to, &letter.subject, &sealed).await
}

/// Sends a letter that is due, unless that has been done. One that has been under way for too long was in the hands of a server that
/// stopped: nobody knows whether it left, and it is not sent again.
pub(crate) async fn deliver(s: &Services, id: LetterId) -> Result<()> {
    let mut tx = s.db.system("a letter that is due").await?;
    let given_up = letters_store::give_up(&mut tx, id).await?;
    let due = letters_store::claim(&mut tx, id, Timestamp::now().plus(GIVEN_UP)).await?;
    if due.is_none() {
        letters_store::look_again(&mut tx, id).await?;
    }
    tx.commit().await?;
    if given_up {
        tracing::warn!(letter = %id, "a letter was under way when a server stopped; it is not sent again");
    }
    match due {
        Some(due) => send(s, due).await,
        None => Ok(()),
    }
}

/// The newest letters that could not leave, for whoever runs the installation. That somebody looked is logged.
pub async fn kept(s: &Services, who: &SignedIn) -> Result<Vec<Kept>> {
    jobs::service::for_operators(s, who)?;
    let mut tx = s.db.system("an operator looks at letters that could not leave").await?;
    let letters = letters_store::kept(&mut tx, SHOWN).await?;
    drop(tx);
    tracing::info!(operator = %who.user.id, letters = letters.len(), "an operator looked at letters that could not leave");
    let shown = letters.into_iter().map(|letter| {
        let content = opened(s, letter.id, &letter.sealed);
        let text = content.map_or_else(str::to_owned, |content| content.text.trim_end().to_owned());
        Kept { to: letter.recipient, subject: letter.subject, text, at: letter.at }
    });
    Ok(shown.collect())
}

/// Removes what is left of letters that ended a month ago: to whom, and about what; and the texts of those that nobody passed on
/// within a day. Answers how many were removed.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("letters that ended long ago").await?;
    letters_store::forget_kept(&mut tx).await?;
    let removed = letters_store::purge(&mut tx).await?;
    tx.commit().await?;
    Ok(removed)
}

/// Seals some texts anew that another master key has sealed, in order from `after` on, which is moved.
pub(crate) async fn sweep(s: &Services, after: &mut Option<LetterId>) -> Result<Swept> {
    let mut tx = s.db.system("letters that another master key sealed").await?;
    let mut swept = Swept::default();
    for (id, sealed) in letters_store::stale(&mut tx, &s.sealer.prefix(), *after).await? {
        *after = Some(id);
        let anew = s.sealer.again(Place::Letter(id), &sealed);
        swept += Swept::one(format_args!("the letter {id}"), &anew);
        if let Ok(anew) = anew {
            letters_store::reseal(&mut tx, id, &anew).await?;
        }
    }
    tx.commit().await?;
    Ok(swept)
}

/// What came of one letter.
enum Outcome {
    Kept,
    Ended(&'static str, Option<String>),
    NotYet(String),
}

async fn send(s: &Services, due: Due) -> Result<()> {
    let outcome = hand_over(s, &due).await;
    let mut tx = s.db.system("what came of a letter").await?;
    match outcome {
        Outcome::Kept => letters_store::keep(&mut tx, due.id).await?,
        Outcome::NotYet(why) if due.attempts < TRIES => {
            letters_store::put_off(&mut tx, due.id, Timestamp::now().plus(pause(due.attempts)), &why).await?;
        }
        Outcome::NotYet(why) => letters_store::end(&mut tx, due.id, "failed", Some(&why)).await?,
        Outcome::Ended(state, why) => {
            if let Some(why) = &why {
                tracing::warn!(letter = %due.id, state, error.message = %why, "a letter did not certainly leave");
            }
            letters_store::end(&mut tx, due.id, state, why.as_deref()).await?;
        }
    }
    tx.commit().await
}

const NOT_WHAT_IT_SHOULD_BE: &str = "Its text is not what it should be.";

/// What a letter says, or why that cannot be read.
fn opened(s: &Services, id: LetterId, sealed: &[u8]) -> Result<Content, &'static str> {
    let text = s.sealer.open(Place::Letter(id), sealed);
    let text = text.map_err(|_| "Its text cannot be opened: was the encryption key replaced?")?;
    serde_json::from_str(text.expose_secret()).map_err(|_| NOT_WHAT_IT_SHOULD_BE)
}

async fn hand_over(s: &Services, due: &Due) -> Outcome {
    let failed = |why: String| Outcome::Ended("failed", Some(why));
    let content = match opened(s, due.id, &due.sealed) {
        Ok(content) => content,
        Err(why @ NOT_WHAT_IT_SHOULD_BE) => return failed(why.to_owned()),
        // This server may miss a key that another one has.
        Err(why) => return Outcome::NotYet(why.to_owned()),
    };
    let html = page(&content.html);
    let mail =
        Outgoing { id: due.id.0, to: &due.recipient, subject: &due.subject, text: &content.text, html: Some(&html) };
    if !s.mailer.has_server() {
        return match s.mailer.write_eml(&mail).await {
            Ok(true) => Outcome::Ended("sent", None),
            Ok(false) if content.needed => Outcome::Kept,
            Ok(false) => failed("No mail server is configured.".to_owned()),
            Err(why) => Outcome::NotYet(why),
        };
    }
    if !s.mailer.is_reachable().await {
        return Outcome::NotYet("The mail server cannot be reached.".to_owned());
    }
    match s.mailer.send(&mail).await {
        Ok(()) => {
            if let Err(why) = s.mailer.write_eml(&mail).await {
                tracing::warn!(letter = %due.id, error.message = why, "a letter was sent, but not written into the mail folder");
            }
            Outcome::Ended("sent", None)
        }
        Err(SendError::Refused(why)) => failed(why),
        Err(SendError::NotYet(why)) => Outcome::NotYet(why),
        Err(SendError::Unknown(why)) => Outcome::Ended("unknown", Some(why)),
    }
}

/// How long to wait after so many tries.
fn pause(attempts: i32) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.max(1).unsigned_abs() - 1);
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_html_say_the_same_and_nothing_gets_out_of_its_place() {
        let letter = Letter::new("c".into(), "ada@example.com", "Hello\r\nBcc: eve@example.com")
            .line("<b>Ada</b> & co")
            .link("<i>x</i>", "https://h.example/\"")
            .action("Open", "https://h.example/a?b=1&c=\"2\"");
        assert_eq!(letter.subject, "Hello  Bcc: eve@example.com");
        assert_eq!(
            letter.content.text,
            "<b>Ada</b> & co\n\n• <i>x</i>\n  https://h.example/\"\n\nOpen:\nhttps://h.example/a?b=1&c=\"2\"\n\n"
        );
        assert!(letter.content.html.contains("&lt;b&gt;Ada&lt;/b&gt; &amp; co"), "{}", letter.content.html);
        assert!(letter.content.html.contains("href=\"https://h.example/&quot;\""), "{}", letter.content.html);
        assert!(letter.content.html.contains("href=\"https://h.example/a?b=1&amp;c=&quot;2&quot;\""));
    }

    #[test]
    fn pauses_grow_to_an_hour() {
        assert_eq!(pause(1), FIRST_PAUSE);
        assert_eq!(pause(3), FIRST_PAUSE * 4);
        assert_eq!(pause(40), LONGEST_PAUSE);
    }
}
