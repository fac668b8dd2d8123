//! Runs: start, look, cancel.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Code, Error, PageRequest,
    agents::{
        RunDetail, RunStatus,
        service::{self, NewRun, RunFilter},
    },
    ids::{AgentId, AgentSessionId, RunId},
    page::PAGE_SIZE_MAX,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    form::{WithImages, flag, yes},
    shapes,
    stream::{Head, reply},
};
use crate::{
    asking::{Entered, Member, Propose, Read},
    extract::{Ids, Query},
    follow::{Follow, is_final, is_pause},
    reply::Answer,
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewMessage {
    message: String,
    session_id: Option<AgentSessionId>,
    #[serde(default = "yes", deserialize_with = "flag")]
    stream: bool,
    #[serde(default, deserialize_with = "flag")]
    background: bool,
    /// A JSON Schema of an object, as text, that the answer has to fit; without it the agent's own, if it has one.
    output_schema: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    session_id: Option<AgentSessionId>,
    status: Option<RunStatus>,
}

/// `POST /agents/{agent_id}/runs`. A run goes on whether or not anybody listens, so `background` only says what is answered.
pub(crate) async fn create(
    asking: Member<Propose>,
    State(stopping): State<CancellationToken>,
    Ids(agent_id): Ids<AgentId>,
    WithImages { form, images }: WithImages<NewMessage>,
) -> Answer<Response> {
    let run_id = RunId::new();
    let follow = Follow::fresh(&asking.services, asking.actor, run_id);
    let NewMessage { message, session_id, stream, background, output_schema } = form;
    let new = NewRun { run_id: Some(run_id), agent_id, session_id, message, images, output_schema };
    let run = service::start(&asking.services, &asking.actor, new).await?;
    if stream {
        return Ok(reply(Head::from(&run), follow, false, asking.welcome(), stopping));
    }
    if background {
        let accepted = json!({ "run_id": run.id, "session_id": run.session_id, "status": run.status });
        return Ok((StatusCode::ACCEPTED, Json(accepted)).into_response());
    }
    rest(&asking, follow, &stopping).await?;
    let detail = service::run(&asking.services, &asking.actor, run.id).await?;
    Ok(Json(shapes::run(&detail)).into_response())
}

/// `GET /agents/{agent_id}/runs`: the newest first.
pub(crate) async fn list(
    asking: Member<Read>,
    Ids(agent_id): Ids<AgentId>,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    service::agent(&asking.services, &asking.actor, agent_id).await?;
    let filter = RunFilter { agent: Some(agent_id), session: wanted.session_id, status: wanted.status };
    let page = PageRequest::new(None, Some(PAGE_SIZE_MAX));
    let runs = service::runs(&asking.services, &asking.actor, filter, page).await?.items;
    Ok(Json(runs.iter().map(shapes::row).collect::<Vec<_>>()).into_response())
}

/// `GET /agents/{agent_id}/runs/{run_id}`
pub(crate) async fn get(asking: Member<Read>, Ids(ids): Ids<(AgentId, RunId)>) -> Answer<Response> {
    Ok(Json(shapes::run(&find(&asking, ids).await?)).into_response())
}

/// `POST /agents/{agent_id}/runs/{run_id}/cancel`
pub(crate) async fn cancel(asking: Member<Propose>, Ids(ids): Ids<(AgentId, RunId)>) -> Answer<Response> {
    let run = find(&asking, ids).await?.run;
    service::cancel(&asking.services, &asking.actor, run.id).await?;
    Ok(Json(json!({})).into_response())
}

/// The run, if it is that agent's.
pub(super) async fn find(asking: &Entered, (agent, run): (AgentId, RunId)) -> Answer<RunDetail> {
    let detail = service::run(&asking.services, &asking.actor, run).await?;
    if detail.run.agent_id == agent { Ok(detail) } else { Err(Error::not_found("run").into()) }
}

/// Waits until a run has ended or waits for a person. Whoever is not welcome any more by then is told nothing.
pub(super) async fn rest(asking: &Entered, mut follow: Follow, stopping: &CancellationToken) -> Answer<()> {
    let welcome = asking.welcome();
    loop {
        let batch = tokio::select! {
            batch = follow.next() => batch?,
            () = stopping.cancelled() => {
                return Err(Error::new(Code::Unavailable, "HYVVE is restarting; the run goes on. Ask for it again.").into());
            }
        };
        if batch.events().last().is_some_and(|event| is_final(event) || is_pause(event)) {
            return if welcome.lasts().await { Ok(()) } else { Err(Error::unauthorized().into()) };
        }
    }
}
