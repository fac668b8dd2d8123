//! Who looks at an item, until when somebody has to, and when it is out of sight.

use serde_json::json;

use super::{
    Care, Detail, Status, assignment,
    outcomes::{already_decided, find_to_decide},
    policy,
    service::get,
    store::{self, Locked},
    trail,
};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::Assigned},
    ids::ApprovalId,
    services::Services,
    workspaces::members::role_of,
};

/// Changes who looks at an item that waits, and until when.
pub async fn change(s: &Services, actor: &Actor, id: ApprovalId, care: Care) -> Result<Detail> {
    let mut tx = s.db.tenant(actor).await?;
    let item = find_waiting(&mut tx, actor, id).await?;
    give(&mut tx, id, item, care).await?;
    tx.commit().await?;
    get(s, actor, id).await
}

/// Takes an item for oneself, unless somebody else has it: of two who take it at once, one gets it.
pub async fn claim(s: &Services, actor: &Actor, id: ApprovalId) -> Result<Detail> {
    let mut tx = s.db.tenant(actor).await?;
    let item = find_waiting(&mut tx, actor, id).await?;
    let user = policy::person(actor, &item)?;
    // Whoever decides no more has nothing.
    if let Some(other) = item.asked.person.filter(|person| *person != user)
        && role_of(&mut tx, other).await?.is_some_and(Role::can_decide)
    {
        let who = assignment::name(&mut tx, other).await?;
        let why = format!("{who} has this already. Whoever may decide can hand it over.");
        return Err(Error::new(Code::Conflict, why));
    }
    if item.asked.person != Some(user) {
        give(&mut tx, id, item, Care { assignee_id: Some(Some(user)), ..Care::default() }).await?;
    }
    tx.commit().await?;
    get(s, actor, id).await
}

/// Hands back what one has taken, or was handed: nobody in particular is asked any more.
pub async fn release(s: &Services, actor: &Actor, id: ApprovalId) -> Result<Detail> {
    let mut tx = s.db.tenant(actor).await?;
    let item = find_waiting(&mut tx, actor, id).await?;
    if item.asked.person != Some(policy::person(actor, &item)?) {
        return Err(Error::new(Code::Conflict, "This is not yours to hand back."));
    }
    give(&mut tx, id, item, Care { assignee_id: Some(None), ..Care::default() }).await?;
    tx.commit().await?;
    get(s, actor, id).await
}

/// An item that waits, locked, on which the actor may decide.
async fn find_waiting(tx: &mut TenantTx, actor: &Actor, id: ApprovalId) -> Result<Locked> {
    let item = find_to_decide(tx, actor, id).await?;
    policy::person(actor, &item)?;
    if item.status == Status::Pending { Ok(item) } else { Err(already_decided(tx, id, &item).await?) }
}

async fn give(tx: &mut TenantTx, id: ApprovalId, item: Locked, care: Care) -> Result<()> {
    if let Some(Some(assignee)) = care.assignee_id {
        if !role_of(tx, assignee).await?.is_some_and(Role::can_decide) {
            return Err(Error::invalid("assigneeId", "unknown", "Only an owner or an admin can be asked to decide."));
        }
        if let Some(why) = item.parties().bars(assignee) {
            return Err(Error::invalid("assigneeId", "barred", why));
        }
    }
    for (field, at) in [("dueAt", care.due_at), ("snoozedUntil", care.snoozed_until)] {
        if let Some(Some(at)) = at
            && at.0 <= Timestamp::now().0
        {
            return Err(Error::invalid(field, "past", "This has passed already."));
        }
    }
    store::set_care(tx, id, &care).await?;
    let mut facts = trail::facts(&item);
    facts["changes"] = json!(care);
    tx.audit(Entry::new("approval.assigned", "approval", id.0).details(facts));
    if let Some(Some(assignee)) = care.assignee_id.filter(|assignee| *assignee != item.asked.person) {
        assignment::notify(tx, (id, &item.title), assignee, Timestamp::now().unix_millis()).await?;
    }
    let assigned = Assigned { title: item.title, run: item.run, changes: care };
    tx.emit(Draft::new(DomainEvent::ApprovalAssigned(assigned), id).only_for(item.requester));
    Ok(())
}
