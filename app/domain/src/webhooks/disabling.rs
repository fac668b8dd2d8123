//! An endpoint that is gone, or to which nothing gets through, is told nothing more; those who can do something about it are.

use serde_json::json;

use super::{Because, rules, store};
use crate::{
    Result,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::WebhookDisabled},
    ids::WebhookId,
    notifications::{
        Kind,
        service::{self as notifications, To, Told},
    },
};

/// What the log and events call it.
pub(super) const SUBJECT: &str = "webhook";

/// Disables an endpoint because of what it answered, unless it is already; the log, an event and letters say so.
pub(super) async fn disable(tx: &mut TenantTx, id: WebhookId, url: &str, because: Because) -> Result<()> {
    let Some(at) = store::disable(tx, id, because).await? else { return Ok(()) };
    let origin = rules::origin(url);
    note(tx, id, &origin, because);
    let why = match because {
        Because::Gone => "It answered with 410 Gone, which says that nobody is there any more.",
        Because::ByHand | Because::Failing => "Nothing has got through to it for 24 hours.",
    };
    let told = Told {
        kind: Kind::WebhookDisabled,
        cause: format!("webhook:{id}:{}", at.unix_millis()),
        subject: (SUBJECT, Some(id.0)),
        facts: json!({ "origin": origin, "why": why }),
    };
    notifications::tell(tx, To::Deciders, told).await
}

/// Writes that an endpoint was disabled into the log and the outbox.
pub(super) fn note(tx: &mut TenantTx, id: WebhookId, origin: &str, because: Because) {
    tx.audit(Entry::new("webhook.disabled", SUBJECT, id.0).details(json!({ "host": origin, "because": because })));
    tx.emit(Draft::new(DomainEvent::WebhookDisabled(WebhookDisabled { because }), id));
}
