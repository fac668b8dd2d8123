//! Making, finding, changing and deleting workspaces, and turning a person into an actor in one of them.

use bytes::Bytes;
use serde_json::json;

use super::{
    DeletedWorkspace, FIRST_NAME, MAX_OWNED, Membership, NewWorkspace, Workspace, WorkspaceChanges, members,
    members_store, seed, slugify, store,
};
use crate::{
    Actor, Code, Error, Result, Role,
    api_keys::Presented,
    audit::{self, Entry},
    auth::{self, Password, SignedIn, User, rules},
    canonical,
    db::{SystemTx, TenantTx},
    events::{DomainEvent, Draft, payload::Nothing},
    ids::{UserId, WorkspaceId},
    pictures::{self, Change as PictureChange},
    services::Services,
};

/// How often a taken slug is tried again with another suffix.
const SLUG_TRIES: usize = 5;

/// What the details of an error say that a second factor would mend.
const SECOND_FACTOR_REQUIRED: &str = "second_factor_required";

/// Which workspace a request means: its id from a header or a query, or the slug of a page's address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Named {
    /// By id.
    Id(WorkspaceId),
    /// By slug.
    Slug(String),
}

/// How a person stands in a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The role.
    pub(super) role: Role,
    /// Whether the workspace lets in only sessions that have shown a second factor.
    pub(super) needs_second_factor: bool,
}

/// The person as an actor in that workspace. A workspace that the person is not a member of answers like an unknown one; one
/// that asks for a second factor, to a session that has shown none, with an error that says so. This is the one door: pages,
/// calls and streams all come through here, or, for keys, through [`actor_of_key`].
///
/// A standing that was read within the last half second is believed, as a session is.
pub async fn actor(s: &Services, who: &SignedIn, named: &Named) -> Result<Actor> {
    enter(s, who.user.id, named, who.session.second_factor_at.is_some()).await
}

/// The same for an API key, which cannot show a factor itself: its person has to have one where the workspace asks for it.
pub async fn actor_of_key(s: &Services, key: &Presented, named: &Named) -> Result<Actor> {
    enter(s, key.user, named, key.has_second_factor).await
}

async fn enter(s: &Services, user: UserId, named: &Named, has_second_factor: bool) -> Result<Actor> {
    let (workspace, standing) = standing(s, user, named).await?;
    if standing.needs_second_factor && !has_second_factor {
        let why = "This workspace asks for two-step verification. Set it up under Account → Security, then come back.";
        return Err(Error::forbidden(why).with(json!({ "reason": SECOND_FACTOR_REQUIRED, "workspaceId": workspace })));
    }
    Ok(Actor::user(workspace, user, standing.role))
}

/// The same for somebody who can show no factor: one who presses a button elsewhere. A workspace that asks for one lets nobody in so.
pub(crate) async fn actor_without_factor(s: &Services, user: UserId, named: &Named) -> Result<Actor> {
    enter(s, user, named, false).await
}

async fn standing(s: &Services, user: UserId, named: &Named) -> Result<(WorkspaceId, Standing)> {
    if let Named::Id(id) = named
        && let Some(standing) = s.memberships.get(&(user, *id)).await
    {
        return Ok((*id, standing));
    }
    let mut tx = s.db.user(user).await?;
    let asked = match named {
        Named::Id(id) => Some(s.memberships.ask(&(user, *id))),
        // Which workspace it is, and with it the part that a change of it belongs to, is known only afterwards.
        Named::Slug(_) => None,
    };
    let found = match named {
        Named::Id(id) => store::membership(&mut tx, Some(id.0), None).await?,
        Named::Slug(slug) => store::membership(&mut tx, None, Some(slug)).await?,
    };
    let (workspace, standing) = found.ok_or_else(|| Error::not_found("workspace"))?;
    if let Some(asked) = asked {
        s.memberships.put((user, workspace), asked, standing).await;
    }
    Ok((workspace, standing))
}

/// The person in a workspace that he or she belongs to: in this one if it is among them, else in the one that he or she came to
/// first.
pub(crate) async fn standing_of(
    tx: &mut SystemTx,
    user: UserId,
    workspace: Option<WorkspaceId>,
) -> Result<Option<Actor>> {
    let found = members_store::standing(tx, user, workspace).await?;
    Ok(found.map(|(workspace, role)| Actor::user(workspace, user, role)))
}

/// The person in all workspaces that he or she belongs to, always in the same order: who writes into several waits for nobody who
/// waits for him or her.
pub(crate) async fn standings_of(tx: &mut SystemTx, user: UserId) -> Result<Vec<Actor>> {
    let all = members_store::standings(tx, user).await?;
    Ok(all.into_iter().map(|(workspace, role)| Actor::user(workspace, user, role)).collect())
}

/// Whether an error is a workspace's that asks for a second factor.
pub fn asks_for_second_factor(error: &Error) -> bool {
    error.details.as_ref().is_some_and(|details| details["reason"] == SECOND_FACTOR_REQUIRED)
}

/// All workspaces of a person.
pub async fn memberships(s: &Services, user: UserId) -> Result<Vec<Membership>> {
    let mut tx = s.db.user(user).await?;
    store::memberships(&mut tx).await
}

/// The workspace that a person came to first.
pub async fn first_of(s: &Services, user: UserId) -> Result<Option<WorkspaceId>> {
    Ok(memberships(s, user).await?.first().map(|m| m.workspace.id))
}

/// The actor's workspace.
pub async fn get(s: &Services, actor: &Actor) -> Result<Workspace> {
    let mut tx = s.db.tenant(actor).await?;
    store::get(&mut tx).await
}

/// The workspace of a running transaction.
pub(crate) async fn of(tx: &mut TenantTx) -> Result<Workspace> {
    store::get(tx).await
}

/// The first workspace of a new person: named after him or her, ready to be used.
pub async fn create_first(s: &Services, user: &User) -> Result<Workspace> {
    let first = user.name.split_whitespace().next().unwrap_or("My");
    create(s, user.id, &format!("{first}{FIRST_NAME}")).await
}

/// Makes a workspace with its owner, the Sandbox provider, an agent and collections, all or nothing.
pub async fn create(s: &Services, owner: UserId, name: &str) -> Result<Workspace> {
    create_as(s, owner, NewWorkspace { name: name.to_owned(), ..NewWorkspace::default() }).await
}

/// The same, with the slug and the picture that somebody has chosen for it.
pub async fn create_as(s: &Services, owner: UserId, new: NewWorkspace) -> Result<Workspace> {
    let name = rules::line(&new.name, "name", 100, "Please enter a name.")?;
    let chosen = new.slug.map(|slug| super::slug(&slug)).transpose()?;
    let picture = match &new.image {
        Some(text) => PictureChange::said(text, None)?,
        None => PictureChange::Keep,
    };
    let picture = pictures::service::draw(picture).await?;
    let mut owned = s.db.system("how many workspaces the person has").await?;
    room_for_another(&mut owned, owner, "You").await?;
    let base = chosen.clone().unwrap_or_else(|| slugify(&name));
    for attempt in 0..SLUG_TRIES {
        let slug =
            if attempt == 0 { base.clone() } else { format!("{base}-{}", hex::encode(canonical::random::<3>()?)) };
        let actor = Actor::system(WorkspaceId::new());
        let mut tx = s.db.tenant(&actor).await?;
        if !store::insert(&mut tx, &slug, &name, owner).await? {
            if chosen.is_some() {
                return Err(slug_taken());
            }
            continue;
        }
        seed::fill(&mut tx, s, owner).await?;
        if let Some(path) = picture.path() {
            store::update(&mut tx, None, None, Some(&path), None).await?;
            pictures::service::set_of_workspace(&mut tx, &picture).await?;
        }
        tx.audit(
            Entry::new("workspace.created", "workspace", actor.workspace.0)
                .details(json!({ "slug": slug, "owner": owner })),
        );
        tx.emit(Draft::new(DomainEvent::WorkspaceCreated(Nothing {}), actor.workspace));
        let workspace = store::get(&mut tx).await?;
        tx.commit().await?;
        return Ok(workspace);
    }
    Err(Error::new(Code::Conflict, "Please choose another name.")
        .with(json!({ "field": "name", "constraint": "unique" })))
}

/// Refuses somebody who owns as many workspaces as one may. Until `tx` ends, the person's other requests wait here.
pub(super) async fn room_for_another(tx: &mut SystemTx, owner: UserId, who: &str) -> Result<()> {
    if members_store::lock_owned(tx, owner).await? < MAX_OWNED as i64 {
        return Ok(());
    }
    let verb = if who == "You" { "own" } else { "owns" };
    Err(Error::new(Code::Unprocessable, format!("{who} {verb} {MAX_OWNED} workspaces, which is as many as one may.")))
}

/// Changes the workspace.
pub async fn update(s: &Services, actor: &Actor, changes: WorkspaceChanges) -> Result<Workspace> {
    actor.require(Role::can_edit_workspace, "change the workspace")?;
    let name = changes.name.map(|name| rules::line(&name, "name", 100, "Please enter a name.")).transpose()?;
    let slug = changes.slug.map(|slug| super::slug(&slug)).transpose()?;
    let picture = match &changes.image {
        Some(text) => PictureChange::said(text, get(s, actor).await?.image.as_deref())?,
        None => PictureChange::Keep,
    };
    let picture = pictures::service::draw(picture).await?;
    let mut tx = s.db.tenant(actor).await?;
    let before = store::get(&mut tx).await?;
    if let Some(zone) = &changes.timezone
        && !store::knows_timezone(&mut tx, zone).await?
    {
        return Err(Error::invalid("timezone", "known", "Please name a time zone like Europe/Berlin."));
    }
    let zone = changes.timezone.as_deref();
    if !store::update(&mut tx, name.as_deref(), slug.as_deref(), picture.path().as_deref(), zone).await? {
        return Err(Error::new(Code::Conflict, "This address is taken. Please choose another.")
            .with(json!({ "field": "slug", "constraint": "unique" })));
    }
    pictures::service::set_of_workspace(&mut tx, &picture).await?;
    updated(tx, before).await
}

/// Takes an uploaded file as the workspace's picture, or takes the picture away.
pub async fn set_picture(s: &Services, actor: &Actor, file: Option<Bytes>) -> Result<Workspace> {
    actor.require(Role::can_edit_workspace, "change the workspace")?;
    let picture = pictures::service::draw(file.map_or(PictureChange::Remove, PictureChange::Take)).await?;
    let mut tx = s.db.tenant(actor).await?;
    let before = store::get(&mut tx).await?;
    store::update(&mut tx, None, None, picture.path().as_deref(), None).await?;
    pictures::service::set_of_workspace(&mut tx, &picture).await?;
    updated(tx, before).await
}

/// Writes down what has changed, and commits.
async fn updated(mut tx: TenantTx, before: Workspace) -> Result<Workspace> {
    let after = store::get(&mut tx).await?;
    let facts = |w: &Workspace| json!({ "name": w.name, "slug": w.slug, "image": w.image, "timezone": w.timezone });
    if facts(&before) == facts(&after) {
        return Ok(before);
    }
    tx.audit(
        Entry::new("workspace.updated", "workspace", after.id.0)
            .details(json!({ "before": facts(&before), "after": facts(&after) })),
    );
    tx.emit(Draft::new(DomainEvent::WorkspaceUpdated(Nothing {}), after.id));
    tx.commit().await?;
    Ok(after)
}

/// Gives a new workspace its name, and the address that goes with it if nobody has that.
pub async fn name(s: &Services, actor: &Actor, name: String) -> Result<Workspace> {
    let slug = slugify(&name);
    let slug = if is_free(s, &slug).await? { Some(slug) } else { None };
    update(s, actor, WorkspaceChanges { name: Some(name), slug, ..WorkspaceChanges::default() }).await
}

/// Why a workspace is not made at the address that somebody has chosen.
pub fn slug_taken() -> Error {
    Error::invalid("slug", "unique", "This slug is taken, or cannot stand in an address.")
}

/// Whether a slug is free and well formed.
pub async fn is_free(s: &Services, slug: &str) -> Result<bool> {
    let Ok(slug) = super::slug(slug) else { return Ok(false) };
    let mut tx = s.db.system("whether a slug is free").await?;
    store::is_free(&mut tx, &slug).await
}

/// Deletes the workspace: out of everybody's reach at once, recoverable for 30 days. `confirmed` is its name as the owner
/// typed it.
pub async fn delete(s: &Services, actor: &Actor, confirmed: Option<&str>) -> Result<()> {
    actor.require(Role::owns_workspace, "delete the workspace")?;
    let mut tx = s.db.tenant(actor).await?;
    let workspace = store::get(&mut tx).await?;
    if confirmed.is_some_and(|typed| typed.trim() != workspace.name) {
        return Err(Error::invalid("confirm", "equal", "Please type the workspace’s name exactly as it stands here."));
    }
    end(s, tx, actor).await
}

/// Deletes the workspace of somebody whose account ends, unless somebody else has come into it meanwhile.
pub(crate) async fn delete_alone(s: &Services, actor: &Actor) -> Result<()> {
    actor.require(Role::owns_workspace, "delete the workspace")?;
    let mut tx = s.db.tenant(actor).await?;
    // Whoever joins locks the members as well: either is here already, or finds that the workspace is gone.
    members_store::lock(&mut tx).await?;
    if members_store::all(&mut tx).await?.len() > 1 {
        let name = store::get(&mut tx).await?.name;
        let why = format!("Somebody has just come into {name}. Hand it over or delete it first.");
        return Err(Error::new(Code::Conflict, why).with(json!({ "workspaceId": actor.workspace })));
    }
    end(s, tx, actor).await
}

async fn end(s: &Services, mut tx: TenantTx, actor: &Actor) -> Result<()> {
    if !store::delete(&mut tx).await? {
        return Err(Error::not_found("workspace"));
    }
    tx.audit(Entry::new("workspace.deleted", "workspace", actor.workspace.0));
    tx.emit(Draft::new(DomainEvent::WorkspaceDeleted(Nothing {}), actor.workspace));
    tx.commit().await?;
    members::forget(s, actor.workspace, None).await
}

/// A person's deleted workspaces that can be had back.
pub async fn deleted(s: &Services, user: UserId) -> Result<Vec<DeletedWorkspace>> {
    let mut tx = s.db.system("deleted workspaces of a person").await?;
    store::deleted(&mut tx, user).await
}

/// Has a deleted workspace back, as it was. Only its owner can; to anybody else it is not there.
pub async fn restore(s: &Services, user: UserId, id: WorkspaceId) -> Result<Workspace> {
    let mut owned = s.db.system("a deleted workspace").await?;
    if !store::deleted(&mut owned, user).await?.iter().any(|w| w.id == id) {
        return Err(Error::not_found("workspace"));
    }
    room_for_another(&mut owned, user, "You").await?;
    let mut tx = s.db.tenant(&Actor::user(id, user, Role::Owner)).await?;
    if !store::restore(&mut tx).await? {
        return Err(Error::not_found("workspace"));
    }
    let workspace = store::get(&mut tx).await?;
    tx.audit(Entry::new("workspace.restored", "workspace", id.0));
    tx.emit(Draft::new(DomainEvent::WorkspaceRestored(Nothing {}), id));
    tx.commit().await?;
    Ok(workspace)
}

/// Removes workspaces whose time to be had back is over; HYVVE signs that it did, or their anchors would say that they were stolen.
/// Answers how many.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("deleted workspaces whose time is over").await?;
    let gone = store::lock_over(&mut tx).await?;
    audit::service::bury(s, &mut tx, &gone).await?;
    store::purge(&mut tx, &gone).await?;
    tx.commit().await?;
    for id in &gone {
        tracing::info!(workspace_id = %id, "a deleted workspace was purged");
    }
    Ok(gone.len() as u64)
}

/// Whether things are done in a workspace: it is there, and has not been deleted.
pub(crate) async fn is_open(s: &Services, id: WorkspaceId) -> Result<bool> {
    let mut tx = s.db.system("whether a workspace has been deleted").await?;
    store::is_open(&mut tx, id).await
}

/// Makes the demo: an account and a workspace named Acme, unless they are there. Answers the workspace.
pub async fn seed_demo(s: &Services, name: &str, email: &str, password: &Password) -> Result<Workspace> {
    let user = match auth::service::create_account(s, name, email, password).await {
        Ok(user) => {
            // Nobody gets a letter there, and nobody else can have made it.
            auth::recovery::address_proved(s, user.id).await?;
            user
        }
        Err(e) if e.code == Code::Conflict => auth::service::find_by_email(s, email).await?,
        Err(e) => return Err(e),
    };
    match memberships(s, user.id).await?.into_iter().next() {
        Some(first) => Ok(first.workspace),
        None => create(s, user.id, "Acme").await,
    }
}
