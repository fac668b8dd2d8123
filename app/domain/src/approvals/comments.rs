//! What people say to each other about an item. It is no decision, and no agent is told.

use serde_json::json;

use super::{Detail, comments_store as store, outcomes::tell, service::get, store::look};
use crate::{Actor, Error, Result, audit::Entry, events::DomainEvent, ids::ApprovalId, services::Services};

/// The most characters of what somebody says.
const MAX: usize = 4_000;

/// Says something about an item; whoever sees it may.
pub async fn add(s: &Services, actor: &Actor, id: ApprovalId, body: &str) -> Result<Detail> {
    let body = body.trim();
    let bad = |constraint: &str, message: String| Err(Error::invalid("body", constraint, message));
    if body.is_empty() {
        return bad("required", "Please write something.".to_owned());
    }
    if body.chars().count() > MAX {
        return bad("maxLength", format!("At most {MAX} characters, please."));
    }
    if body.contains('\0') {
        return bad("noNul", "A NUL character is not allowed here.".to_owned());
    }
    let (user, _) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    let item = look(&mut tx, id).await?.ok_or_else(|| Error::not_found("approval"))?;
    store::insert(&mut tx, id, user, body).await?;
    let facts = json!({ "hash": hex::encode(&item.hash), "run": item.run });
    tx.audit(Entry::new("approval.commented", "approval", id.0).details(facts).personal(json!({ "body": body })));
    tell(&mut tx, DomainEvent::ApprovalCommented, id, &item);
    tx.commit().await?;
    get(s, actor, id).await
}
