//! Workspaces and their members.

use axum::response::Response;
use hyvve_domain::{
    ids::WorkspaceId,
    workspaces::service::{self, Named},
};

use crate::{
    asking::Person,
    extract::Ids,
    reply::{Answer, data},
};

/// `GET /api/workspaces`: the asking person's own.
pub(crate) async fn list(asking: Person) -> Answer<Response> {
    Ok(data(service::memberships(&asking.services, asking.signed_in.user.id).await?))
}

/// `GET /api/workspaces/{id}`
pub(crate) async fn get(asking: Person, Ids(id): Ids<WorkspaceId>) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(service::get(&asking.services, &asking.actor).await?))
}

/// `GET /api/workspaces/{id}/members`
pub(crate) async fn members(asking: Person, Ids(id): Ids<WorkspaceId>) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(service::members(&asking.services, &asking.actor).await?))
}
