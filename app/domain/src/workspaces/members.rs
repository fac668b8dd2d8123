//! Members: who belongs to a workspace, and as what.

use serde_json::json;

use super::{Member, invitations, members_store as store};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp, agents,
    audit::Entry,
    auth,
    db::{SystemTx, TenantTx},
    events::{
        DomainEvent, Draft,
        payload::{Nothing, OfRole},
    },
    ids::{RunId, UserId, WorkspaceId},
    notifications::{
        Kind,
        service::{self as notifications, To, Told},
    },
    services::Services,
};

/// Somebody who may decide on proposals, and set what they are decided by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Decider {
    pub(crate) id: UserId,
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) email: String,
    /// Whether he or she wants to be reminded by letters.
    pub(crate) reminded: bool,
    /// Since when he or she belongs to the workspace.
    pub(crate) since: Timestamp,
}

impl Decider {
    /// Who it is and in which role, as a vote counts.
    pub(crate) fn vote(&self) -> (UserId, Role) {
        (self.id, self.role)
    }
}

/// The people of the actor's workspace; guests do not see them.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<Member>> {
    if !actor.role().is_none_or(Role::sees_members) {
        return Err(Error::forbidden("Guests do not see the members of a workspace."));
    }
    let mut tx = s.db.tenant(actor).await?;
    store::all(&mut tx).await
}

/// Those of them who may decide on proposals, with their names.
pub async fn deciders(s: &Services, actor: &Actor) -> Result<Vec<(UserId, String)>> {
    let all = list(s, actor).await?.into_iter();
    Ok(all.filter(|member| member.role.can_decide()).map(|member| (member.user_id, member.name)).collect())
}

/// One of them.
pub async fn get(s: &Services, actor: &Actor, user: UserId) -> Result<Member> {
    list(s, actor).await?.into_iter().find(|m| m.user_id == user).ok_or_else(|| Error::not_found("member"))
}

/// The people of the workspace of a running transaction.
pub(crate) async fn all(tx: &mut TenantTx) -> Result<Vec<Member>> {
    store::all(tx).await
}

/// Everybody who may decide in the workspace of a running transaction, by their ids: whoever asks who these are asks here.
pub(crate) async fn who_decides(tx: &mut TenantTx) -> Result<Vec<Decider>> {
    store::deciders(tx).await
}

/// A person's role in the workspace of a running transaction.
pub(crate) async fn role_of(tx: &mut TenantTx, user: UserId) -> Result<Option<Role>> {
    store::role_of(tx, user).await
}

/// Gives a member another role. It holds from the next request on.
pub async fn change_role(s: &Services, actor: &Actor, user: UserId, role: Role) -> Result<Member> {
    actor.require(Role::can_manage_members, "change roles")?;
    may_give(actor, role)?;
    let _room = if role == Role::Owner { Some(room_to_own(s, actor, user).await?) } else { None };
    let mut tx = s.db.tenant(actor).await?;
    let members = Locked::all(&mut tx).await?;
    let before = members.managed(actor, user)?;
    if before != role {
        members.keeps_an_owner_without(user, role)?;
        store::set_role(&mut tx, user, role).await?;
        invitations::take_back(&mut tx, user, Some(role)).await?;
        tx.audit(
            Entry::new("workspace.member.role_changed", "user", user.0)
                .details(json!({ "before": before, "after": role })),
        );
        tx.emit(Draft::new(DomainEvent::MemberRoleChanged(OfRole { role }), user));
        tell_role(&mut tx, user, role).await?;
        tx.commit().await?;
        s.memberships.forget_all();
    }
    get(s, actor, user).await
}

async fn tell_role(tx: &mut TenantTx, user: UserId, role: Role) -> Result<()> {
    let told = Told {
        kind: Kind::RoleChanged,
        cause: format!("role:{role}:{}", Timestamp::now().unix_millis()),
        subject: ("user", Some(user.0)),
        facts: json!({ "role": role }),
    };
    notifications::tell(tx, To::Person(user), told).await
}

/// Removes a member. What the person made stays; sessions, keys and open streams lose the workspace at once.
pub async fn remove(s: &Services, actor: &Actor, user: UserId) -> Result<()> {
    let by = actor.require(Role::can_manage_members, "remove members")?;
    if by == user {
        return leave(s, actor).await;
    }
    let mut tx = s.db.tenant(actor).await?;
    let role = Locked::all(&mut tx).await?.managed(actor, user)?;
    let stopped = gone(&mut tx, DomainEvent::MemberRemoved(Nothing {}), user, role).await?;
    tx.commit().await?;
    for run in stopped {
        s.hub.cancel(run);
    }
    forget(s, actor.workspace, Some(user)).await
}

/// The person leaves the workspace. Its last owner cannot.
pub async fn leave(s: &Services, actor: &Actor) -> Result<()> {
    let (user, role) = actor.person()?;
    let mut tx = s.db.tenant(&Actor::system(actor.workspace)).await?;
    tx.asked_by(*actor);
    Locked::all(&mut tx).await?.keeps_an_owner_without(user, Role::Guest)?;
    let stopped = gone(&mut tx, DomainEvent::MemberLeft(Nothing {}), user, role).await?;
    tx.commit().await?;
    for run in stopped {
        s.hub.cancel(run);
    }
    forget(s, actor.workspace, Some(user)).await
}

/// Hands the workspace over: the other one becomes an owner, the actor an admin.
pub async fn transfer(s: &Services, actor: &Actor, to: UserId) -> Result<()> {
    let from = actor.require(Role::owns_workspace, "hand the workspace over")?;
    if from == to {
        return Err(Error::new(Code::Conflict, "You own this workspace already."));
    }
    let _room = room_to_own(s, actor, to).await?;
    let mut tx = s.db.tenant(actor).await?;
    let members = Locked::all(&mut tx).await?;
    // What the request was checked with may be a second old.
    if members.role(from) != Some(Role::Owner) {
        return Err(Error::forbidden("You do not own this workspace any more."));
    }
    let before = members.managed(actor, to)?;
    // Downwards last: only an owner may make an owner.
    store::set_role(&mut tx, to, Role::Owner).await?;
    store::set_role(&mut tx, from, Role::Admin).await?;
    tx.audit(
        Entry::new("workspace.transferred", "workspace", actor.workspace.0)
            .details(json!({ "from": from, "to": to, "before": before })),
    );
    tell_role(&mut tx, to, Role::Owner).await?;
    tx.emit(Draft::new(DomainEvent::MemberRoleChanged(OfRole { role: Role::Owner }), to));
    tx.emit(Draft::new(DomainEvent::MemberRoleChanged(OfRole { role: Role::Admin }), from));
    tx.commit().await?;
    s.memberships.forget_all();
    Ok(())
}

/// Refuses a member who owns as many workspaces as one may; somebody who is no member is not even counted. The person gets no
/// other one until what this answers is dropped. Ask before members are locked: two that wait for each other, each in the
/// other's order, would wait for ever, and the database could not tell.
async fn room_to_own(s: &Services, actor: &Actor, user: UserId) -> Result<SystemTx> {
    let is_owner = get(s, actor, user).await?.role == Role::Owner;
    let mut owned = s.db.system("how many workspaces a new owner has").await?;
    if !is_owner {
        super::service::room_for_another(&mut owned, user, "This person").await?;
    }
    Ok(owned)
}

/// Refuses a role that the actor may not give.
pub(super) fn may_give(actor: &Actor, role: Role) -> Result<()> {
    if actor.role().is_some_and(|own| own.may_manage(role)) {
        return Ok(());
    }
    Err(Error::forbidden("Only an owner may make somebody an owner."))
}

/// Takes the workspace from a member, whose agents stop and whose invitations end. Answers the runs of which their drivers have
/// to be told.
async fn gone(tx: &mut TenantTx, event: DomainEvent, user: UserId, role: Role) -> Result<Vec<RunId>> {
    store::remove(tx, user).await?;
    invitations::take_back(tx, user, None).await?;
    let stopped = agents::service::stop_those_of(tx, user).await?;
    tx.audit(Entry::new(event.name(), "user", user.0).details(json!({ "role": role })));
    tx.emit(Draft::new(event, user));
    Ok(stopped)
}

/// After somebody, or everybody, lost the workspace.
pub(super) async fn forget(s: &Services, workspace: WorkspaceId, user: Option<UserId>) -> Result<()> {
    s.memberships.forget_all();
    auth::service::forget_workspace(s, workspace, user).await
}

/// All members of a workspace, locked.
struct Locked(Vec<(UserId, Role)>);

impl Locked {
    async fn all(tx: &mut TenantTx) -> Result<Self> {
        store::lock(tx).await.map(Self)
    }

    fn role(&self, user: UserId) -> Option<Role> {
        self.0.iter().find_map(|(member, role)| (*member == user).then_some(*role))
    }

    /// The role of a member whom the actor may manage. The role that the request was checked with may be a second old, so the
    /// locked one counts as well.
    fn managed(&self, actor: &Actor, user: UserId) -> Result<Role> {
        let role = self.role(user).ok_or_else(|| Error::not_found("member"))?;
        let now = actor.user_id().and_then(|own| self.role(own));
        if [actor.role(), now].iter().all(|own| own.is_some_and(|own| own.may_manage(role))) {
            Ok(role)
        } else {
            Err(Error::forbidden("Only an owner may change or remove an owner."))
        }
    }

    /// Whether another owner stays when this one becomes `role`.
    fn keeps_an_owner_without(&self, user: UserId, role: Role) -> Result<()> {
        if role == Role::Owner || self.0.iter().any(|(member, role)| *member != user && *role == Role::Owner) {
            return Ok(());
        }
        Err(Error::new(Code::Conflict, "A workspace needs an owner. Hand it over first, or delete it."))
    }
}
