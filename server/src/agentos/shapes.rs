//! Our things in AgentOS's words.

use hyvve_domain::{
    Timestamp,
    agents::{Agent, Run, RunDetail, RunStatus, Step, StepContent, ToolResult},
    approvals::{Detail, Item, Status},
    providers::ToolCall,
};
use serde_json::{Value, json};

/// An agent, as `/agents` lists it.
pub(super) fn agent(agent: &Agent) -> Value {
    let mut shape = json!({
        "id": agent.id,
        "name": agent.name,
        "description": agent.description,
        "tools": { "tools": agent.tools.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>() },
        "system_message": { "instructions": agent.instructions },
    });
    if let Some(model) = &agent.model {
        shape["model"] = json!({ "model": model });
    }
    if let Some(schema) = &agent.output_schema {
        let name = schema["title"].as_str().unwrap_or("JSONSchema");
        shape["response_settings"] = json!({ "output_schema_name": name });
    }
    shape
}

/// A run, as lists show it: AgentOS's RunSchema.
pub(super) fn row(run: &Run) -> Value {
    let (content, content_type) = content(run);
    json!({
        "run_id": run.id,
        "agent_id": run.agent_id,
        "session_id": run.session_id,
        "user_id": run.requester_id,
        "status": run.status,
        "run_input": run.input,
        "content": content,
        "run_response_format": if content_type == "str" { "text" } else { "json" },
        "metrics": metrics(run),
        "created_at": run.created_at,
    })
}

/// A run with its calls: AgentOS's RunOutput.
pub(super) fn run(RunDetail { run, steps }: &RunDetail) -> Value {
    let tools: Vec<Value> = steps.iter().filter_map(execution).collect();
    let waiting: Vec<Value> = steps.iter().filter(|step| step.waiting).filter_map(execution).collect();
    let (content, content_type) = content(run);
    json!({
        "run_id": run.id,
        "agent_id": run.agent_id,
        "agent_name": run.agent,
        "session_id": run.session_id,
        "user_id": run.requester_id,
        "input": { "input_content": run.input },
        "content": content,
        "content_type": content_type,
        "model": run.model,
        "model_provider": run.provider,
        "metrics": metrics(run),
        "tools": tools,
        "requirements": waiting.into_iter().map(|tool| json!({ "tool_execution": tool })).collect::<Vec<_>>(),
        "status": run.status,
        "created_at": run.created_at.unix_seconds(),
    })
}

/// What a run says: its answer, or why there is none, and which of AgentOS's types that is.
fn content(run: &Run) -> (Value, &'static str) {
    let said = run.error.as_ref().map(|error| error.message.as_str()).or(run.output.as_deref());
    let is_json = run.structured && run.status == RunStatus::Completed;
    let json = said.filter(|_| is_json).and_then(|said| serde_json::from_str(said).ok());
    json.map_or_else(|| (json!(said), "str"), |json| (json, "dict"))
}

fn metrics(run: &Run) -> Value {
    run.usage.metrics()
}

/// A call: AgentOS's ToolExecution.
fn execution(step: &Step) -> Option<Value> {
    let StepContent::Tool { call, result } = &step.content else { return None };
    let mut shape = json!({
        "tool_call_id": call.id,
        "tool_name": call.name,
        "tool_args": arguments(call),
        "created_at": step.created_at.unix_seconds(),
    });
    if let Some(result) = result {
        shape["result"] = json!(result.content);
        shape["tool_call_error"] = json!(result.is_error);
    }
    if let Some(id) = step.approval_id {
        shape["requires_confirmation"] = json!(true);
        shape["approval_type"] = json!("required");
        shape["approval_id"] = json!(id);
        shape["confirmed"] = json!(result.as_ref().map(ToolResult::was_approved));
    } else if step.waiting {
        shape["requires_user_input"] = json!(true);
        let question = &shape["tool_args"]["question"];
        shape["user_input_schema"] =
            json!([{ "name": "answer", "field_type": "str", "description": question, "value": null }]);
    }
    Some(shape)
}

/// A call's arguments; what is not JSON is shown as the text that it is.
pub(super) fn arguments(call: &ToolCall) -> Value {
    serde_json::from_str(&call.arguments).unwrap_or_else(|_| Value::String(call.arguments.clone()))
}

/// An approval as a list shows it. `run` is the run that waits for it.
pub(super) fn item(item: &Item, run: Option<&Run>) -> Value {
    json!({
        "id": item.id,
        "run_id": item.run_id,
        "session_id": run.map(|run| run.session_id),
        "agent_id": run.map(|run| run.agent_id),
        "run_status": run.map(|run| run.status),
        "status": status(item.status),
        "source_type": "agent",
        "source_name": item.proposer,
        "approval_type": "required",
        "pause_type": "confirmation",
        "tool_name": item.tool,
        "user_id": item.requester_id,
        "context": { "title": item.title, "hash": item.hash, "reversibility": item.reversibility },
        "expires_at": item.due_at.map(Timestamp::unix_seconds),
        "resolved_at": item.decided_at.map(Timestamp::unix_seconds),
        "created_at": item.created_at.unix_seconds(),
        "updated_at": item.decided_at.unwrap_or(item.created_at).unix_seconds(),
    })
}

/// An approval with what would run.
pub(super) fn approval(detail: &Detail, run: Option<&Run>) -> Value {
    let mut shape = item(&detail.item, run);
    shape["tool_args"] = detail.arguments.clone();
    shape["resolved_by"] = json!(detail.decided_by);
    shape
}

/// AgentOS has five words for our seven.
pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Approved | Status::AutoApproved => "approved",
        Status::Rejected => "rejected",
        Status::TimedOut => "expired",
        Status::Cancelled | Status::Superseded => "cancelled",
    }
}
