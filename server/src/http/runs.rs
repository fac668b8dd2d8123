//! Runs of agents.

use axum::response::Response;
use hyvve_domain::{
    PageRequest,
    agents::{RunStatus, service, service::RunFilter},
    ids::{AgentId, AgentSessionId, RunId},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Paging;
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
