//! `send_email`: one plain-text mail to one recipient. Over SMTP it is tried once; without a mail server it is kept for
//! the mailbox page, in the ledger's transaction.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    arguments::{self, Arguments, object},
    registry::{NotApplied, Performed, Plan, Traits},
};
use crate::{
    Error, Result,
    approvals::Preview,
    auth::rules,
    db::TenantTx,
    ids::EffectId,
    mail::{self, Mailer, Outgoing, SendError},
};

pub(super) const NAME: &str = "send_email";
pub(super) const DESCRIPTION: &str =
    "Send one plain-text e-mail to one recipient. A person decides before anything is sent.";

#[derive(Deserialize)]
struct Input {
    to: String,
    subject: String,
    body: String,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["to", "subject", "body"],
        "properties": {
            "to": { "type": "string", "maxLength": 254, "description": "The recipient’s e-mail address." },
            "subject": { "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\r\\n]*$" },
            "body": { "type": "string", "minLength": 1, "maxLength": 50000, "description": "Plain text." },
        },
    })
}

pub(super) fn plan(arguments: &Arguments) -> Result<Plan, String> {
    let input: Input = arguments::typed(&arguments.values)?;
    // The address must be exactly what will be used: nothing is trimmed or lowered behind the decider's back.
    rules::email(&input.to).map_err(|e| e.message)?;
    if input.to.trim() != input.to || input.subject.chars().any(char::is_control) {
        return Err("Recipient and subject must be plain, without blanks around and control characters.".to_owned());
    }
    let subject: String = input.subject.chars().take(80).collect();
    Ok(Plan {
        title: format!("Mail “{subject}” to {}", input.to),
        targets: Vec::new(),
        expected: Default::default(),
        traits: traits(&input),
    })
}

/// Where stands what a mail was refused for.
pub(super) fn at_fault(values: &Map<String, Value>) -> String {
    let to = values.get("to").and_then(Value::as_str).unwrap_or_default();
    let good = rules::email(to).is_ok() && to.trim() == to;
    if good { "/subject" } else { "/to" }.to_owned()
}

/// Where it goes is its sort; its size the length of its text.
fn traits(input: &Input) -> Traits {
    let domain = input.to.rsplit_once('@').map_or("", |(_, domain)| domain).to_lowercase();
    let fields = json!({
        "recipient": { "address": input.to, "domain": domain }, "subject": input.subject, "body": input.body,
    });
    Traits {
        sort: format!("mail to {domain}"),
        size: input.body.chars().count() as f64,
        sensitive: Vec::new(),
        fields: object(fields),
    }
}

/// What a rule may ask about a mail.
pub(super) fn example() -> Map<String, Value> {
    object(json!({
        "recipient": { "address": "ada@example.com", "domain": "example.com" }, "subject": "Your discount", "body": "Dear Ada",
    }))
}

pub(super) fn preview(values: &Map<String, Value>, mailer: &Mailer) -> Result<Preview> {
    let Input { to, subject, body } = arguments::typed(values).map_err(Error::internal)?;
    Ok(Preview::Mail { to, subject, body, delivery: mailer.delivery().to_owned() })
}

/// Without a mail server: keeps the mail for the mailbox page.
pub(super) async fn keep(
    tx: &mut TenantTx,
    values: &Map<String, Value>,
    effect: EffectId,
) -> Result<Result<Value, NotApplied>> {
    let input: Input = arguments::typed(values).map_err(Error::internal)?;
    let id = mail::service::record(tx, effect, &input.to, &input.subject, &input.body, "mailbox").await?;
    Ok(Ok(
        json!({ "mail_id": id, "delivery": "mailbox", "note": "No mail server is configured; the mail is kept on the mailbox page and was not sent." }),
    ))
}

/// Over SMTP, once.
pub(super) async fn send(mailer: &Mailer, values: &Map<String, Value>, effect: EffectId) -> Performed {
    let input: Input = match arguments::typed(values) {
        Ok(input) => input,
        Err(e) => return Performed::Failed(e),
    };
    let mail = Outgoing { id: effect.0, to: &input.to, subject: &input.subject, text: &input.body, html: None };
    match mailer.send(&mail).await {
        Ok(()) => Performed::Done(json!({ "delivery": "smtp" })),
        Err(SendError::Refused(why) | SendError::NotYet(why)) => Performed::Failed(why),
        Err(SendError::Unknown(why)) => Performed::Unknown(why),
    }
}

/// The mail of an effect that SMTP has accepted, for the record.
pub(crate) async fn note_sent(tx: &mut TenantTx, values: &Map<String, Value>, effect: EffectId) -> Result<()> {
    let input: Input = arguments::typed(values).map_err(Error::internal)?;
    mail::service::record(tx, effect, &input.to, &input.subject, &input.body, "smtp").await.map(drop)
}
