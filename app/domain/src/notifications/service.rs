//! Telling people, and what they do with what they were told.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{KEPT_DAYS, Kind, Notification, store};
use crate::{
    Actor, Error, Page, PageRequest, Result, Role, Timestamp, Who, approvals,
    db::TenantTx,
    events::{
        DomainEvent, Draft,
        payload::{Nothing, Notified},
    },
    ids::{NotificationId, UserId, WorkspaceId},
    services::Services,
    workspaces,
};

/// What messages call one.
const SUBJECT: &str = "notification";

/// Who is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    /// One person; nobody, if he or she does not belong here.
    Person(UserId),
    /// All owners and admins.
    Deciders,
}

/// What is told, and because of what: who has been told of a cause is not told again.
pub(crate) struct Told {
    pub(crate) kind: Kind,
    pub(crate) cause: String,
    pub(crate) subject: (&'static str, Option<Uuid>),
    pub(crate) facts: Value,
}

/// Tells somebody, in the transaction of what it is about. Whoever did it knows, and is told nothing.
pub(crate) async fn tell(tx: &mut TenantTx, to: To, told: Told) -> Result<()> {
    let by = match tx.actor().who {
        Who::User { user, .. } => Some(user),
        Who::Agent { .. } | Who::System => None,
    };
    if matches!(to, To::Person(user) if by == Some(user)) {
        return Ok(());
    }
    let Told { kind, cause, subject: (subject_kind, subject_id), facts } = told;
    let new = store::New { kind, cause: &cause, subject_kind, subject_id, by, facts: &facts };
    if store::insert(tx, to, &new).await? > 0 {
        let event = Draft::about(DomainEvent::NotificationCreated(Notified { kind }), None);
        tx.emit(match to {
            To::Person(user) => event.only_for(user),
            To::Deciders => event,
        });
    }
    Ok(())
}

/// Tells everybody who may decide that something waits, unless that was said and not read.
pub(crate) async fn something_waits(tx: &mut TenantTx) -> Result<()> {
    // What is found unread stays so until this commits, and others see what waits.
    store::telling(tx).await?;
    let told = Told {
        kind: Kind::ApprovalWaiting,
        cause: "waiting".to_owned(),
        subject: ("approval", None),
        facts: json!({}),
    };
    tell(tx, To::Deciders, told).await
}

/// The words of the kinds that concern a role.
pub(super) fn kinds(role: Role) -> Vec<String> {
    let concerned = Kind::ALL.into_iter().filter(|kind| kind.concerns(role));
    concerned.map(|kind| kind.as_str().to_owned()).collect()
}

/// A page of what the actor was told, the newest first; only what was not read, if that is wanted.
pub async fn list(s: &Services, actor: &Actor, unread: bool, page: PageRequest) -> Result<Page<Notification>> {
    let (user, role) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    let (rows, total) = store::list(&mut tx, user, &kinds(role), unread, page).await?;
    let home = format!("/w/{}", workspaces::service::of(&mut tx).await?.slug);
    drop(tx);
    let waiting = if rows.iter().any(|row| row.kind == Kind::ApprovalWaiting) {
        approvals::service::pending_count(s, actor).await?
    } else {
        0
    };
    let shown = rows.into_iter().map(|row| Notification {
        id: row.id,
        kind: row.kind,
        text: row.kind.sentence(&row.facts, row.by.as_deref(), waiting),
        path: format!("{home}{}", row.kind.path(row.subject_id)),
        subject_kind: row.subject_kind,
        subject_id: row.subject_id,
        created_at: row.created_at,
        read_at: row.read_at,
    });
    Ok(page.of(shown.collect(), total))
}

/// How many the actor has not read; many are counted as a hundred.
pub async fn unread(s: &Services, actor: &Actor) -> Result<i64> {
    let (user, role) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    store::unread(&mut tx, user, &kinds(role)).await
}

/// Marks one as read. Once more is no error.
pub async fn read(s: &Services, actor: &Actor, id: NotificationId) -> Result<()> {
    let (user, _) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    if !store::is_there(&mut tx, user, id).await? {
        return Err(Error::not_found(SUBJECT));
    }
    mark(tx, user, Some(id)).await.map(drop)
}

/// Marks all as read; answers how many were not.
pub async fn read_all(s: &Services, actor: &Actor) -> Result<u64> {
    let (user, _) = actor.person()?;
    let tx = s.db.tenant(actor).await?;
    mark(tx, user, None).await
}

async fn mark(mut tx: TenantTx, user: UserId, only: Option<NotificationId>) -> Result<u64> {
    let marked = store::mark(&mut tx, user, only).await?;
    if marked > 0 {
        // For the person's other browsers.
        let read = DomainEvent::NotificationRead(Nothing {});
        tx.emit(Draft::about(read, only.map(|id| id.0)).only_for(user));
    }
    tx.commit().await?;
    Ok(marked)
}

/// Marks as read that approvals wait, where none does any more: what waits next is told anew.
pub(super) async fn settle_waiting(s: &Services) -> Result<()> {
    let mut tx = s.db.system("workspaces in which somebody was told to decide").await?;
    let found = store::told_to_decide(&mut tx).await?;
    drop(tx);
    for workspace in found {
        // One workspace's trouble keeps no other's from being settled.
        if let Err(error) = settle_waiting_in(s, workspace).await {
            tracing::warn!(workspace_id = %workspace, error.message = %error, "that approvals wait was not settled; trying again");
        }
    }
    Ok(())
}

async fn settle_waiting_in(s: &Services, workspace: WorkspaceId) -> Result<()> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    // Whoever proposes from here on finds nothing unread, and tells anew, once this has ended; where somebody does already, something
    // is about to wait.
    if !store::nobody_tells(&mut tx).await? || approvals::service::waiting(&mut tx).await? > 0 {
        return Ok(());
    }
    if store::nothing_waits(&mut tx).await? > 0 {
        tx.emit(Draft::about(DomainEvent::NotificationRead(Nothing {}), None));
        tx.commit().await?;
    }
    Ok(())
}

/// Removes what is older than it is kept, and what belonged to people who have left; answers how many.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("notifications of long ago, and of people who have left").await?;
    let before = Timestamp::now().minus(Duration::from_hours(24 * KEPT_DAYS));
    let removed = store::purge(&mut tx, before).await? + store::forget_those_who_left(&mut tx).await?;
    tx.commit().await?;
    Ok(removed)
}
