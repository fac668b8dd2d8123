//! Workspaces, their members and invitations.

use axum::{
    Json as Reply,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Role,
    ids::{InvitationId, UserId, WorkspaceId},
    workspaces::{
        WorkspaceChanges, invitations, members,
        openness::{self, OpennessChanges},
        security,
        service::{self, Named},
    },
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    asking::{Admin, Caller, Person, Read},
    extract::{Empty, Ids, Json},
    reply::{Answer, Success, created, data},
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletion {
    /// The workspace's name, from clients that let a person type it.
    confirm: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invite {
    email: String,
    role: Role,
    /// Whoever is invited already is sent another link.
    #[serde(default)]
    resend: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteByLink {
    role: Role,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Demand {
    second_factor_required: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRole {
    role: Role,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewOwner {
    user_id: UserId,
}

/// `GET /api/workspaces`: the asking person's own.
pub(crate) async fn list(asking: Person) -> Answer<Response> {
    Ok(data(service::memberships(&asking.services, asking.signed_in.user.id).await?))
}

/// `POST /api/workspaces`
pub(crate) async fn create(asking: Person, Json(New { name }): Json<New>) -> Answer<Response> {
    Ok(created(service::create(&asking.services, asking.signed_in.user.id, &name).await?))
}

/// `GET /api/workspaces/deleted`: what the asking person can have back.
pub(crate) async fn deleted(asking: Person) -> Answer<Response> {
    Ok(data(service::deleted(&asking.services, asking.signed_in.user.id).await?))
}

/// `GET /api/workspaces/{id}`
pub(crate) async fn get(asking: Caller, Ids(id): Ids<WorkspaceId>) -> Answer<Response> {
    let asking = asking.enter::<Read>(&Named::Id(id)).await?;
    Ok(data(service::get(&asking.services, &asking.actor).await?))
}

/// `PATCH /api/workspaces/{id}`
pub(crate) async fn update(
    asking: Caller,
    Ids(id): Ids<WorkspaceId>,
    Json(changes): Json<WorkspaceChanges>,
) -> Answer<Response> {
    let asking = asking.enter::<Admin>(&Named::Id(id)).await?;
    Ok(data(service::update(&asking.services, &asking.actor, changes).await?))
}

/// `DELETE /api/workspaces/{id}`
pub(crate) async fn delete(asking: Person, Ids(id): Ids<WorkspaceId>, Json(input): Json<Deletion>) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    service::delete(&asking.services, &asking.actor, input.confirm.as_deref()).await?;
    Ok(Reply(Success::new()).into_response())
}

/// `GET /api/workspaces/{id}/security`
pub(crate) async fn security(asking: Person, Ids(id): Ids<WorkspaceId>) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(security::get(&asking.services, &asking.actor).await?))
}

/// `PATCH /api/workspaces/{id}/security`
pub(crate) async fn secure(
    asking: Person,
    Ids(id): Ids<WorkspaceId>,
    Json(Demand { second_factor_required }): Json<Demand>,
) -> Answer<Response> {
    let who = asking.signed_in.clone();
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(security::require_second_factor(&asking.services, &who, &asking.actor, second_factor_required).await?))
}

/// `GET /api/workspaces/{id}/openness`
pub(crate) async fn openness(asking: Person, Ids(id): Ids<WorkspaceId>) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(openness::get(&asking.services, &asking.actor).await?))
}

/// `PATCH /api/workspaces/{id}/openness`
pub(crate) async fn open(
    asking: Person,
    Ids(id): Ids<WorkspaceId>,
    Json(changes): Json<OpennessChanges>,
) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(openness::change(&asking.services, &asking.actor, changes).await?))
}

/// `POST /api/workspaces/{id}/restore`
pub(crate) async fn restore(asking: Person, Ids(id): Ids<WorkspaceId>, _: Empty) -> Answer<Response> {
    Ok(data(service::restore(&asking.services, asking.signed_in.user.id, id).await?))
}

/// `POST /api/workspaces/{id}/leave`
pub(crate) async fn leave(asking: Person, Ids(id): Ids<WorkspaceId>, _: Empty) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    members::leave(&asking.services, &asking.actor).await?;
    Ok(Reply(Success::new()).into_response())
}

/// `POST /api/workspaces/{id}/transfer`
pub(crate) async fn transfer(
    asking: Person,
    Ids(id): Ids<WorkspaceId>,
    Json(NewOwner { user_id }): Json<NewOwner>,
) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    members::transfer(&asking.services, &asking.actor, user_id).await?;
    Ok(Reply(Success::new()).into_response())
}

/// `GET /api/workspaces/{id}/members`
pub(crate) async fn members(asking: Caller, Ids(id): Ids<WorkspaceId>) -> Answer<Response> {
    let asking = asking.enter::<Read>(&Named::Id(id)).await?;
    Ok(data(members::list(&asking.services, &asking.actor).await?))
}

/// `POST /api/workspaces/{id}/members`: invites somebody by mail.
pub(crate) async fn invite(asking: Caller, Ids(id): Ids<WorkspaceId>, Json(input): Json<Invite>) -> Answer<Response> {
    let asking = asking.enter::<Admin>(&Named::Id(id)).await?;
    asking.may_give(input.role)?;
    let (s, actor) = (&asking.services, &asking.actor);
    Ok(created(invitations::invite(s, actor, Some(&input.email), input.role, input.resend).await?))
}

/// `PATCH /api/workspaces/{id}/members/{userId}`
pub(crate) async fn change_role(
    asking: Caller,
    Ids((id, user)): Ids<(WorkspaceId, UserId)>,
    Json(NewRole { role }): Json<NewRole>,
) -> Answer<Response> {
    let asking = asking.enter::<Admin>(&Named::Id(id)).await?;
    asking.may_give(role)?;
    Ok(data(members::change_role(&asking.services, &asking.actor, user, role).await?))
}

/// `DELETE /api/workspaces/{id}/members/{userId}`
pub(crate) async fn remove(asking: Caller, Ids((id, user)): Ids<(WorkspaceId, UserId)>, _: Empty) -> Answer<Response> {
    let asking = asking.enter::<Admin>(&Named::Id(id)).await?;
    members::remove(&asking.services, &asking.actor, user).await?;
    Ok(Reply(Success::new()).into_response())
}

/// `GET /api/workspaces/{id}/invitations`: those that wait.
pub(crate) async fn invitations(asking: Caller, Ids(id): Ids<WorkspaceId>) -> Answer<Response> {
    let asking = asking.enter::<Read>(&Named::Id(id)).await?;
    Ok(data(invitations::list(&asking.services, &asking.actor).await?))
}

/// `POST /api/workspaces/{id}/invitations`: a link for one person, whoever that is.
pub(crate) async fn invite_by_link(
    asking: Caller,
    Ids(id): Ids<WorkspaceId>,
    Json(InviteByLink { role }): Json<InviteByLink>,
) -> Answer<Response> {
    let asking = asking.enter::<Admin>(&Named::Id(id)).await?;
    asking.may_give(role)?;
    Ok(created(invitations::invite(&asking.services, &asking.actor, None, role, false).await?))
}

/// `POST /api/workspaces/{id}/invitations/{invitationId}/resend`: another link, which is why no key may ask for it.
pub(crate) async fn resend(
    asking: Person,
    Ids((id, invitation)): Ids<(WorkspaceId, InvitationId)>,
    _: Empty,
) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(invitations::resend(&asking.services, &asking.actor, invitation).await?))
}

/// `DELETE /api/workspaces/{id}/invitations/{invitationId}`
pub(crate) async fn cancel(
    asking: Caller,
    Ids((id, invitation)): Ids<(WorkspaceId, InvitationId)>,
    _: Empty,
) -> Answer<Response> {
    let asking = asking.enter::<Admin>(&Named::Id(id)).await?;
    invitations::cancel(&asking.services, &asking.actor, invitation).await?;
    Ok(Reply(Success::new()).into_response())
}
