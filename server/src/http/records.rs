//! Collections and their records.

use axum::response::Response;
use hyvve_domain::{PageRequest, ids::RecordId, records::service};
use serde::Deserialize;

use super::Paging;
use crate::{
    asking::{Member, Read},
    extract::{Ids, Query},
    reply::{Answer, data, page},
};

#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
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
