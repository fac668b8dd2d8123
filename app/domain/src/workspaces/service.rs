//! Making and finding workspaces, and turning a person into an actor in one of them.

use serde_json::json;

use super::{Member, Membership, Workspace, seed, slugify, store};
use crate::{
    Actor, Code, Error, Result, Role,
    audit::Entry,
    auth::{self, Origin, Password, User, rules},
    canonical,
    db::TenantTx,
    events::Draft,
    ids::{UserId, WorkspaceId},
    services::Services,
};

/// How often a taken slug is tried again with another suffix.
const SLUG_TRIES: usize = 5;

/// Which workspace a request means: its id from a header or a query, or the slug of a page's address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Named {
    /// By id.
    Id(WorkspaceId),
    /// By slug.
    Slug(String),
}

/// The person as an actor in that workspace. A workspace that the person is not a member of answers like an unknown one.
///
/// A role that was read within the last second is believed, as a session is.
pub async fn actor(s: &Services, user: UserId, named: &Named) -> Result<Actor> {
    if let Named::Id(id) = named
        && let Some(role) = s.memberships.get(&(user, *id)).await
    {
        return Ok(Actor::user(*id, user, role));
    }
    let mut tx = s.db.user(user).await?;
    let found = match named {
        Named::Id(id) => store::membership(&mut tx, Some(id.0), None).await?,
        Named::Slug(slug) => store::membership(&mut tx, None, Some(slug)).await?,
    };
    let (workspace, role) = found.ok_or_else(|| Error::not_found("workspace"))?;
    s.memberships.put((user, workspace), role).await;
    Ok(Actor::user(workspace, user, role))
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

/// The people of the actor's workspace; guests do not see them.
pub async fn members(s: &Services, actor: &Actor) -> Result<Vec<Member>> {
    if actor.role() == Some(Role::Guest) {
        return Err(Error::forbidden("Guests do not see the members of a workspace."));
    }
    let mut tx = s.db.tenant(actor).await?;
    store::members(&mut tx).await
}

/// A person's role in the workspace of a running transaction.
pub(crate) async fn role_of(tx: &mut TenantTx, user: UserId) -> Result<Option<Role>> {
    store::role_of(tx, user).await
}

/// The first workspace of a new person: named after him or her, ready to be used.
pub async fn create_first(s: &Services, user: &User) -> Result<Workspace> {
    let first = user.name.split_whitespace().next().unwrap_or("My");
    create(s, user.id, &format!("{first}’s workspace")).await
}

/// Makes a workspace with its owner, the Sandbox provider, an agent and collections, all or nothing.
pub async fn create(s: &Services, owner: UserId, name: &str) -> Result<Workspace> {
    let name = rules::line(name, "name", 100, "Please enter a name.")?;
    let base = slugify(&name);
    for attempt in 0..SLUG_TRIES {
        let slug =
            if attempt == 0 { base.clone() } else { format!("{base}-{}", hex::encode(canonical::random::<3>()?)) };
        let actor = Actor::system(WorkspaceId::new());
        let mut tx = s.db.tenant(&actor).await?;
        if !store::insert(&mut tx, &slug, &name, owner).await? {
            continue;
        }
        seed::fill(&mut tx, s, owner).await?;
        tx.audit(
            Entry::new("workspace.created", "workspace", actor.workspace.0)
                .details(json!({ "slug": slug, "owner": owner })),
        );
        tx.emit(Draft::new("workspace.created", "workspace", actor.workspace.0, json!({})));
        let workspace = store::get(&mut tx).await?;
        tx.commit().await?;
        return Ok(workspace);
    }
    Err(Error::new(Code::Conflict, "Please choose another name.")
        .with(json!({ "field": "name", "constraint": "unique" })))
}

/// Writes a sign-in to the audit log of the workspace that the person lands in.
pub(crate) async fn note_sign_in(
    s: &Services,
    workspace: WorkspaceId,
    user: UserId,
    action: &'static str,
    origin: &Origin,
) -> Result<()> {
    let actor = actor(s, user, &Named::Id(workspace)).await?;
    let mut tx = s.db.tenant(&actor).await?;
    tx.audit(Entry::new(action, "user", user.0).personal(json!({ "ip": origin.ip, "userAgent": origin.user_agent })));
    tx.commit().await
}

/// Makes the demo: an account and a workspace named Acme, unless they are there. Answers the workspace.
pub async fn seed_demo(s: &Services, name: &str, email: &str, password: &Password) -> Result<Workspace> {
    let user = match auth::service::create_account(s, name, email, password).await {
        Ok(user) => user,
        Err(e) if e.code == Code::Conflict => auth::service::find_by_email(s, email).await?,
        Err(e) => return Err(e),
    };
    match memberships(s, user.id).await?.into_iter().next() {
        Some(first) => Ok(first.workspace),
        None => create(s, user.id, "Acme").await,
    }
}
