//! Runs of agents.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    PageRequest,
    agents::{RunStatus, service, service::RunFilter},
    ids::{AgentId, AgentSessionId, RunId},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Paging, pictures::RESOURCE_POLICY};
use crate::{
    asking::{Member, Read},
    extract::{Ids, Query},
    reply::{Answer, data, page},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    agent_id: Option<AgentId>,
    session_id: Option<AgentSessionId>,
    status: Option<RunStatus>,
}

/// `GET /api/runs?agentId&sessionId&status&page&pageSize`
pub(crate) async fn list(
    asking: Member<Read>,
    Query(wanted): Query<Wanted>,
    Query(paging): Query<Paging>,
) -> Answer<Response> {
    let filter = RunFilter { agent: wanted.agent_id, session: wanted.session_id, status: wanted.status };
    Ok(page(service::runs(&asking.services, &asking.actor, filter, PageRequest::from(paging)).await?))
}

/// `GET /api/runs/{id}`
pub(crate) async fn get(asking: Member<Read>, Ids(id): Ids<RunId>) -> Answer<Response> {
    Ok(data(service::run(&asking.services, &asking.actor, id).await?))
}

/// `GET /api/runs/{id}/images/{position}`
pub(crate) async fn image(asking: Member<Read>, Ids((id, position)): Ids<(RunId, i32)>) -> Answer<Response> {
    let image = service::image(&asking.services, &asking.actor, id, position).await?;
    let facts = [
        (header::CONTENT_TYPE, image.kind.as_str()),
        (header::CONTENT_DISPOSITION, "inline"),
        // It never changes; but whoever leaves the workspace has no right to look at it any more.
        (header::CACHE_CONTROL, "private, max-age=3600"),
        // Nor has whoever signs in next with this browser.
        (header::VARY, "cookie"),
    ];
    Ok((facts, [RESOURCE_POLICY], image.bytes).into_response())
}
