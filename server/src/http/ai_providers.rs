//! AI providers of a workspace.

use axum::{
    Json as Reply,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Timestamp,
    ids::ProviderId,
    providers::{
        Listed, Models, NewProvider, ProviderChanges,
        models::{self, Search},
        service,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    asking::{Admin, Member, Read},
    extract::{Empty, Ids, Json, Query},
    reply::{Answer, Success, created, data},
};

/// Which models are wanted.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    #[serde(default)]
    search: String,
    limit: Option<usize>,
    #[serde(default)]
    fresh: bool,
}

/// `{data, meta: {total, readAt}}`.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Offered {
    data: Vec<Listed>,
    meta: Meta,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct Meta {
    total: usize,
    read_at: Option<Timestamp>,
}

/// `GET /api/ai-providers`
pub(crate) async fn list(asking: Member<Read>) -> Answer<Response> {
    Ok(data(service::list(&asking.services, &asking.actor).await?))
}

/// `POST /api/ai-providers`
pub(crate) async fn create(asking: Member<Admin>, Json(input): Json<NewProvider>) -> Answer<Response> {
    Ok(created(service::create(&asking.services, &asking.actor, input).await?))
}

/// `PATCH /api/ai-providers/{id}`
pub(crate) async fn update(
    asking: Member<Admin>,
    Ids(id): Ids<ProviderId>,
    Json(changes): Json<ProviderChanges>,
) -> Answer<Response> {
    Ok(data(service::update(&asking.services, &asking.actor, id, changes).await?))
}

/// `DELETE /api/ai-providers/{id}`
pub(crate) async fn delete(asking: Member<Admin>, Ids(id): Ids<ProviderId>, _: Empty) -> Answer<Response> {
    service::delete(&asking.services, &asking.actor, id).await?;
    Ok(Reply(Success::new()).into_response())
}

/// `POST /api/ai-providers/{id}/test`
pub(crate) async fn test(asking: Member<Admin>, Ids(id): Ids<ProviderId>, _: Empty) -> Answer<Response> {
    Ok(Reply(service::test(&asking.services, &asking.actor, id).await?).into_response())
}

/// `GET /api/ai-providers/{id}/models?search&limit&fresh`
pub(crate) async fn models(
    asking: Member<Read>,
    Ids(id): Ids<ProviderId>,
    Query(Wanted { search, limit, fresh }): Query<Wanted>,
) -> Answer<Response> {
    let search = Search { words: search, limit, fresh };
    let Models { models: data, total, read_at } = models::list(&asking.services, &asking.actor, id, search).await?;
    Ok(Reply(Offered { data, meta: Meta { total, read_at } }).into_response())
}
