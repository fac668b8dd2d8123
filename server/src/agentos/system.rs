//! What the system is and what is in it.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use hyvve_domain::agents::service;
use serde_json::{Value, json};

use crate::{
    asking::{Member, Read},
    reply::Answer,
    state::AppState,
};

/// What AgentOS calls the id of an installation.
const OS_ID: &str = "hyvve";
/// The AgentOS whose surface this is.
const AGNO: &str = "2.9.0";

/// `GET /health`: up, and the database answers.
pub(crate) async fn health(State(AppState { services, since, .. }): State<AppState>) -> Answer<Response> {
    services.db.ping().await?;
    Ok(Json(json!({ "status": "ok", "instantiated_at": since })).into_response())
}

/// `GET /info`: for anyone, so it counts nothing that belongs to a tenant.
pub(crate) async fn info() -> Json<Value> {
    Json(json!({
        "os_id": OS_ID,
        "name": "HYVVE",
        "version": env!("CARGO_PKG_VERSION"),
        "agno_version": AGNO,
        "agent_count": 0,
        "team_count": 0,
        "workflow_count": 0,
        "mcp": { "enabled": false },
    }))
}

/// `GET /config`: what is in the workspace.
pub(crate) async fn config(asking: Member<Read>) -> Answer<Response> {
    let agents = service::agents(&asking.services, &asking.actor).await?;
    let summaries: Vec<Value> = agents
        .iter()
        .map(|agent| json!({ "id": agent.id, "name": agent.name, "description": agent.description }))
        .collect();
    let config = json!({
        "os_id": OS_ID,
        "name": "HYVVE",
        "description": "People decide on exactly what AI agents will do.",
        "available_models": [],
        "databases": [],
        "agents": summaries,
        "teams": [],
        "workflows": [],
        "interfaces": [],
    });
    Ok(Json(config).into_response())
}

/// `GET /models`: those that agents name; the others run on their provider's default.
pub(crate) async fn models(asking: Member<Read>) -> Answer<Response> {
    let agents = service::agents(&asking.services, &asking.actor).await?;
    let models: BTreeSet<String> = agents.into_iter().filter_map(|agent| agent.model).collect();
    Ok(Json(models.into_iter().map(|id| json!({ "id": id })).collect::<Vec<_>>()).into_response())
}
