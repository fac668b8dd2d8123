//! Agents.

use axum::{
    Json,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use hyvve_domain::{agents::service, ids::AgentId};

use super::{shapes, to_the_page};
use crate::{
    asking::{Member, Read},
    extract::Ids,
    reply::Answer,
};

/// `GET /agents`: a bare list, as AgentOS answers it.
pub(crate) async fn list(asking: Member<Read>, headers: HeaderMap) -> Answer<Response> {
    if let Some(page) = to_the_page(&headers) {
        return Ok(page);
    }
    let agents = service::agents(&asking.services, &asking.actor).await?;
    Ok(Json(agents.iter().map(shapes::agent).collect::<Vec<_>>()).into_response())
}

/// `GET /agents/{agent_id}`
pub(crate) async fn get(asking: Member<Read>, Ids(id): Ids<AgentId>) -> Answer<Response> {
    Ok(Json(shapes::agent(&service::agent(&asking.services, &asking.actor, id).await?)).into_response())
}
