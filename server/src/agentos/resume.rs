//! Coming back to a run's stream.

use axum::{extract::State, http::HeaderMap, response::Response};
use hyvve_domain::{
    agents::{RunStatus, service},
    ids::{AgentId, RunId},
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{
    form::Form,
    runs,
    stream::{self, Head},
};
use crate::{
    asking::{Member, Read},
    extract::Ids,
    follow::Follow,
    reply::Answer,
    sse,
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Reattach {
    last_event_index: Option<i32>,
}

/// `POST /agents/{agent_id}/runs/{run_id}/resume`: what was missed, then what comes.
pub(crate) async fn reattach(
    asking: Member<Read>,
    State(stopping): State<CancellationToken>,
    Ids(ids): Ids<(AgentId, RunId)>,
    Form(form): Form<Reattach>,
) -> Answer<Response> {
    let follow = Follow::from(&asking.services, asking.actor, ids.1, after(form.last_event_index));
    let run = runs::find(&asking, ids).await?.run;
    let resting = run.status.is_final() || run.status == RunStatus::Paused;
    Ok(stream::reply(Head::from(&run), follow, resting, asking.welcome(), stopping))
}

/// `GET /agents/runs/{run_id}/stream`, for an `EventSource`: it comes back by itself with `Last-Event-ID`, so while the run
/// waits for a person it is kept waiting too, and when nothing can follow it is told not to come again.
pub(crate) async fn stream(
    asking: Member<Read>,
    State(stopping): State<CancellationToken>,
    Ids(id): Ids<RunId>,
    headers: HeaderMap,
) -> Answer<Response> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let follow = Follow::from(&asking.services, asking.actor, id, after(last));
    let run = service::run(&asking.services, &asking.actor, id).await?.run;
    let ended = run.status.is_final();
    if ended && service::events(&asking.services, &asking.actor, id, after(last)).await?.is_empty() {
        return Ok(sse::nothing_more());
    }
    Ok(stream::reply(Head::from(&run), follow, ended, asking.welcome(), stopping))
}

/// The index after the last one that the reader has.
fn after(last: Option<i32>) -> i32 {
    last.map_or(0, |index| index.saturating_add(1).max(0))
}
