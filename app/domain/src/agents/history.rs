//! What a model is told: the conversation, made of runs' messages and steps.

use uuid::Uuid;

use super::{Agent, Step, StepContent, store};
use crate::{
    Result,
    db::TenantTx,
    ids::{AgentSessionId, ProviderId, RunId},
    providers::{ChatRequest, Content, Message, Part, ToolCall},
    tools::registry,
};

/// Who is asked: what a provider sealed is for the model that made it only.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) provider: ProviderId,
    pub(super) model: &'a str,
}

/// How many runs of a conversation a model is told of.
const RUNS: i64 = 20;

/// The conversation up to a run, and the run's own steps.
pub(super) async fn load(
    tx: &mut TenantTx,
    session: AgentSessionId,
    run: RunId,
    asked: Asked<'_>,
) -> Result<(Vec<Message>, Vec<Step>)> {
    let inputs = store::inputs(tx, session, run, RUNS).await?;
    let ids: Vec<Uuid> = inputs.iter().map(|(id, _)| id.0).collect();
    let mut steps = store::steps(tx, &ids).await?;
    let mut messages = Vec::new();
    let mut own = Vec::new();
    for (id, input) in inputs {
        messages.push(Message::user(input));
        let of_run: Vec<Step> = steps.extract_if(.., |(of, _)| *of == id).map(|(_, step)| step).collect();
        if id == run {
            own = of_run;
        } else {
            extend(&mut messages, &of_run, asked);
        }
    }
    Ok((messages, own))
}

/// Adds a run's steps to the conversation. A call that was never answered is said to have come to nothing: providers refuse
/// a call without an answer.
pub(super) fn extend(messages: &mut Vec<Message>, steps: &[Step], asked: Asked<'_>) {
    let mut open: Vec<(String, String)> = Vec::new();
    for step in steps {
        match &step.content {
            StepContent::Model { text, reasoning, tool_calls, .. } => {
                close(messages, &mut open);
                open = tool_calls.iter().map(|c| (c.id.clone(), c.name.clone())).collect();
                let making = step.making.as_ref().filter(|m| m.provider == asked.provider && m.model == asked.model);
                let parts = match making {
                    Some(making) => making.layout.parts(text, reasoning, tool_calls),
                    None => plain(text, tool_calls),
                };
                messages.push(Message::Assistant { parts });
            }
            StepContent::Tool { call, result: Some(result) } => {
                open.retain(|(id, _)| *id != call.id);
                messages.push(Message::Tool {
                    tool_call_id: call.id.clone(),
                    name: call.name.clone(),
                    content: result.content.clone(),
                    is_error: result.is_error,
                });
            }
            StepContent::Tool { result: None, .. } => {}
        }
    }
    close(messages, &mut open);
}

/// An answer for a model that did not make it: what it said and called, without what it thought.
fn plain(text: &str, calls: &[ToolCall]) -> Vec<Part> {
    let text = (!text.is_empty()).then(|| Content::Text(text.to_owned()));
    text.into_iter().chain(calls.iter().cloned().map(Content::Call)).map(Part::from).collect()
}

fn close(messages: &mut Vec<Message>, open: &mut Vec<(String, String)>) {
    for (tool_call_id, name) in open.drain(..) {
        let content = r#"{"status":"cancelled","note":"This call came to nothing."}"#.to_owned();
        messages.push(Message::Tool { tool_call_id, name, content, is_error: true });
    }
}

/// The request for the next model call.
pub(super) fn request(agent: &Agent, asked: Asked<'_>, earlier: &[Message], steps: &[Step]) -> ChatRequest {
    let mut messages = earlier.to_vec();
    extend(&mut messages, steps, asked);
    ChatRequest {
        model: asked.model.to_owned(),
        system: agent.instructions.clone(),
        messages,
        tools: agent.tools.iter().filter_map(|name| registry::find(name)).map(registry::Tool::spec).collect(),
        ..ChatRequest::default()
    }
}
