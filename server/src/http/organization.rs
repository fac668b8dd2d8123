//! Workspaces as better-auth's organization client knows them. Its calls map one to one to ours; its spelling of fields wins
//! here, and fields that we do not know are ignored. A member's id is the person's: a person is a member once.

use std::collections::BTreeMap;

use axum::Json as Reply;
use hyvve_domain::{
    Actor, Code, Error, Role,
    auth::service as sessions,
    ids::{InvitationId, UserId, WorkspaceId},
    services::Services,
    workspaces::{
        Invitation, Member, NewWorkspace, Workspace, WorkspaceChanges, invitations, members,
        service::{self, Named},
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::or_none;
use crate::{
    asking::{self, Person},
    extract::{Json, Query},
    reply::Answer,
};

/// Which one: by id, by slug, or the one that the session used last.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Which {
    organization_id: Option<WorkspaceId>,
    organization_slug: Option<String>,
}

impl Which {
    fn named(self, asking: &Person) -> Option<Named> {
        let last = asking.signed_in.session.active_organization_id;
        self.organization_id.map(Named::Id).or(self.organization_slug.map(Named::Slug)).or(last.map(Named::Id))
    }

    async fn enter(self, asking: Person) -> Answer<asking::Entered> {
        let named = self.named(&asking).ok_or_else(|| {
            Error::invalid("organizationId", "required", "Name an organization, or set an active one first.")
        })?;
        asking.enter(&named).await
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Organization {
    id: WorkspaceId,
    name: String,
    slug: String,
    logo: Option<String>,
    metadata: Value,
    created_at: String,
}

impl From<Workspace> for Organization {
    fn from(w: Workspace) -> Self {
        let created_at = w.created_at.to_string();
        Self { id: w.id, name: w.name, slug: w.slug, logo: w.image, metadata: Value::Null, created_at }
    }
}

fn member(workspace: WorkspaceId, m: &Member) -> Value {
    json!({
        "id": m.user_id, "userId": m.user_id, "organizationId": workspace, "role": m.role, "createdAt": m.created_at,
        "user": { "id": m.user_id, "name": m.name, "email": m.email, "image": m.image },
    })
}

/// Whoever asks, as a member. HYVVE looks: guests see no members, and one joins also where one cannot come in yet, for want of a
/// second factor.
async fn oneself(s: &Services, workspace: WorkspaceId, user: UserId) -> Answer<Value> {
    Ok(member(workspace, &members::get(s, &Actor::system(workspace), user).await?))
}

fn invitation(i: &Invitation) -> Value {
    json!({
        "id": i.id, "email": i.email, "role": i.role, "status": i.status, "organizationId": i.workspace_id,
        "organizationName": i.workspace_name, "inviterId": i.inviter_id, "expiresAt": i.expires_at, "createdAt": i.created_at,
    })
}

/// A list, or an empty one for whom it is not.
fn as_far_as_allowed<T>(list: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    match list {
        Err(refused) if refused.code == Code::Forbidden => Ok(Vec::new()),
        list => list,
    }
}

/// The organization with its members and, for those who manage them, its invitations.
async fn full(asking: &asking::Entered) -> Answer<Value> {
    let (s, actor) = (&asking.services, &asking.actor);
    let mut whole = serde_json::to_value(Organization::from(service::get(s, actor).await?)).map_err(Error::internal)?;
    let people = as_far_as_allowed(members::list(s, actor).await)?;
    let waiting = as_far_as_allowed(invitations::list(s, actor).await)?;
    whole["members"] = people.iter().map(|m| member(actor.workspace, m)).collect();
    whole["invitations"] = waiting.iter().map(invitation).collect();
    Ok(whole)
}

/// `GET …/list`
pub(crate) async fn list(asking: Person) -> Answer<Reply<Value>> {
    let own = service::memberships(&asking.services, asking.signed_in.user.id).await?;
    let all: Vec<_> = own.into_iter().map(|m| Organization::from(m.workspace)).collect();
    Ok(Reply(serde_json::to_value(all).map_err(Error::internal)?))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct New {
    name: String,
    slug: Option<String>,
    logo: Option<String>,
}

/// `POST …/create`: it is the active one from then on.
pub(crate) async fn create(asking: Person, Json(new): Json<New>) -> Answer<Reply<Value>> {
    let s = asking.services.clone();
    let new = NewWorkspace { name: new.name, slug: new.slug, image: new.logo };
    let made = service::create_as(&s, asking.signed_in.user.id, new).await?;
    sessions::use_workspace(&s, &asking.signed_in, made.id).await?;
    let asking = asking.enter(&Named::Id(made.id)).await?;
    Ok(Reply(full(&asking).await?))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Slug {
    slug: String,
}

/// `POST …/check-slug`
pub(crate) async fn check_slug(asking: Person, Json(Slug { slug }): Json<Slug>) -> Answer<Reply<Value>> {
    if service::is_free(&asking.services, &slug).await? {
        return Ok(Reply(json!({ "status": true })));
    }
    Err(service::slug_taken().into())
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Update {
    data: Changes,
    #[serde(flatten)]
    which: Which,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Changes {
    name: Option<String>,
    slug: Option<String>,
    #[serde(default, deserialize_with = "or_none")]
    logo: Option<String>,
}

/// `POST …/update`
pub(crate) async fn update(asking: Person, Json(Update { data, which }): Json<Update>) -> Answer<Reply<Value>> {
    let asking = which.enter(asking).await?;
    let changes = WorkspaceChanges { name: data.name, slug: data.slug, image: data.logo, timezone: None };
    let now = service::update(&asking.services, &asking.actor, changes).await?;
    Ok(Reply(serde_json::to_value(Organization::from(now)).map_err(Error::internal)?))
}

/// `POST …/delete`
pub(crate) async fn delete(asking: Person, Json(which): Json<Which>) -> Answer<Reply<Value>> {
    let asking = which.enter(asking).await?;
    let gone = full(&asking).await?;
    service::delete(&asking.services, &asking.actor, None).await?;
    Ok(Reply(gone))
}

/// `POST …/set-active`
pub(crate) async fn set_active(asking: Person, Json(which): Json<Which>) -> Answer<Reply<Value>> {
    let (s, signed_in) = (asking.services.clone(), asking.signed_in.clone());
    let asking = which.enter(asking).await?;
    sessions::use_workspace(&s, &signed_in, asking.actor.workspace).await?;
    Ok(Reply(full(&asking).await?))
}

/// `GET …/get-full-organization`: `null` where none is active.
pub(crate) async fn get(asking: Person, Query(which): Query<Which>) -> Answer<Reply<Value>> {
    match which.named(&asking) {
        Some(named) => Ok(Reply(full(&asking.enter(&named).await?).await?)),
        None => Ok(Reply(Value::Null)),
    }
}

/// One role; better-auth's client may send it in a list.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneRole {
    Plain(Role),
    Listed([Role; 1]),
}

impl From<OneRole> for Role {
    fn from(role: OneRole) -> Self {
        match role {
            OneRole::Plain(role) | OneRole::Listed([role]) => role,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Invite {
    email: String,
    role: OneRole,
    #[serde(default)]
    resend: bool,
    #[serde(flatten)]
    which: Which,
}

/// `POST …/invite-member`
pub(crate) async fn invite(asking: Person, Json(input): Json<Invite>) -> Answer<Reply<Value>> {
    let asking = input.which.enter(asking).await?;
    let (s, actor) = (&asking.services, &asking.actor);
    let made = invitations::invite(s, actor, Some(&input.email), input.role.into(), input.resend).await?;
    Ok(Reply(invitation(&made.invitation)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ById {
    #[serde(alias = "id")]
    invitation_id: InvitationId,
}

impl ById {
    const fn key(&self) -> invitations::Key<'static> {
        invitations::Key::Id(self.invitation_id)
    }
}

/// `POST …/accept-invitation`
pub(crate) async fn accept(asking: Person, Json(which): Json<ById>) -> Answer<Reply<Value>> {
    let user = asking.signed_in.user.clone();
    let joined = invitations::accept(&asking.services, &user, which.key()).await?;
    sessions::use_workspace(&asking.services, &asking.signed_in, joined.workspace_id).await?;
    let own = oneself(&asking.services, joined.workspace_id, user.id).await?;
    Ok(Reply(json!({ "invitation": invitation(&joined), "member": own })))
}

/// `POST …/reject-invitation`
pub(crate) async fn reject(asking: Person, Json(which): Json<ById>) -> Answer<Reply<Value>> {
    let declined = invitations::reject(&asking.services, &asking.signed_in.user, which.key()).await?;
    Ok(Reply(json!({ "invitation": invitation(&declined), "member": null })))
}

/// `POST …/cancel-invitation`: names no organization, so the invitation says which.
pub(crate) async fn cancel(asking: Person, Json(which): Json<ById>) -> Answer<Reply<Value>> {
    let missing = |_| Error::not_found("invitation");
    let workspace = invitations::workspace_of(&asking.services, which.invitation_id).await?;
    let s = asking.services.clone();
    let actor = service::actor(&s, &asking.signed_in, &Named::Id(workspace)).await.map_err(missing)?;
    Ok(Reply(invitation(&invitations::cancel(&s, &actor, which.invitation_id).await?)))
}

/// `GET …/get-invitation?id=`: only for whom it is meant.
pub(crate) async fn get_invitation(asking: Person, Query(which): Query<ById>) -> Answer<Reply<Value>> {
    let found = invitations::for_person(&asking.services, &asking.signed_in.user, which.key()).await?;
    Ok(Reply(invitation(&found)))
}

/// `GET …/list-invitations`
pub(crate) async fn list_invitations(asking: Person, Query(which): Query<Which>) -> Answer<Reply<Value>> {
    let asking = which.enter(asking).await?;
    Ok(Reply(invitations::list(&asking.services, &asking.actor).await?.iter().map(invitation).collect()))
}

/// `GET …/list-user-invitations`
pub(crate) async fn own_invitations(asking: Person) -> Answer<Reply<Value>> {
    let waiting = invitations::waiting_for(&asking.services, &asking.signed_in.user).await?;
    Ok(Reply(waiting.iter().map(invitation).collect()))
}

/// `GET …/list-members`
pub(crate) async fn list_members(asking: Person, Query(which): Query<Which>) -> Answer<Reply<Value>> {
    let asking = which.enter(asking).await?;
    let people = members::list(&asking.services, &asking.actor).await?;
    let all: Value = people.iter().map(|m| member(asking.actor.workspace, m)).collect();
    Ok(Reply(json!({ "members": all, "total": people.len() })))
}

/// `GET …/get-active-member`
pub(crate) async fn active_member(asking: Person) -> Answer<Reply<Value>> {
    let user = asking.signed_in.user.id;
    let asking = Which::default().enter(asking).await?;
    Ok(Reply(oneself(&asking.services, asking.actor.workspace, user).await?))
}

/// `GET …/get-active-member-role`
pub(crate) async fn active_role(asking: Person, Query(which): Query<Which>) -> Answer<Reply<Value>> {
    Ok(Reply(json!({ "role": which.enter(asking).await?.actor.role() })))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Remove {
    member_id_or_email: String,
    #[serde(flatten)]
    which: Which,
}

/// `POST …/remove-member`
pub(crate) async fn remove(asking: Person, Json(input): Json<Remove>) -> Answer<Reply<Value>> {
    let asking = input.which.enter(asking).await?;
    let (s, actor) = (&asking.services, &asking.actor);
    let wanted = input.member_id_or_email.trim().to_lowercase();
    let people = members::list(s, actor).await?;
    let found = people.iter().find(|m| m.user_id.to_string() == wanted || m.email == wanted);
    let gone = found.ok_or_else(|| Error::not_found("member"))?;
    members::remove(s, actor, gone.user_id).await?;
    Ok(Reply(json!({ "member": member(actor.workspace, gone) })))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewRole {
    member_id: UserId,
    role: OneRole,
    #[serde(flatten)]
    which: Which,
}

/// `POST …/update-member-role`
pub(crate) async fn change_role(asking: Person, Json(input): Json<NewRole>) -> Answer<Reply<Value>> {
    let asking = input.which.enter(asking).await?;
    let now = members::change_role(&asking.services, &asking.actor, input.member_id, input.role.into()).await?;
    Ok(Reply(member(asking.actor.workspace, &now)))
}

/// `POST …/leave`
pub(crate) async fn leave(asking: Person, Json(which): Json<Which>) -> Answer<Reply<Value>> {
    let user = asking.signed_in.user.id;
    let asking = which.enter(asking).await?;
    let left = oneself(&asking.services, asking.actor.workspace, user).await?;
    members::leave(&asking.services, &asking.actor).await?;
    Ok(Reply(left))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Permissions {
    #[serde(alias = "permission")]
    permissions: BTreeMap<String, Vec<String>>,
    #[serde(flatten)]
    which: Which,
}

/// `POST …/has-permission`: in the words of better-auth's default access control.
pub(crate) async fn has_permission(asking: Person, Json(input): Json<Permissions>) -> Answer<Reply<Value>> {
    let role = input.which.enter(asking).await?.actor.role();
    let allows = |resource: &str, action: &str| {
        role.is_some_and(|role| match (resource, action) {
            ("organization", "update") => role.can_edit_workspace(),
            ("organization", "delete") => role.owns_workspace(),
            ("member", "create" | "update" | "delete") | ("invitation", "create" | "cancel") => {
                role.can_manage_members()
            }
            _ => false,
        })
    };
    let all = input.permissions.iter().all(|(resource, actions)| actions.iter().all(|action| allows(resource, action)));
    Ok(Reply(json!({ "error": null, "success": all })))
}
