//! What a model is told: the conversation, made of runs' messages and steps.

use uuid::Uuid;

use super::{Agent, Step, StepContent, store};
use crate::{
    Result,
    db::TenantTx,
    ids::{AgentSessionId, RunId},
    providers::{ChatRequest, Message},
    tools::registry,
};

/// How many runs of a conversation a model is told of.
const RUNS: i64 = 20;

/// The conversation up to a run, and the run's own steps.
pub(super) async fn load(tx: &mut TenantTx, session: AgentSessionId, run: RunId) -> Result<(Vec<Message>, Vec<Step>)> {
    let inputs = store::inputs(tx, session, run, RUNS).await?;
    let ids: Vec<Uuid> = inputs.iter().map(|(id, _)| id.0).collect();
    let mut steps = store::steps(tx, &ids).await?;
    let mut messages = Vec::new();
    let mut own = Vec::new();
    for (id, input) in inputs {
        messages.push(Message::User { text: input });
        let of_run: Vec<Step> = steps.extract_if(.., |(of, _)| *of == id).map(|(_, step)| step).collect();
        if id == run {
            own = of_run;
        } else {
            extend(&mut messages, &of_run);
        }
    }
    Ok((messages, own))
}

/// Adds a run's steps to the conversation. A call that was never answered is said to have come to nothing: providers refuse
/// a call without an answer.
pub(super) fn extend(messages: &mut Vec<Message>, steps: &[Step]) {
    let mut open: Vec<(String, String)> = Vec::new();
    for step in steps {
        match &step.content {
            StepContent::Model { text, tool_calls, .. } => {
                close(messages, &mut open);
                open = tool_calls.iter().map(|c| (c.id.clone(), c.name.clone())).collect();
                messages.push(Message::Assistant { text: text.clone(), tool_calls: tool_calls.clone() });
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

fn close(messages: &mut Vec<Message>, open: &mut Vec<(String, String)>) {
    for (tool_call_id, name) in open.drain(..) {
        let content = r#"{"status":"cancelled","note":"This call came to nothing."}"#.to_owned();
        messages.push(Message::Tool { tool_call_id, name, content, is_error: true });
    }
}

/// The request for the next model call.
pub(super) fn request(agent: &Agent, model: &str, earlier: &[Message], steps: &[Step]) -> ChatRequest {
    let mut messages = earlier.to_vec();
    extend(&mut messages, steps);
    ChatRequest {
        model: model.to_owned(),
        system: agent.instructions.clone(),
        messages,
        tools: agent.tools.iter().filter_map(|name| registry::find(name)).map(registry::Tool::spec).collect(),
        max_output_tokens: None,
    }
}
