//! What a person is told in a workspace, and how he or she wants to hear of it. The latter only the person says, signed in: a key could
//! have it told elsewhere.

use axum::{
    Json as Reply,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    ids::{NotificationId, WorkspaceId},
    notifications::{Changes, hook, service, settings},
    workspaces::service::Named,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Paging;
use crate::{
    asking::{Member, Person, Propose, Read},
    extract::{Empty, Ids, Json, Query},
    reply::{Answer, Success, data, page},
};

/// Which of them.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    #[serde(default)]
    unread: bool,
}

/// An address in the manner of Slack's incoming webhooks.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    url: String,
}

/// How many were not read before.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Marked {
    marked: u64,
}

/// `GET /api/notifications?unread&page&pageSize`
pub(crate) async fn list(
    asking: Member<Read>,
    Query(wanted): Query<Wanted>,
    Query(paging): Query<Paging>,
) -> Answer<Response> {
    Ok(page(service::list(&asking.services, &asking.actor, wanted.unread, paging.into()).await?))
}

/// `POST /api/notifications/{id}/read`
pub(crate) async fn read(asking: Member<Propose>, Ids(id): Ids<NotificationId>, _: Empty) -> Answer<Response> {
    service::read(&asking.services, &asking.actor, id).await?;
    Ok(Reply(Success::new()).into_response())
}

/// `POST /api/notifications/read`: all of them.
pub(crate) async fn read_all(asking: Member<Propose>, _: Empty) -> Answer<Response> {
    Ok(data(Marked { marked: service::read_all(&asking.services, &asking.actor).await? }))
}

/// `GET /api/workspaces/{id}/notification-settings`
pub(crate) async fn settings(asking: Person, Ids(id): Ids<WorkspaceId>) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(settings::get(&asking.services, &asking.actor).await?))
}

/// `PATCH /api/workspaces/{id}/notification-settings`
pub(crate) async fn choose(
    asking: Person,
    Ids(id): Ids<WorkspaceId>,
    Json(changes): Json<Changes>,
) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(settings::change(&asking.services, &asking.actor, changes).await?))
}

/// `PUT /api/workspaces/{id}/notification-webhook`: keeps it once a first message got through.
pub(crate) async fn set_webhook(
    asking: Person,
    Ids(id): Ids<WorkspaceId>,
    Json(Address { url }): Json<Address>,
) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(hook::set(&asking.services, &asking.actor, &url).await?))
}

/// `DELETE /api/workspaces/{id}/notification-webhook`
pub(crate) async fn remove_webhook(asking: Person, Ids(id): Ids<WorkspaceId>, _: Empty) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(hook::remove(&asking.services, &asking.actor).await?))
}
