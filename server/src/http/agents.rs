//! What a workspace sets about its agents. Talking to them is AgentOS's part.

use axum::response::Response;
use hyvve_domain::{
    agents::{AgentChanges, settings},
    ids::AgentId,
};

use crate::{
    asking::{Admin, Member},
    extract::{Ids, Json},
    reply::{Answer, data},
};

/// `PATCH /api/agents/{id}`
pub(crate) async fn update(
    asking: Member<Admin>,
    Ids(id): Ids<AgentId>,
    Json(changes): Json<AgentChanges>,
) -> Answer<Response> {
    Ok(data(settings::change(&asking.services, &asking.actor, id, changes).await?))
}
