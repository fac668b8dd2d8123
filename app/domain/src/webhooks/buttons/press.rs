//! What Slack sends when somebody presses a button, and whether it is Slack that sends it
//! (<https://docs.slack.dev/authentication/verifying-requests-from-slack>).

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::{Timestamp, approvals::Verdict, ids::ApprovalId};

/// The action of the button that says yes.
pub(super) const APPROVE: &str = "approve";
/// The action of the one that says no.
pub(super) const REJECT: &str = "reject";
/// How old a request may be, and how far ahead its clock, in seconds.
const FRESH: i64 = 5 * 60;
/// The longest name of a user that is kept, in characters.
const NAME: usize = 100;

/// The headers that Slack signs with.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `X-Slack-Request-Timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `X-Slack-Signature`: `v0=` and an HMAC in hexadecimal.
    pub signature: &'a str,
}

impl Signed<'_> {
    /// Whether this secret has signed exactly these bytes, within the last five minutes. The comparison takes the same time whatever
    /// differs.
    pub(super) fn is_by(self, secret: &SecretString, body: &[u8], now: Timestamp) -> bool {
        let digits = !self.timestamp.is_empty() && self.timestamp.bytes().all(|b| b.is_ascii_digit());
        let fresh = digits
            && self
                .timestamp
                .parse::<i64>()
                .is_ok_and(|at| now.unix_seconds().checked_sub(at).is_some_and(|age| age.abs() <= FRESH));
        let Some(Ok(tag)) = self.signature.strip_prefix("v0=").map(hex::decode) else { return false };
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let signed = [b"v0:", self.timestamp.as_bytes(), b":", body].concat();
        hmac::verify(&key, &signed, &tag).is_ok() && fresh
    }
}

/// Somebody has pressed a button of ours.
pub(super) struct Press {
    pub(super) slack_user: String,
    pub(super) slack_name: String,
    pub(super) item: ApprovalId,
    /// What the message was about, hexadecimal.
    pub(super) hash: String,
    pub(super) verdict: Verdict,
    /// Where Slack shows an answer to whoever pressed.
    pub(super) answer_to: Option<String>,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    user: User,
    #[serde(default)]
    actions: Vec<Action>,
    #[serde(default)]
    response_url: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Action {
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    value: String,
}

/// The value of a button: which item, and the hash of exactly what would run.
pub(super) fn value(item: ApprovalId, hash: &str) -> String {
    format!("{item} {hash}")
}

/// The press in a body; `None`: something else of Slack's, which is no decision.
pub(super) fn read(body: &[u8]) -> Option<Press> {
    let (_, payload) = form_urlencoded::parse(body).find(|(name, _)| name == "payload")?;
    let payload: Payload = serde_json::from_str(&payload).ok()?;
    if payload.kind != "block_actions" || payload.user.id.is_empty() || payload.user.id.len() > NAME {
        return None;
    }
    let [action] = &payload.actions[..] else { return None };
    let verdict = match action.action_id.as_str() {
        APPROVE => Verdict::Approve,
        REJECT => Verdict::Reject,
        _ => return None,
    };
    let (item, hash) = action.value.split_once(' ')?;
    let User { id, username, name } = payload.user;
    let called = if username.is_empty() { name } else { username };
    let called: String = called.chars().filter(|c| !c.is_control()).take(NAME).collect();
    Some(Press {
        slack_name: if called.is_empty() { id.clone() } else { called },
        slack_user: id,
        item: item.parse().ok()?,
        hash: hash.to_owned(),
        verdict,
        answer_to: payload.response_url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slack's own example.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    #[test]
    fn a_signature_is_slacks_and_of_the_last_minutes() {
        let at = |seconds| {
            Timestamp(time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH))
        };
        let secret = SecretString::from(SECRET);
        let signed = Signed { timestamp: "1531420618", signature: SIGNATURE };
        assert!(signed.is_by(&secret, BODY.as_bytes(), at(1_531_420_618)));
        assert!(signed.is_by(&secret, BODY.as_bytes(), at(1_531_420_918)));
        assert!(!signed.is_by(&secret, BODY.as_bytes(), at(1_531_420_919)), "too old");
        assert!(!signed.is_by(&secret, BODY.as_bytes(), at(1_531_420_317)), "from the future");
        assert!(!signed.is_by(&SecretString::from("another"), BODY.as_bytes(), at(1_531_420_618)));
        assert!(!signed.is_by(&secret, &BODY.as_bytes()[1..], at(1_531_420_618)));
        for (timestamp, signature) in [
            ("1531420619", SIGNATURE),
            ("", SIGNATURE),
            ("-1", SIGNATURE),
            ("1531420618", ""),
            ("1531420618", "v0="),
            ("1531420618", &SIGNATURE[3..]),
        ] {
            assert!(
                !Signed { timestamp, signature }.is_by(&secret, BODY.as_bytes(), at(1_531_420_618)),
                "{timestamp} {signature}"
            );
        }
    }

    #[test]
    fn only_a_button_of_ours_is_a_press() {
        let item = ApprovalId::new();
        let body = |payload: serde_json::Value| {
            form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish()
        };
        let action = serde_json::json!({ "action_id": "approve", "value": value(item, "abc") });
        let press = |kind: &str, actions: Vec<&serde_json::Value>| {
            read(body(serde_json::json!({ "type": kind, "user": { "id": "U1", "username": "ada\n" }, "actions": actions })).as_bytes())
        };
        let found = press("block_actions", vec![&action]);
        assert!(
            found.is_some_and(|p| (p.item, p.hash.as_str(), p.slack_name.as_str(), p.verdict)
                == (item, "abc", "ada", Verdict::Approve))
        );
        let link = serde_json::json!({ "action_id": "open", "value": value(item, "abc") });
        assert!(press("block_actions", vec![&link]).is_none());
        assert!(press("block_actions", vec![&action, &action]).is_none());
        assert!(press("view_submission", vec![&action]).is_none());
        assert!(read(b"payload=nonsense").is_none() && read(b"").is_none());
    }
}
