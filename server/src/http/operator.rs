//! What those who run the installation see and do: a signed-in person, never a key or a token.

use axum::{
    Json as Reply,
    response::{IntoResponse, Response},
};
use hyvve_domain::jobs::service;

use crate::{
    asking::Person,
    extract::{Empty, Ids},
    reply::{Answer, Success, data},
};

/// `GET /api/operator/jobs`
pub(crate) async fn jobs(asking: Person) -> Answer<Response> {
    Ok(data(service::overview(&asking.services, &asking.signed_in).await?))
}

/// `POST /api/operator/jobs/{id}/run`
pub(crate) async fn run(asking: Person, Ids(id): Ids<i64>, _: Empty) -> Answer<Response> {
    service::run(&asking.services, &asking.signed_in, id).await?;
    Ok(Reply(Success::new()).into_response())
}

/// `DELETE /api/operator/jobs/{id}`
pub(crate) async fn give_up(asking: Person, Ids(id): Ids<i64>, _: Empty) -> Answer<Response> {
    service::give_up(&asking.services, &asking.signed_in, id).await?;
    Ok(Reply(Success::new()).into_response())
}
