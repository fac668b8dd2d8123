//! Events that a consumer could not deal with: for owners and admins.

use axum::{
    Json as Reply,
    response::{IntoResponse, Response},
};
use hyvve_domain::{events::dead_letters::service, ids::DeadLetterId};

use super::Paging;
use crate::{
    asking::{Admin, Member, Read},
    extract::{Empty, Ids, Query},
    reply::{Answer, Success, data, page},
};

/// `GET /api/events/dead-letters`
pub(crate) async fn list(asking: Member<Read>, Query(paging): Query<Paging>) -> Answer<Response> {
    Ok(page(service::list(&asking.services, &asking.actor, paging.into()).await?))
}

/// `POST /api/events/dead-letters/{id}/requeue`
pub(crate) async fn requeue(asking: Member<Admin>, Ids(id): Ids<DeadLetterId>, _: Empty) -> Answer<Response> {
    Ok(data(service::requeue(&asking.services, &asking.actor, id).await?))
}

/// `DELETE /api/events/dead-letters/{id}`
pub(crate) async fn discard(asking: Member<Admin>, Ids(id): Ids<DeadLetterId>, _: Empty) -> Answer<Response> {
    service::discard(&asking.services, &asking.actor, id).await?;
    Ok(Reply(Success::new()).into_response())
}
