//! What clients of AgentOS speak. The shapes are AgentOS's (`agentos/shapes.rs` makes them).

use hyvve_domain::{
    Role, Timestamp,
    agents::RunStatus,
    ids::{AgentId, AgentSessionId, ApprovalId, RunId, UserId},
    tools::Reversibility,
};
use schemars::SchemaGenerator;
use serde_json::{Value, json};

use super::operation::{Operation, Shape, get, of, post};
use crate::agentos::{agents, approvals, confirm, resume, runs, system};

const LAST_EVENT_ID: [(&str, &str); 1] = [("last-event-id", "The `event_index` that the reader has last.")];

const HEALTH: Shape = |generator| {
    json!({ "type": "object", "required": ["status", "instantiated_at"], "properties": {
        "status": { "const": "ok" }, "instantiated_at": of::<Timestamp>(generator),
    } })
};
const INFO: Shape = |_| {
    let count = json!({ "type": "integer", "minimum": 0 });
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["os_id", "name", "version", "agno_version", "agent_count", "team_count", "workflow_count", "mcp"],
        "properties": {
            "os_id": text, "name": text, "version": text, "agno_version": text,
            "agent_count": count, "team_count": count, "workflow_count": count,
            "mcp": { "type": "object", "required": ["enabled"], "properties": { "enabled": { "type": "boolean" } } },
        },
    })
};
const CONFIG: Shape = |generator| {
    let text = json!({ "type": "string" });
    let agent = json!({ "type": "object", "required": ["id", "name", "description"], "properties": {
        "id": of::<AgentId>(generator), "name": text, "description": text,
    } });
    let none = json!({ "type": "array", "items": {} });
    json!({
        "type": "object",
        "required": ["os_id", "name", "description", "agents"],
        "properties": {
            "os_id": text, "name": text, "description": text, "agents": { "type": "array", "items": agent },
            "available_models": none, "databases": none, "teams": none, "workflows": none, "interfaces": none,
        },
    })
};
const MODELS: Shape = |_| json!({ "type": "array", "items": { "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } } });
const AGENTS: Shape = |generator| json!({ "type": "array", "items": agent(generator) });
const ROWS: Shape = |generator| json!({ "type": "array", "items": row(generator) });
const ACCEPTED: Shape = |generator| {
    json!({ "type": "object", "required": ["run_id", "session_id", "status"], "properties": {
        "run_id": of::<RunId>(generator), "session_id": of::<AgentSessionId>(generator), "status": of::<RunStatus>(generator),
    } })
};
const NOTHING: Shape = |_| json!({ "type": "object" });
const APPROVALS: Shape = |generator| {
    let number = json!({ "type": "integer", "minimum": 0 });
    let meta = json!({ "type": "object", "required": ["page", "limit", "total_pages", "total_count"], "properties": {
        "page": number, "limit": number, "total_pages": number, "total_count": number,
    } });
    json!({ "type": "object", "required": ["data", "meta"], "properties": {
        "data": { "type": "array", "items": item(generator) }, "meta": meta,
    } })
};
const COUNT: Shape = |_| json!({ "type": "object", "required": ["count"], "properties": { "count": { "type": "integer", "minimum": 0 } } });
const STATUS: Shape = |generator| {
    json!({
        "type": "object",
        "required": ["approval_id", "status", "run_id", "resolved_at", "resolved_by"],
        "properties": {
            "approval_id": of::<ApprovalId>(generator), "status": words(), "run_id": of::<Option<RunId>>(generator),
            "resolved_at": { "type": ["integer", "null"] }, "resolved_by": { "type": ["string", "null"] },
        },
    })
};

/// AgentOS's words for where an approval stands.
fn words() -> Value {
    json!({ "enum": ["pending", "approved", "rejected", "expired", "cancelled"] })
}

fn agent(generator: &mut SchemaGenerator) -> Value {
    let text = json!({ "type": "string" });
    let tool = json!({ "type": "object", "required": ["name"], "properties": { "name": text } });
    json!({
        "type": "object",
        "required": ["id", "name", "description", "tools", "system_message"],
        "properties": {
            "id": of::<AgentId>(generator), "name": text, "description": text,
            "tools": { "type": "object", "properties": { "tools": { "type": "array", "items": tool } } },
            "system_message": { "type": "object", "properties": { "instructions": text } },
            "model": { "type": "object", "properties": { "model": text }, "description": "Missing where the provider’s default is used." },
            "response_settings": { "type": "object", "properties": { "output_schema_name": text },
                "description": "Missing where it answers in words." },
        },
    })
}

fn metrics() -> Value {
    let count = json!({ "type": "integer", "minimum": 0 });
    json!({ "type": "object", "properties": {
        "input_tokens": count, "output_tokens": count, "total_tokens": count, "reasoning_tokens": count,
        "cache_read_tokens": count, "cache_write_tokens": count,
        "cost": { "type": "number", "description": "Dollars, where the price is known." },
    } })
}

fn content() -> Value {
    let what = "The answer, or why there is none; an object where the answer was asked for as JSON of a schema.";
    json!({ "type": ["string", "object", "null"], "description": what })
}

/// AgentOS's RunSchema.
fn row(generator: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["run_id", "agent_id", "session_id", "status", "created_at"],
        "properties": {
            "run_id": of::<RunId>(generator), "agent_id": of::<AgentId>(generator),
            "session_id": of::<AgentSessionId>(generator), "user_id": of::<UserId>(generator),
            "status": of::<RunStatus>(generator), "run_input": { "type": "string" },
            "content": content(),
            "run_response_format": { "enum": ["text", "json"] }, "metrics": metrics(), "created_at": of::<Timestamp>(generator),
        },
    })
}

/// AgentOS's ToolExecution.
fn execution(generator: &mut SchemaGenerator) -> Value {
    let input = json!({ "type": "object", "properties": {
        "name": { "type": "string" }, "field_type": { "type": "string" }, "description": {}, "value": {},
    } });
    json!({
        "type": "object",
        "required": ["tool_call_id", "tool_name", "tool_args", "created_at"],
        "properties": {
            "tool_call_id": { "type": "string" }, "tool_name": { "type": "string" },
            "tool_args": { "description": "An object; what is not JSON is the text that it is." },
            "result": { "type": "string" }, "tool_call_error": { "type": "boolean" },
            "requires_confirmation": { "type": "boolean" }, "confirmed": { "type": ["boolean", "null"] },
            "approval_type": { "const": "required" }, "approval_id": of::<ApprovalId>(generator),
            "requires_user_input": { "type": "boolean" }, "user_input_schema": { "type": "array", "items": input },
            "created_at": { "type": "integer", "description": "Seconds since 1970." },
        },
    })
}

/// AgentOS's RunOutput.
fn run(generator: &mut SchemaGenerator) -> Value {
    let tool = execution(generator);
    let requirement = json!({ "type": "object", "properties": { "tool_execution": tool } });
    json!({
        "type": "object",
        "required": ["run_id", "agent_id", "agent_name", "session_id", "status", "tools", "requirements", "created_at"],
        "properties": {
            "run_id": of::<RunId>(generator), "agent_id": of::<AgentId>(generator), "agent_name": { "type": "string" },
            "session_id": of::<AgentSessionId>(generator), "user_id": of::<UserId>(generator),
            "input": { "type": "object", "properties": { "input_content": { "type": "string" } } },
            "content": content(),
            "content_type": { "enum": ["str", "dict"] }, "model": { "type": ["string", "null"] },
            "model_provider": { "type": ["string", "null"] }, "metrics": metrics(),
            "tools": { "type": "array", "items": tool }, "requirements": { "type": "array", "items": requirement },
            "status": of::<RunStatus>(generator),
            "created_at": { "type": "integer", "description": "Seconds since 1970." },
        },
    })
}

/// An approval as a list shows it.
fn item(generator: &mut SchemaGenerator) -> Value {
    let moment = json!({ "type": ["integer", "null"], "description": "Seconds since 1970." });
    let context = json!({ "type": "object", "properties": {
        "title": { "type": "string" }, "hash": { "type": "string" }, "reversibility": of::<Reversibility>(generator),
    } });
    json!({
        "type": "object",
        "required": ["id", "run_id", "status", "tool_name", "context", "created_at", "updated_at"],
        "properties": {
            "id": of::<ApprovalId>(generator), "run_id": of::<Option<RunId>>(generator),
            "session_id": of::<Option<AgentSessionId>>(generator), "agent_id": of::<Option<AgentId>>(generator),
            "run_status": of::<Option<RunStatus>>(generator), "status": words(), "source_type": { "const": "agent" },
            "source_name": { "type": "string" }, "approval_type": { "const": "required" },
            "pause_type": { "const": "confirmation" }, "tool_name": { "type": "string" },
            "user_id": of::<UserId>(generator), "context": context, "expires_at": moment, "resolved_at": moment,
            "created_at": moment, "updated_at": moment,
        },
    })
}

/// The same with what would run.
fn approval(generator: &mut SchemaGenerator) -> Value {
    let mut approval = item(generator);
    approval["properties"]["tool_args"] = json!({ "description": "Exactly as it will run." });
    approval["properties"]["resolved_by"] = json!({ "type": ["string", "null"] });
    approval
}

const STREAM: &str = "AgentOS’s events, until the run ends or waits for a person.";
/// Browsers that want a page are sent to it.
const TO_THE_PAGE: &str = "To the page, for a browser that wants one.";

pub(super) fn agentos() -> Vec<Operation> {
    let mut all = vec![
        get("/health", system::health, "Up, and the database answers.").answers(HEALTH),
        get("/info", system::info, "What this is; it counts nothing that belongs to a tenant.").answers(INFO),
        get("/config", system::config, "What is in the workspace.").role(not_guests).answers(CONFIG),
        get("/models", system::models, "The models that agents name.").role(not_guests).answers(MODELS),
        get("/agents", agents::list, "The workspace’s agents.").role(not_guests).answers(AGENTS).bare(303, TO_THE_PAGE),
        get("/agents/{agent_id}", agents::get, "One agent.").role(not_guests).answers(agent),
        get("/agents/{agent_id}/runs", runs::list, "An agent’s runs, the newest first.").role(not_guests).answers(ROWS),
    ];
    all.extend(running());
    all.extend(deciding());
    all
}

/// Guests see no agents.
fn not_guests(role: Role) -> bool {
    role != Role::Guest
}

fn running() -> Vec<Operation> {
    vec![
        post("/agents/{agent_id}/runs", runs::create, "Says something to an agent.")
            .more("Streams unless `stream` is false; with `background` it is answered at once, and goes on either way. Images are kept without what cameras note in them, and models are told of a conversation’s newest eight.")
            .role(Role::can_run_agents)
            .streams(STREAM, run)
            .reply(202, "It goes on.", ACCEPTED),
        get("/agents/{agent_id}/runs/{run_id}", runs::get, "One run with its calls.").answers(run),
        post("/agents/{agent_id}/runs/{run_id}/continue", confirm::go_on, "Sends decisions and answers back, and goes on.")
            .more(
                "`tools` is a JSON string: AgentOS’s ToolExecutions, of which `confirmed`, `confirmation_note` and the answers in \
                 `user_input_schema` count. What the client changed of a call is refused. Deciding takes a key’s scope `decide`.",
            )
            .role(Role::can_run_agents)
            .streams(STREAM, run),
        post("/agents/{agent_id}/runs/{run_id}/cancel", runs::cancel, "Cancels a run.")
            .role(Role::can_run_agents)
            .answers(NOTHING),
        post("/agents/{agent_id}/runs/{run_id}/resume", resume::reattach, "Comes back to a run’s stream: what was missed, then what comes.")
            .other("text/event-stream", STREAM),
        get("/agents/runs/{run_id}/stream", resume::stream, "A run’s stream, for an `EventSource`.")
            .more("It waits with a run that waits, and says 204 when nothing can follow.")
            .headers(&LAST_EVENT_ID)
            .other("text/event-stream", STREAM)
            .bare(204, "Nothing can follow: an `EventSource` does not come again."),
    ]
}

fn deciding() -> Vec<Operation> {
    vec![
        get("/approvals", approvals::list, "Approvals, the newest first.")
            .role(Role::sees_approvals)
            .answers(APPROVALS)
            .bare(303, TO_THE_PAGE),
        get("/approvals/count", approvals::count, "How many wait.").answers(COUNT),
        get("/approvals/{id}", approvals::get, "One approval, with what would run.")
            .role(Role::sees_approvals)
            .answers(approval),
        get("/approvals/{id}/status", approvals::status, "Where an approval stands.")
            .role(Role::sees_approvals)
            .answers(STATUS),
        post("/approvals/{id}/resolve", approvals::resolve, "Approves or rejects; the run goes on.")
            .more("Who resolves is who asks, whatever the body says.")
            .role(Role::can_decide)
            .answers(approval),
    ]
}
