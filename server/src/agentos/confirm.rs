//! `continue`: a person's decisions and answers, sent back the way AgentOS's clients do.
//!
//! Stricter than AgentOS, on purpose: a decision goes through the one door, on the arguments that are stored; calls that
//! the client changed or invented are refused; a call that was decided before is not decided again.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Code, Error, Result,
    agents::{RunDetail, StepContent, service},
    api_keys::Scope,
    approvals::{self, Decide, Status},
    ids::{AgentId, ApprovalId, RunId},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    decision,
    form::{Form, flag, yes},
    runs, shapes,
    stream::{self, Head},
};
use crate::{
    asking::{Entered, Member, Propose},
    extract::Ids,
    follow::Follow,
    reply::Answer,
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Continue {
    tools: Option<String>,
    #[serde(default = "yes", deserialize_with = "flag")]
    stream: bool,
}

/// What a client says about a call. Everything else of AgentOS's ToolExecution is ours to know.
#[derive(Deserialize)]
struct Said {
    tool_call_id: String,
    tool_name: Option<String>,
    tool_args: Option<Value>,
    confirmed: Option<bool>,
    confirmation_note: Option<String>,
    #[serde(default)]
    user_input_schema: Option<Vec<Input>>,
}

#[derive(Deserialize)]
struct Input {
    value: Option<Value>,
}

/// What is to be done about a waiting call.
enum Act {
    Decide(ApprovalId, Decide),
    Answer(String, String),
}

/// `POST /agents/{agent_id}/runs/{run_id}/continue`
pub(crate) async fn go_on(
    asking: Member<Propose>,
    State(stopping): State<CancellationToken>,
    Ids(ids): Ids<(AgentId, RunId)>,
    Form(form): Form<Continue>,
) -> Answer<Response> {
    // Before the run itself: one that has not ended by then ends with an event that is not known, and so is waited for.
    let known =
        service::events(&asking.services, &asking.actor, ids.1, 0).await?.last().map_or(-1, |event| event.index);
    let detail = runs::find(&asking, ids).await?;
    if detail.run.status.is_final() {
        return Err(Error::new(Code::Conflict, "This run has already ended.").into());
    }
    let acts = acts(&detail, form.tools.as_deref())?;
    if acts.iter().any(|act| matches!(act, Act::Decide(..))) {
        asking.covers(Scope::Decide)?;
    }
    if acts.is_empty() {
        may_wait(&asking, &detail).await?;
    }
    for act in acts {
        carry_out(&asking, ids.1, act).await?;
    }
    let detail = runs::find(&asking, ids).await?;
    // What still waits for somebody else: the client sees the pause again, and what it waits for.
    let waits = waits_for_a_person(&asking, &detail).await?;
    let follow = Follow::from(&asking.services, asking.actor, ids.1, if waits { known } else { known + 1 });
    if form.stream {
        return Ok(stream::reply(Head::from(&detail.run), follow, waits, asking.welcome(), stopping));
    }
    if !waits {
        runs::rest(&asking, follow, &stopping).await?;
    }
    Ok(Json(shapes::run(&runs::find(&asking, ids).await?)).into_response())
}

/// Reads what the client said, and compares it with what is stored.
fn acts(detail: &RunDetail, tools: Option<&str>) -> Result<Vec<Act>> {
    let wrong =
        |e: serde_json::Error| Error::invalid("tools", "json", format!("This is not a list of tool calls: {e}."));
    let said: Vec<Said> = serde_json::from_str(tools.unwrap_or("[]")).map_err(wrong)?;
    let mut acts = Vec::new();
    for said in said {
        let step = detail.steps.iter().find_map(|step| match &step.content {
            StepContent::Tool { call, .. } if call.id == said.tool_call_id => Some((step, call)),
            _ => None,
        });
        let (step, call) = step.ok_or_else(|| refuse("There is no such call in this run."))?;
        let stored = shapes::arguments(call);
        if said.tool_name.is_some_and(|name| name != call.name) || said.tool_args.is_some_and(|args| args != stored) {
            return Err(refuse("This is not the call that was stored. Decide on it as it is, or reject it."));
        }
        if !step.waiting {
            continue;
        }
        match (step.approval_id, said.confirmed) {
            (Some(id), Some(confirmed)) => acts.push(Act::Decide(id, decision(confirmed, said.confirmation_note))),
            (None, _) => acts.extend(answer(said.user_input_schema).map(|text| Act::Answer(said.tool_call_id, text))),
            (Some(_), None) => {}
        }
    }
    Ok(acts)
}

async fn carry_out(asking: &Entered, run: RunId, act: Act) -> Result<()> {
    let (s, actor) = (&asking.services, &asking.actor);
    match act {
        Act::Answer(call, text) => service::answer(s, actor, run, &call, &text).await.map(drop),
        Act::Decide(id, decision) => {
            let hash = approvals::service::get(s, actor, id).await?.item.hash;
            match approvals::door::decide(s, actor, id, Decide { hash: Some(hash), ..decision }).await {
                Ok(_) => Ok(()),
                // Somebody was faster, perhaps this very client: the run goes on either way.
                Err(error) if error.code == Code::AlreadyDecided => Ok(()),
                Err(error) => Err(error),
            }
        }
    }
}

/// Whether a decision or an answer is missing. What is decided and has not happened yet happens without anybody.
async fn waits_for_a_person(asking: &Entered, detail: &RunDetail) -> Result<bool> {
    for step in detail.steps.iter().filter(|step| step.waiting) {
        let Some(id) = step.approval_id else { return Ok(true) };
        if approvals::service::get(&asking.services, &asking.actor, id).await?.item.status == Status::Pending {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Without anything to do, one may only come back to a run that waits for what one could decide oneself.
async fn may_wait(asking: &Entered, detail: &RunDetail) -> Result<()> {
    for id in detail.steps.iter().filter(|step| step.waiting).filter_map(|step| step.approval_id) {
        let item = approvals::service::get(&asking.services, &asking.actor, id).await?;
        if let Some(why) = item.blocked {
            return Err(Error::forbidden(why));
        }
    }
    Ok(())
}

fn answer(inputs: Option<Vec<Input>>) -> Option<String> {
    match inputs?.into_iter().find_map(|input| input.value)? {
        Value::String(text) => Some(text),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn refuse(why: &str) -> Error {
    Error::new(Code::Unprocessable, why).with(serde_json::json!({ "field": "tools", "constraint": "unchanged" }))
}
