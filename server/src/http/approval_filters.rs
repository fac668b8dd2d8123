//! What somebody looks for again and again in the queue: each person's own.

use axum::{
    Json as Reply,
    response::{IntoResponse as _, Response},
};
use hyvve_domain::{
    approvals::saved::{FilterChanges, NewFilter, service},
    ids::FilterId,
};

use crate::{
    asking::{Member, Propose, Read},
    extract::{Empty, Ids, Json},
    reply::{Answer, Success, created, data},
};

/// `GET /api/approval-filters`: one's own, by their names.
pub(crate) async fn list(asking: Member<Read>) -> Answer<Response> {
    Ok(data(service::list(&asking.services, &asking.actor).await?))
}

/// `POST /api/approval-filters`
pub(crate) async fn create(asking: Member<Propose>, Json(new): Json<NewFilter>) -> Answer<Response> {
    Ok(created(service::create(&asking.services, &asking.actor, new).await?))
}

/// `PATCH /api/approval-filters/{id}`
pub(crate) async fn update(
    asking: Member<Propose>,
    Ids(id): Ids<FilterId>,
    Json(changes): Json<FilterChanges>,
) -> Answer<Response> {
    Ok(data(service::update(&asking.services, &asking.actor, id, changes).await?))
}

/// `DELETE /api/approval-filters/{id}`
pub(crate) async fn delete(asking: Member<Propose>, Ids(id): Ids<FilterId>, _: Empty) -> Answer<Response> {
    service::delete(&asking.services, &asking.actor, id).await?;
    Ok(Reply(Success::new()).into_response())
}
