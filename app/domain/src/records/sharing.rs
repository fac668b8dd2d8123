//! Who sees a record besides those who see all: the member that it is assigned to, and people that it is shared with.

use serde_json::json;

use super::{Access, service, sharing_store as store};
use crate::{
    Actor, Error, Result, Role,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::Nothing},
    ids::{RecordId, UserId},
    services::Services,
    workspaces::members,
};

/// Who sees the record.
pub async fn access(s: &Services, actor: &Actor, id: RecordId) -> Result<Access> {
    let mut tx = begin(s, actor, id, "see who sees a record").await?;
    store::access(&mut tx, id).await
}

/// Whose a record is: of the member that it is assigned to, or else of whoever it belongs to.
pub(crate) async fn holder(tx: &mut TenantTx, id: RecordId) -> Result<Option<UserId>> {
    store::holder(tx, id).await
}

/// Gives a record to a member, or to nobody.
pub async fn assign(s: &Services, actor: &Actor, id: RecordId, to: Option<UserId>) -> Result<Access> {
    let mut tx = begin(s, actor, id, "assign records").await?;
    if let Some(user) = to {
        let role = members::role_of(&mut tx, user).await?.ok_or_else(|| Error::not_found("member"))?;
        if !role.can_be_assigned() {
            let why = format!("A record cannot be assigned to a {role}. Share it instead.");
            return Err(Error::invalid("userId", "assignable", why));
        }
    }
    let now = store::access(&mut tx, id).await?;
    let before = now.assigned_to.as_ref().map(|person| person.user_id);
    if before == to {
        return Ok(now);
    }
    store::assign(&mut tx, id, to).await?;
    let entry = Entry::new("record.assigned", "record", id.0).details(json!({ "before": before, "after": to }));
    changed(tx, id, entry, &DomainEvent::RecordAssigned(Nothing {}), &[before, to]).await
}

/// Shares a record with somebody of the workspace. To share it twice is no error.
pub async fn share(s: &Services, actor: &Actor, id: RecordId, with: UserId) -> Result<Access> {
    let by = actor.require(Role::shares_records, "share records")?;
    let mut tx = begin(s, actor, id, "share records").await?;
    let role = members::role_of(&mut tx, with).await?.ok_or_else(|| Error::not_found("member"))?;
    if role.sees_all_records() {
        return Err(Error::invalid("userId", "shareable", "This person sees every record already."));
    }
    if !store::share(&mut tx, id, with, by).await? {
        return store::access(&mut tx, id).await;
    }
    let entry = Entry::new("record.shared", "record", id.0).details(json!({ "with": with }));
    changed(tx, id, entry, &DomainEvent::RecordShared(Nothing {}), &[Some(with)]).await
}

/// Takes it back. To take back what was not shared is no error.
pub async fn unshare(s: &Services, actor: &Actor, id: RecordId, with: UserId) -> Result<Access> {
    let mut tx = begin(s, actor, id, "share records").await?;
    if !store::unshare(&mut tx, id, with).await? {
        return store::access(&mut tx, id).await;
    }
    let entry = Entry::new("record.unshared", "record", id.0).details(json!({ "with": with }));
    changed(tx, id, entry, &DomainEvent::RecordUnshared(Nothing {}), &[Some(with)]).await
}

async fn begin(s: &Services, actor: &Actor, id: RecordId, what: &str) -> Result<TenantTx> {
    actor.require(Role::shares_records, what)?;
    let mut tx = s.db.tenant(actor).await?;
    service::find(&mut tx, id, false).await?;
    Ok(tx)
}

/// Writes it down, and tells those whom it is about: the open pages of somebody who lost a record learn it too.
async fn changed(
    mut tx: TenantTx,
    id: RecordId,
    entry: Entry,
    event: &DomainEvent,
    about: &[Option<UserId>],
) -> Result<Access> {
    let now = store::access(&mut tx, id).await?;
    tx.audit(entry);
    for user in about.iter().flatten() {
        tx.emit(Draft::new(event.clone(), id).only_for(*user));
    }
    tx.commit().await?;
    Ok(now)
}
