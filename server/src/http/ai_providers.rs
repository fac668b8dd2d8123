//! AI providers of a workspace.

use axum::{
    Json as Reply,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    ids::ProviderId,
    providers::{NewProvider, ProviderChanges, service},
};

use crate::{
    asking::{Admin, Member, Read},
    extract::{Ids, Json},
    reply::{Answer, Success, created, data},
};

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
pub(crate) async fn delete(asking: Member<Admin>, Ids(id): Ids<ProviderId>) -> Answer<Response> {
    service::delete(&asking.services, &asking.actor, id).await?;
    Ok(Reply(Success::new()).into_response())
}

/// `POST /api/ai-providers/{id}/test`
pub(crate) async fn test(asking: Member<Admin>, Ids(id): Ids<ProviderId>) -> Answer<Response> {
    Ok(Reply(service::test(&asking.services, &asking.actor, id).await?).into_response())
}
