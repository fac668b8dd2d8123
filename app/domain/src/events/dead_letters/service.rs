//! What owners and admins do with dead letters.

use serde_json::json;

use super::{DeadLetter, store};
use crate::{
    Actor, Error, Page, PageRequest, Result, Role,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::OfDeadLetter},
    ids::DeadLetterId,
    services::Services,
};

/// What messages call one.
const SUBJECT: &str = "dead letter";

fn enter(actor: &Actor) -> Result<()> {
    actor.require(Role::handles_dead_letters, "deal with dead letters").map(drop)
}

/// Dead letters, the newest first.
pub async fn list(s: &Services, actor: &Actor, page: PageRequest) -> Result<Page<DeadLetter>> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    let (items, total) = store::page(&mut tx, None, page).await?;
    Ok(page.of(items, total))
}

/// One of them.
pub async fn get(s: &Services, actor: &Actor, id: DeadLetterId) -> Result<DeadLetter> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    found(&mut tx, id).await
}

async fn found(tx: &mut TenantTx, id: DeadLetterId) -> Result<DeadLetter> {
    let (mut found, _) = store::page(tx, Some(id), PageRequest::default()).await?;
    found.pop().ok_or_else(|| Error::not_found(SUBJECT))
}

/// Has the event tried again, as often as before. Once it is dealt with, the dead letter is gone.
pub async fn requeue(s: &Services, actor: &Actor, id: DeadLetterId) -> Result<DeadLetter> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    if !store::requeue(&mut tx, id).await? {
        return Err(Error::not_found(SUBJECT));
    }
    let letter = found(&mut tx, id).await?;
    log(&mut tx, DomainEvent::EventRequeued, &letter);
    tx.commit().await?;
    Ok(letter)
}

/// Gives the event up: its consumer never deals with it.
pub async fn discard(s: &Services, actor: &Actor, id: DeadLetterId) -> Result<()> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    let letter = found(&mut tx, id).await?;
    if !store::delete(&mut tx, id).await? {
        return Err(Error::not_found(SUBJECT));
    }
    log(&mut tx, DomainEvent::EventDiscarded, &letter);
    tx.commit().await
}

/// The event that says so is also what tells the consumer that there is something to do.
fn log(tx: &mut TenantTx, what: fn(OfDeadLetter) -> DomainEvent, letter: &DeadLetter) {
    let event = what(OfDeadLetter { consumer: letter.consumer.clone() });
    let details = json!({ "consumer": letter.consumer, "event": letter.event.id, "type": letter.event.name });
    tx.audit(Entry::new(event.name(), "event", letter.event.id).details(details));
    tx.emit(Draft::new(event, letter.event.id));
}

/// Removes those that nobody has looked after for long; answers how many.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("dead letters of long ago").await?;
    let removed = store::purge(&mut tx).await?;
    tx.commit().await?;
    Ok(removed)
}
