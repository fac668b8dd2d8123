//! Invitations: how somebody comes to belong to a workspace.
//!
//! Each has a secret link, of which only a hash is stored. By mail, the link proves that the address is the person's own;
//! without the link, as better-auth's client accepts it, the account's address must have been proved before. By link alone,
//! the first who follows it may join. An id opens nothing.

use std::time::Duration;

use serde_json::json;

use super::{
    Invitation, InvitationStatus, MAX_PENDING, NewInvitation,
    invitations_store::{self as store, By},
    members::may_give,
    members_store,
};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp, Who,
    audit::Entry,
    auth::{self, Origin, User, rules, sessions::Token},
    db::TenantTx,
    events::{
        DomainEvent, Draft,
        payload::{Nothing, OfRole},
    },
    ids::{InvitationId, UserId, WorkspaceId},
    limits::{Door, Network, Subject},
    mail::letters::{self, Letter},
    services::Services,
};

/// How long an invitation can be accepted.
const LIFETIME: Duration = Duration::from_hours(48);
/// How many that are over are removed at a time.
const BATCH: i64 = 1_000;

/// The workspace's invitations that wait.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<Invitation>> {
    actor.require(Role::can_manage_members, "see invitations")?;
    let mut tx = s.db.tenant(actor).await?;
    store::of_workspace(&mut tx, None).await
}

/// Asks somebody to join, by mail, or without an address by a link for whoever is given it. Who is asked already is asked
/// again only with `again`, or when the time of the first invitation is over.
pub async fn invite(
    s: &Services,
    actor: &Actor,
    email: Option<&str>,
    role: Role,
    again: bool,
) -> Result<NewInvitation> {
    let by = actor.require(Role::can_manage_members, "invite people")?;
    if role == Role::Owner {
        return Err(Error::invalid(
            "role",
            "invitable",
            "Invite the person as an admin, then hand the workspace over.",
        ));
    }
    may_give(actor, role)?;
    let email = email.map(rules::email).transpose()?;
    let asking = Box::pin(ask(s, actor, by, email.as_deref(), role, again));
    counted(s, actor.workspace, email.as_deref(), asking).await
}

async fn ask(
    s: &Services,
    actor: &Actor,
    by: UserId,
    email: Option<&str>,
    role: Role,
    again: bool,
) -> Result<NewInvitation> {
    let mut tx = s.db.tenant(actor).await?;
    // Two who invite the same person at once: the second waits here and finds the first one's.
    still_may(&mut tx, by, role).await?;
    let mut waiting = None;
    if let Some(email) = email {
        if store::is_member(&mut tx, email).await? {
            return Err(Error::new(Code::Conflict, format!("{email} is a member already."))
                .with(json!({ "field": "email", "constraint": "unique" })));
        }
        waiting = store::waiting_for(&mut tx, email).await?;
        if matches!(waiting, Some((_, false))) && !again {
            return Err(Error::new(Code::Conflict, format!("{email} is invited already. You can send it again."))
                .with(json!({ "field": "email", "constraint": "unique" })));
        }
    }
    let (token, link) = new_link(s, email)?;
    let id = if let Some((id, _)) = waiting {
        store::renew(&mut tx, id, role, by, link).await?;
        id
    } else {
        if store::pending(&mut tx).await? >= MAX_PENDING as i64 {
            let why = format!("{MAX_PENDING} invitations wait already. Take some of them back first.");
            return Err(Error::new(Code::Conflict, why));
        }
        let id = InvitationId::new();
        store::insert(&mut tx, id, email, role, by, link).await?;
        id
    };
    sent(s, tx, id, &token).await
}

/// Sends one again, with another link and another 48 hours.
pub async fn resend(s: &Services, actor: &Actor, id: InvitationId) -> Result<NewInvitation> {
    let by = actor.require(Role::can_manage_members, "invite people")?;
    let mut tx = s.db.tenant(actor).await?;
    let known = one(&mut tx, id).await?;
    drop(tx);
    may_give(actor, known.role)?;
    let sending = Box::pin(async {
        let mut tx = s.db.tenant(actor).await?;
        still_may(&mut tx, by, known.role).await?;
        let (token, link) = new_link(s, known.email.as_deref())?;
        if !store::renew(&mut tx, id, known.role, by, link).await? {
            return Err(ended(known.status));
        }
        sent(s, tx, id, &token).await
    });
    counted(s, actor.workspace, known.email.as_deref(), sending).await
}

/// Locks the members, and refuses somebody who may not invite any more: what the request was checked with may be a second old,
/// and whoever was removed since has nobody in.
async fn still_may(tx: &mut TenantTx, by: UserId, role: Role) -> Result<()> {
    let members = members_store::lock(tx).await?;
    let own = members.iter().find_map(|(member, own)| (*member == by).then_some(*own));
    if own.is_some_and(|own| invites(own, role)) {
        return Ok(());
    }
    Err(Error::forbidden("You may not invite people to this workspace any more."))
}

/// Whether somebody with the role `own` may invite to `role`.
const fn invites(own: Role, role: Role) -> bool {
    own.can_manage_members() && own.may_manage(role)
}

/// Takes back what somebody has invited to who may not any more, having the role `left` from now on, or none: nobody comes back by
/// an own invitation.
pub(super) async fn take_back(tx: &mut TenantTx, inviter: UserId, left: Option<Role>) -> Result<()> {
    let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| left.is_none_or(|own| !invites(own, *role))).collect();
    for id in store::end_those_of(tx, inviter, &roles).await? {
        tx.audit(
            Entry::new("workspace.invitation.canceled", "invitation", id.0).details(json!({ "inviter": inviter })),
        );
        tx.emit(Draft::new(DomainEvent::InvitationCanceled(Nothing {}), id));
    }
    Ok(())
}

/// Writes to an address, so often and not more: per address, whichever workspace asks, per workspace, and from a network. A link
/// that nobody is sent is not counted, nor what comes to nothing.
async fn counted<T>(
    s: &Services,
    workspace: WorkspaceId,
    email: Option<&str>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let Some(email) = email else { return work.await };
    let network = Subject::Network(Network::of(s.db.address()));
    let invited = s.limits.enter(Door::Invited, &[Subject::Address(email)]).await?;
    let invites = match s.limits.enter(Door::Invite, &[Subject::Workspace(workspace), network]).await {
        Ok(pass) => pass,
        Err(error) => {
            invited.undo().await;
            return Err(error);
        }
    };
    let outcome = work.await;
    if outcome.is_ok() {
        invited.keep();
        invites.keep();
    } else {
        invited.undo().await;
        invites.undo().await;
    }
    outcome
}

/// A new link for whoever is invited.
fn new_link(s: &Services, email: Option<&str>) -> Result<(Token, store::Link)> {
    let token = Token::random()?;
    let link = store::Link {
        token: token.hash(),
        expires_at: Timestamp::now().plus(LIFETIME),
        mail_alone: email.is_some() && s.mailer.has_server(),
    };
    Ok((token, link))
}

/// Posts the letter of an invitation, records it, and commits.
async fn sent(s: &Services, mut tx: TenantTx, id: InvitationId, token: &Token) -> Result<NewInvitation> {
    let invitation = one(&mut tx, id).await?;
    let link = format!("{}/invite/{}", s.settings.public_url, token.expose());
    if let Some(email) = &invitation.email {
        let (who, what) = (&invitation.inviter_name, &invitation.workspace_name);
        // A new link is a new cause.
        let cause = format!("invitation {id} {}", hex::encode(&token.hash().0[..8]));
        let letter = Letter::new(cause, email, &format!("{who} invites you to {what} on HYVVE"))
            .line(&format!("{who} invites you to work in “{what}” as {}.", with_article(invitation.role)))
            .action("Look at the invitation", &link)
            .line("The link works for 48 hours and for this address only. If you do not know who this is, ignore this mail.");
        letters::post(tx.conn(), s, letter).await?;
    }
    tx.audit(
        Entry::new("workspace.member.invited", "invitation", id.0)
            .details(json!({ "role": invitation.role, "by": if invitation.email.is_some() { "mail" } else { "link" } }))
            .personal(json!({ "email": invitation.email })),
    );
    tx.emit(Draft::new(DomainEvent::MemberInvited(OfRole { role: invitation.role }), id));
    tx.commit().await?;
    let is_mailed = invitation.email.is_some() && s.mailer.has_server();
    Ok(NewInvitation { invitation, link: (!is_mailed).then_some(link) })
}

const fn with_article(role: Role) -> &'static str {
    match role {
        Role::Owner => "an owner",
        Role::Admin => "an admin",
        Role::Member => "a member",
        Role::Viewer => "a viewer",
        Role::Guest => "a guest",
    }
}

/// Takes one back. Its link opens nothing any more.
pub async fn cancel(s: &Services, actor: &Actor, id: InvitationId) -> Result<Invitation> {
    actor.require(Role::can_manage_members, "take invitations back")?;
    let mut tx = s.db.tenant(actor).await?;
    let known = one(&mut tx, id).await?;
    if !store::end(&mut tx, id, InvitationStatus::Canceled, None).await? {
        return Err(ended(known.status));
    }
    tx.audit(Entry::new("workspace.invitation.canceled", "invitation", id.0));
    tx.emit(Draft::new(DomainEvent::InvitationCanceled(Nothing {}), id));
    tx.commit().await?;
    Ok(Invitation { status: InvitationStatus::Canceled, ..known })
}

async fn one(tx: &mut TenantTx, id: InvitationId) -> Result<Invitation> {
    store::of_workspace(tx, Some(id)).await?.pop().ok_or_else(|| Error::not_found("invitation"))
}

/// How whoever is invited names an invitation.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    /// By its link.
    Link(&'a Token),
    /// By its id.
    Id(InvitationId),
}

/// An invitation as whoever has its link sees it, signed in or not. One whose link is no more is not found, and counted.
pub async fn opened(s: &Services, link: &Token, origin: &Origin) -> Result<Invitation> {
    auth::attempts::follow(s, origin, by_link(s, link)).await
}

pub(super) async fn by_link(s: &Services, link: &Token) -> Result<Invitation> {
    let mut tx = s.db.system("an invitation by its link").await?;
    let found = store::find(&mut tx, By::Token(link.hash())).await?.pop();
    found.ok_or_else(|| Error::new(Code::NotFound, "This invitation does not exist any more. Ask for another one."))
}

/// Those that wait for a person whose address is proved.
pub async fn waiting_for(s: &Services, user: &User) -> Result<Vec<Invitation>> {
    if !user.email_verified {
        return Ok(Vec::new());
    }
    let mut tx = s.db.system("a person's invitations").await?;
    store::find(&mut tx, By::Email(&user.email)).await
}

/// One that is for this person: named by its link, or by its id when the account's address is proved. Any other is not found.
pub async fn for_person(s: &Services, user: &User, key: Key<'_>) -> Result<Invitation> {
    let missing = || Error::not_found("invitation");
    match key {
        Key::Link(token) => {
            let invitation = by_link(s, token).await?;
            match &invitation.email {
                Some(email) if *email != user.email => Err(Error::forbidden(format!(
                    "This invitation is for another address, and you are signed in as {}. Sign in with the invited address.",
                    user.email
                ))),
                _ => Ok(invitation),
            }
        }
        Key::Id(id) => {
            let mut tx = s.db.system("an invitation by its id").await?;
            let found = store::find(&mut tx, By::Id(id)).await?.pop().ok_or_else(missing)?;
            if found.email.as_deref() != Some(&user.email) {
                return Err(missing());
            }
            if !user.email_verified {
                return Err(Error::forbidden(
                    "Open the link in the invitation’s mail: it proves that the address is yours.",
                ));
            }
            Ok(found)
        }
    }
}

/// Which workspace an invitation leads to: for whoever manages it, and names only the invitation.
pub async fn workspace_of(s: &Services, id: InvitationId) -> Result<WorkspaceId> {
    let mut tx = s.db.system("the workspace of an invitation").await?;
    let found = store::find(&mut tx, By::Id(id)).await?.pop();
    found.map(|invitation| invitation.workspace_id).ok_or_else(|| Error::not_found("invitation"))
}

/// Joins the workspace. Each invitation lets one person in, once.
pub async fn accept(s: &Services, user: &User, key: Key<'_>) -> Result<Invitation> {
    let invitation = for_person(s, user, key).await?;
    let mut tx = s.db.tenant(&Actor::system(invitation.workspace_id)).await?;
    tx.asked_by(Actor::user(invitation.workspace_id, user.id, invitation.role));
    // Whoever takes the workspace away has looked at who is in it.
    members_store::lock(&mut tx).await?;
    if !super::store::is_there(&mut tx).await? {
        return Err(Error::not_found("invitation"));
    }
    if !store::end(&mut tx, invitation.id, InvitationStatus::Accepted, Some(user.id)).await? {
        return Err(ended(one(&mut tx, invitation.id).await?.status));
    }
    if !members_store::add(&mut tx, user.id, invitation.role).await? {
        return Err(Error::new(Code::Conflict, "You belong to this workspace already."));
    }
    tx.audit(
        Entry::new("workspace.member.joined", "user", user.id.0)
            .details(json!({ "invitation": invitation.id, "role": invitation.role })),
    );
    tx.emit(Draft::new(DomainEvent::MemberJoined(OfRole { role: invitation.role }), user.id));
    // A link that whoever invites has seen as well shows nothing about who reads the mail.
    let proves = matches!(key, Key::Link(_)) && store::is_mail_alone(&mut tx, invitation.id).await?;
    tx.commit().await?;
    s.memberships.forget_all();
    if proves {
        auth::recovery::address_proved(s, user.id).await?;
    }
    Ok(Invitation { status: InvitationStatus::Accepted, ..invitation })
}

/// Declines.
pub async fn reject(s: &Services, user: &User, key: Key<'_>) -> Result<Invitation> {
    let invitation = for_person(s, user, key).await?;
    let mut tx = s.db.tenant(&Actor::system(invitation.workspace_id)).await?;
    // No member, so no role; the least of them names the person.
    tx.asked_by(Actor { workspace: invitation.workspace_id, who: Who::User { user: user.id, role: Role::Guest } });
    if !store::end(&mut tx, invitation.id, InvitationStatus::Rejected, None).await? {
        return Err(ended(one(&mut tx, invitation.id).await?.status));
    }
    tx.audit(Entry::new("workspace.invitation.rejected", "invitation", invitation.id.0));
    tx.emit(Draft::new(DomainEvent::InvitationRejected(Nothing {}), invitation.id));
    tx.commit().await?;
    Ok(Invitation { status: InvitationStatus::Rejected, ..invitation })
}

/// Where somebody who has just joined goes.
pub async fn slug_of(s: &Services, workspace: WorkspaceId) -> Result<String> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    Ok(super::store::get(&mut tx).await?.slug)
}

/// Removes invitations that ended a month ago, or were not used, with their addresses. Answers how many.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut gone = 0;
    loop {
        let mut tx = s.db.system("invitations that ended long ago").await?;
        let some = store::purge(&mut tx, BATCH).await?;
        tx.commit().await?;
        gone += some;
        if some < BATCH.unsigned_abs() {
            return Ok(gone);
        }
    }
}

/// Why an invitation that does not wait any more cannot be used.
pub(super) fn ended(status: InvitationStatus) -> Error {
    let why = match status {
        InvitationStatus::Pending => "The time of this invitation is over. Ask for another one.",
        InvitationStatus::Accepted => "This invitation was used already.",
        InvitationStatus::Rejected => "This invitation was declined.",
        InvitationStatus::Canceled => "This invitation was taken back.",
    };
    Error::new(Code::Conflict, why)
}
