//! Who looks at an item, until when somebody has to, and when it is out of sight.

use serde_json::json;

use super::{
    Care, Detail, Status, assignment,
    outcomes::{already_decided, find_to_decide},
    policy,
    service::get,
    store, trail,
};
use crate::{
    Actor, Error, Result, Role, Timestamp,
    audit::Entry,
    events::{DomainEvent, Draft, payload::Assigned},
    ids::ApprovalId,
    services::Services,
    workspaces::members::role_of,
};

/// Changes who looks at an item that waits, and until when.
pub async fn change(s: &Services, actor: &Actor, id: ApprovalId, care: Care) -> Result<Detail> {
    let mut tx = s.db.tenant(actor).await?;
    let item = find_to_decide(&mut tx, actor, id).await?;
    policy::person(actor, &item)?;
    if item.status != Status::Pending {
        return Err(already_decided(&mut tx, id, &item).await?);
    }
    if let Some(Some(assignee)) = care.assignee_id {
        if !role_of(&mut tx, assignee).await?.is_some_and(Role::can_decide) {
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
    let before = store::assignee(&mut tx, id).await?;
    store::set_care(&mut tx, id, &care).await?;
    let mut facts = trail::facts(&item);
    facts["changes"] = json!(care);
    tx.audit(Entry::new("approval.assigned", "approval", id.0).details(facts));
    if let Some(Some(assignee)) = care.assignee_id.filter(|assignee| *assignee != before) {
        assignment::notify(&mut tx, (id, &item.title), assignee, Timestamp::now().unix_millis()).await?;
    }
    let assigned = Assigned { title: item.title, run: item.run, changes: care };
    tx.emit(Draft::new(DomainEvent::ApprovalAssigned(assigned), id).only_for(item.requester));
    tx.commit().await?;
    get(s, actor, id).await
}
