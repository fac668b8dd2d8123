//! One request to an endpoint: signed, without redirects, with an end in time and in length.

use std::time::{Duration, Instant};

use reqwest::{Method, Response, Url, header::CONTENT_TYPE};
use tokio::time::timeout;

use super::{Secret, deliveries_store::Parcel};
use crate::{
    Result, Timestamp,
    outward::{Outward, Refused},
};

/// How long one try may take, from the first look at the host's name to the last byte of the answer that is looked at.
pub(super) const WITHIN: Duration = Duration::from_secs(15);
/// How much of an answer is read: some more than is kept, so that a secret in it is found whole.
const READ: usize = 2_048;
/// How much of an answer is kept, in bytes.
const KEPT: usize = 1_024;

/// What came of it.
pub(super) struct Answer {
    pub(super) at: Timestamp,
    pub(super) took: Duration,
    pub(super) status: Option<u16>,
    pub(super) error: Option<String>,
    pub(super) reply: String,
}

impl Answer {
    /// It was answered with 2xx.
    pub(super) fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// It was answered that nobody is there any more.
    pub(super) fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// Sends a delivery, signed with each of the secrets. Whatever the endpoint does is an answer; an error is a fault of ours.
pub(super) async fn call(http: &Outward, parcel: &Parcel, secrets: &[Secret]) -> Result<Answer> {
    let (at, began) = (Timestamp::now(), Instant::now());
    let (id, seconds) = (parcel.event.to_string(), at.unix_seconds());
    let signatures: Vec<String> =
        secrets.iter().map(|secret| secret.signature(&id, seconds, &parcel.body)).collect::<Result<_>>()?;
    let signed =
        [("webhook-id", id), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", signatures.join(" "))];
    let sent = timeout(WITHIN, send(http, parcel, signed)).await;
    let (status, error, reply) = match sent {
        Err(_) => (None, Some(too_slow()), String::new()),
        Ok(Err(why)) => (None, Some(why), String::new()),
        Ok(Ok(response)) => {
            let status = response.status();
            let error = status.is_redirection().then(|| {
                "It answered with a redirect, which is never followed. Enter the address that it leads to.".to_owned()
            });
            let reply = beginning(response, WITHIN.saturating_sub(began.elapsed())).await;
            // Where the address is a credential, an answer that repeats it would show it.
            let reply = if parcel.address.is_some() { String::new() } else { shown(&reply, secrets) };
            (Some(status.as_u16()), error, reply)
        }
    };
    Ok(Answer { at, took: began.elapsed(), status, error, reply })
}

fn too_slow() -> String {
    format!("There was no answer within {} s.", WITHIN.as_secs())
}

async fn send(http: &Outward, parcel: &Parcel, signed: [(&'static str, String); 3]) -> Result<Response, String> {
    let url = Url::parse(&parcel.url).map_err(|_| "The address is not a URL.".to_owned())?;
    let mut request = http.request(Method::POST, url).map_err(|refused| refused.to_string())?;
    for (name, value) in signed {
        request = request.header(name, value);
    }
    let sent = request.header(CONTENT_TYPE, "application/json").body(parcel.body.clone()).send().await;
    sent.map_err(|error| match Refused::of(&error) {
        Some(refused) => refused.to_string(),
        None if error.is_connect() => {
            "It could not be reached: no connection, no such host, or no valid TLS.".to_owned()
        }
        None => "It closed the connection without an answer that is HTTP.".to_owned(),
    })
}

/// How an answer begins; what follows is never read.
async fn beginning(mut response: Response, within: Duration) -> Vec<u8> {
    let mut begun = Vec::new();
    // One that breaks off, or goes on for ever, has a beginning nonetheless.
    let _ = timeout(within, async {
        while begun.len() < READ
            && let Ok(Some(bytes)) = response.chunk().await
        {
            begun.extend_from_slice(&bytes[..bytes.len().min(READ - begun.len())]);
        }
    })
    .await;
    begun
}

/// As text that can be stored and shown: without the endpoint's own secrets, and with what cannot be seen spelled out.
fn shown(reply: &[u8], secrets: &[Secret]) -> String {
    let text = secrets.iter().fold(String::from_utf8_lossy(reply).into_owned(), |text, secret| secret.hidden_in(&text));
    let mut kept = String::new();
    for c in text.chars() {
        let length = kept.len();
        if is_seen(c) {
            kept.push(c);
        } else {
            kept.extend(c.escape_unicode());
        }
        if kept.len() > KEPT {
            kept.truncate(length);
            break;
        }
    }
    kept
}

/// Control characters move the cursor, and marks of direction turn what stands around them.
fn is_seen(c: char) -> bool {
    let hides = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    matches!(c, '\n' | '\t') || !(c.is_control() || hides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_is_kept_what_can_be_shown() -> Result<()> {
        let secret = Secret::random()?;
        let said = format!("ok {}\n\0\u{202e}\u{1b}", secret.expose());
        assert_eq!(shown(said.as_bytes(), std::slice::from_ref(&secret)), "ok whsec_[secret]\n\\u{0}\\u{202e}\\u{1b}");
        assert_eq!(shown(&[0xff, b'a'], &[]), "\u{fffd}a");
        assert_eq!(shown("ä".repeat(2_000).as_bytes(), &[]).len(), KEPT);
        assert_eq!(shown("\0".repeat(2_000).as_bytes(), &[]).len(), KEPT / 5 * 5);
        Ok(())
    }
}
