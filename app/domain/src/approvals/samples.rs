//! Looking afterwards at a share of what went on by itself. Nobody who looks sees the score before having said something; what
//! is said is learned like a decision, and is all that is learned of what goes on by itself.

use serde_json::json;

use super::{
    Detail, Sample,
    outcomes::{checked, find_to_decide, tell},
    policies::service as policies,
    policy,
    routing::learn::{From, learn},
    samples_store as store,
    service::get,
    trail,
};
use crate::{
    Actor, Code, Error, Result, audit::Entry, canonical, db::TenantTx, events::DomainEvent, ids::ApprovalId,
    services::Services,
};

/// Draws by lot whether an item is looked at afterwards; answers whether it is.
pub(super) async fn draw(tx: &mut TenantTx, id: ApprovalId, tool: &str) -> Result<bool> {
    let share = policies::in_force(tx, tool).await?.thresholds.sample;
    let lot: [u8; 4] = canonical::random()?;
    let drawn = f64::from(u32::from_be_bytes(lot)) < share * f64::from(u32::MAX);
    if drawn {
        store::insert(tx, id).await?;
    }
    Ok(drawn)
}

/// Nobody need look afterwards at what was taken back.
pub(super) async fn undraw(tx: &mut TenantTx, id: ApprovalId) -> Result<()> {
    store::remove(tx, id).await
}

/// The look at an item, if it is one of the share.
pub(super) async fn of(tx: &mut TenantTx, id: ApprovalId) -> Result<Option<Sample>> {
    store::of(tx, id).await
}

/// How many wait for a look.
pub async fn open_count(s: &Services, actor: &Actor) -> Result<i64> {
    if actor.require(crate::Role::can_decide, "look at samples").is_err() {
        return Ok(0);
    }
    let mut tx = s.db.tenant(actor).await?;
    store::open(&mut tx).await
}

/// Says whether what went on by itself should have.
pub async fn review(s: &Services, actor: &Actor, id: ApprovalId, agreed: bool, said: Option<String>) -> Result<Detail> {
    let said = checked("notes", said.as_deref())?;
    if !agreed && said.is_none() {
        return Err(Error::invalid("notes", "required", "Please say what should have been different."));
    }
    let mut tx = s.db.tenant(actor).await?;
    let item = find_to_decide(&mut tx, actor, id).await?;
    let user = policy::person(actor, &item)?;
    if !store::review(&mut tx, id, user, agreed, said.as_deref()).await? {
        return Err(Error::new(Code::Conflict, "Nobody is asked for a look at this, or somebody has had it already."));
    }
    if let Some(lesson) = &item.lesson {
        learn(&mut tx, lesson, agreed, From::Sample).await?;
    }
    let (name, event): (_, fn(_) -> _) = if agreed {
        ("approval.confirmed", DomainEvent::ApprovalConfirmed)
    } else {
        ("approval.disputed", DomainEvent::ApprovalDisputed)
    };
    let mut entry = Entry::new(name, "approval", id.0).details(trail::told(&item));
    if let Some(said) = &said {
        entry = entry.personal(json!({ "note": said }));
    }
    tx.audit(entry);
    tell(&mut tx, event, id, &item);
    tx.commit().await?;
    get(s, actor, id).await
}
