//! Collections and their records.

use axum::response::Response;
use hyvve_domain::{
    PageRequest,
    ids::{RecordId, UserId},
    records::{service, sharing},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Paging;
use crate::{
    asking::{Admin, Member, Read},
    extract::{Empty, Ids, Json, Query},
    reply::{Answer, data, page},
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("required" = ["userId"]))]
pub(crate) struct Assignee {
    /// `null` gives it to nobody.
    #[serde(deserialize_with = "Option::deserialize")]
    user_id: Option<UserId>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct With {
    user_id: UserId,
}

/// `GET /api/collections`
pub(crate) async fn collections(asking: Member<Read>) -> Answer<Response> {
    Ok(data(service::collections(&asking.services, &asking.actor).await?))
}

/// `GET /api/collections/{slug}/records?q&page&pageSize`
pub(crate) async fn list(
    asking: Member<Read>,
    Ids(slug): Ids<String>,
    Query(search): Query<Search>,
    Query(paging): Query<Paging>,
) -> Answer<Response> {
    let paging = PageRequest::from(paging);
    let (_, records) = service::list(&asking.services, &asking.actor, &slug, &search.q, paging).await?;
    Ok(page(records))
}

/// `GET /api/records/{id}`
pub(crate) async fn get(asking: Member<Read>, Ids(id): Ids<RecordId>) -> Answer<Response> {
    Ok(data(service::get(&asking.services, &asking.actor, id).await?))
}

/// `GET /api/records/{id}/access`: who sees it besides those whose role sees all.
pub(crate) async fn access(asking: Member<Admin>, Ids(id): Ids<RecordId>) -> Answer<Response> {
    Ok(data(sharing::access(&asking.services, &asking.actor, id).await?))
}

/// `POST /api/records/{id}/restore`: brings a deleted record back.
pub(crate) async fn restore(asking: Member<Admin>, Ids(id): Ids<RecordId>, _: Empty) -> Answer<Response> {
    Ok(data(service::restore(&asking.services, &asking.actor, id).await?))
}

/// `PUT /api/records/{id}/assignee`
pub(crate) async fn assign(
    asking: Member<Admin>,
    Ids(id): Ids<RecordId>,
    Json(Assignee { user_id }): Json<Assignee>,
) -> Answer<Response> {
    Ok(data(sharing::assign(&asking.services, &asking.actor, id, user_id).await?))
}

/// `POST /api/records/{id}/shares`
pub(crate) async fn share(
    asking: Member<Admin>,
    Ids(id): Ids<RecordId>,
    Json(With { user_id }): Json<With>,
) -> Answer<Response> {
    Ok(data(sharing::share(&asking.services, &asking.actor, id, user_id).await?))
}

/// `DELETE /api/records/{id}/shares/{user_id}`
pub(crate) async fn unshare(
    asking: Member<Admin>,
    Ids((id, user)): Ids<(RecordId, UserId)>,
    _: Empty,
) -> Answer<Response> {
    Ok(data(sharing::unshare(&asking.services, &asking.actor, id, user).await?))
}
