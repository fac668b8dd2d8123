//! API keys. Only people make and revoke them: a key cannot make itself a mightier one.

use axum::response::Response;
use hyvve_domain::{
    api_keys::{ApiKey, NewApiKey, service},
    ids::{ApiKeyId, WorkspaceId},
    workspaces::service::Named,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    asking::Person,
    extract::{Empty, Ids, Json},
    reply::{Answer, created, data},
};

/// A key that was just made, with its secret: the only reply that has it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MadeApiKey")]
pub(crate) struct Made {
    #[serde(flatten)]
    key: ApiKey,
    secret: String,
}

/// `GET /api/workspaces/{id}/api-keys`: one's own; to owners and admins, all.
pub(crate) async fn list(asking: Person, Ids(id): Ids<WorkspaceId>) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(service::list(&asking.services, &asking.actor).await?))
}

/// `POST /api/workspaces/{id}/api-keys`
pub(crate) async fn create(asking: Person, Ids(id): Ids<WorkspaceId>, Json(new): Json<NewApiKey>) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    let (key, secret) = service::create(&asking.services, &asking.actor, new).await?;
    Ok(created(Made { key, secret: secret.expose().to_owned() }))
}

/// `DELETE /api/workspaces/{id}/api-keys/{key_id}`: ends it, and answers how it stands in the list from now on.
pub(crate) async fn revoke(asking: Person, Ids((id, key)): Ids<(WorkspaceId, ApiKeyId)>, _: Empty) -> Answer<Response> {
    let asking = asking.enter(&Named::Id(id)).await?;
    Ok(data(service::revoke(&asking.services, &asking.actor, key).await?))
}
