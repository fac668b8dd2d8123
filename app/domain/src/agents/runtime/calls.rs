//! Calling tools: reading runs at once, everything else becomes an approval item or a question, and the step waits.

use std::{sync::Arc, time::Instant};

use futures::FutureExt as _;
use serde_json::{Value, json};

use super::{Driver, Flow, Stop};
use crate::{
    agents::{
        RunFailure, StepContent, ToolResult,
        driver_store::{EventDraft, NewStep, Write},
    },
    approvals::{
        propose::{self, Source, setup},
        routing::Review,
    },
    canonical, crash,
    ids::ApprovalId,
    providers::{
        ToolCall,
        telemetry::{Execution, ToolSpan},
    },
    tools::{Nature, arguments, registry},
};

/// How often arguments, or an answer, that do not fit go back to the model before the run ends.
pub(super) const INVALID_ARGUMENTS: usize = 3;
const INVALID: &str = "invalid_arguments";
/// In a span: the tool found something wrong, and the model was told.
const TOLD: &str = "tool_error";
/// In a span: a fault of HYVVE's own.
const FAULT: &str = "internal";

/// AgentOS's ToolExecution. Arguments that are refused for what they hold stand there as they were written: some, with a NUL in them,
/// could not even be stored otherwise.
pub(super) fn execution(call: &ToolCall) -> Value {
    let arguments = canonical::parse_strict(&call.arguments).unwrap_or_else(|_| Value::String(call.arguments.clone()));
    json!({ "tool_call_id": call.id, "tool_name": call.name, "tool_args": arguments })
}

/// The event of a call's answer.
pub(super) fn answered(
    call: &ToolCall,
    result: &ToolResult,
    approval: Option<ApprovalId>,
    ms: Option<u128>,
) -> EventDraft {
    let mut tool = execution(call);
    tool["result"] = json!(result.content);
    tool["tool_call_error"] = json!(result.is_error);
    if let Some(approval) = approval {
        tool["requires_confirmation"] = json!(true);
        tool["confirmed"] = json!(result.was_approved());
        tool["approval_id"] = json!(approval);
        tool["approval_type"] = json!("required");
    }
    if let Some(ms) = ms {
        tool["ms"] = json!(ms as u64);
    }
    let name = if result.is_error { "ToolCallError" } else { "ToolCallCompleted" };
    EventDraft::new(name, json!({ "tool": tool, "content": result.content }))
}

/// A call that waits, as events and requirements show it.
pub(super) fn waiting(call: &ToolCall, approval: Option<ApprovalId>) -> Value {
    let mut tool = execution(call);
    if let Some(id) = approval {
        tool["requires_confirmation"] = json!(true);
        tool["approval_type"] = json!("required");
        tool["approval_id"] = json!(id);
    } else {
        tool["requires_user_input"] = json!(true);
        tool["user_input_schema"] = json!([{ "name": "answer", "field_type": "str", "description": tool["tool_args"]["question"], "value": null }]);
    }
    tool
}

impl Driver<'_> {
    /// The model's calls, one after the other, each a step of its own.
    pub(super) async fn call_tools(&mut self, calls: Vec<ToolCall>) -> Result<Flow, Stop> {
        let cancel = Arc::clone(&self.cancel);
        for call in calls {
            // Whoever stops a run need not wait for all that its model has asked for.
            if cancel.notified().now_or_never().is_some() {
                return Err(Stop::Cancelled);
            }
            self.call_tool(call).await?;
        }
        Ok(Flow::On)
    }

    async fn call_tool(&mut self, call: ToolCall) -> Result<(), Stop> {
        let known = registry::find(&call.name)
            .filter(|t| t.is_for_agents() && self.agent.tools.iter().any(|name| name == t.name));
        let Some(tool) = known else {
            return self.refuse(call, "unknown_tool", "There is no such tool.").await;
        };
        let parsed = match arguments::parse(tool, &call.arguments) {
            Ok(parsed) => parsed,
            Err(why) => return self.refuse(call, INVALID, &why).await,
        };
        let began = Instant::now();
        let mut tx = self.begin().await?;
        match tool.nature {
            Nature::Read => {
                let span = ToolSpan::begin(&Execution {
                    tool: tool.name,
                    call: Some(&call.id),
                    workspace: self.actor.workspace,
                    run: Some(self.id),
                    within: Some(&self.span),
                });
                let read = registry::read(&mut tx, tool, &parsed).await.inspect_err(|_| span.failed(FAULT))?;
                let result = match read {
                    Ok(value) => ToolResult { content: value.to_string(), is_error: false },
                    Err(why) => {
                        span.failed(TOLD);
                        ToolResult { content: json!({ "status": "failed", "error": why }).to_string(), is_error: true }
                    }
                };
                drop(span);
                self.pending.push(EventDraft::new("ToolCallStarted", json!({ "tool": execution(&call) })));
                self.pending.push(answered(&call, &result, None, Some(began.elapsed().as_millis())));
                self.keep(tx, call, Some(result), None).await
            }
            Nature::Ask => {
                self.pending.push(EventDraft::new("ToolCallStarted", json!({ "tool": waiting(&call, None) })));
                self.keep(tx, call, None, None).await
            }
            Nature::Act { .. } => {
                let plan = match registry::plan(&mut tx, tool, &parsed, &self.s.http).await? {
                    Ok(plan) => plan,
                    Err(why) => {
                        drop(tx);
                        return self.refuse(call, INVALID, &why).await;
                    }
                };
                let requester =
                    self.actor.user_id().ok_or_else(|| crate::Error::internal("an agent without a requester"))?;
                let source = Source {
                    requester,
                    run: Some(self.id),
                    tool_call_id: Some(&call.id),
                    setup: setup(&self.choice().model, &self.taught()),
                    agent: Some(&self.agent.name),
                    attachments: Vec::new(),
                };
                let proposed = propose::propose(&mut tx, tool, &parsed, &plan, source).await?;
                self.answer(&mut tx).await?;
                self.pending
                    .push(EventDraft::new("ToolCallStarted", json!({ "tool": waiting(&call, Some(proposed.id)) })));
                self.keep(tx, call, None, Some(proposed.id)).await?;
                if proposed.review == Review::Auto {
                    self.s.hub.poke_work();
                }
                Ok(())
            }
        }
    }

    /// Stores the step with its events, then shows them.
    async fn keep(
        &mut self,
        mut tx: crate::db::TenantTx,
        call: ToolCall,
        result: Option<ToolResult>,
        approval: Option<ApprovalId>,
    ) -> Result<(), Stop> {
        let content = StepContent::Tool { call, result };
        let step = Some(NewStep { position: self.position(), content: &content, approval, making: None });
        let events = self.put(&mut tx, Write { step, ..Write::default() }).await?;
        crash::point("tool.before_step");
        tx.commit().await?;
        crash::point("tool.after_step");
        self.publish(events);
        self.remember(content, approval, None);
        Ok(())
    }

    /// The model is told that its call came to nothing, and may try again, so often.
    async fn refuse(&mut self, call: ToolCall, status: &str, why: &str) -> Result<(), Stop> {
        let refused = self.steps.iter().filter(|s| is_refusal(&s.content)).count();
        if refused >= INVALID_ARGUMENTS {
            return Err(Stop::Failed(RunFailure {
                kind: "invalid_tool_arguments".to_owned(),
                message: format!("{} kept calling tools with arguments that do not fit.", self.on().provider.name),
                remedy: "Retry, or choose a model that is better with tools in Settings → AI providers.".to_owned(),
                said: None,
            }));
        }
        let result = ToolResult { content: json!({ "status": status, "error": why }).to_string(), is_error: true };
        self.pending.push(EventDraft::new("ToolCallStarted", json!({ "tool": execution(&call) })));
        self.pending.push(answered(&call, &result, None, None));
        let tx = self.begin().await?;
        self.keep(tx, call, Some(result), None).await
    }
}

/// Whether a step is a call that was refused for its name or its arguments.
fn is_refusal(content: &StepContent) -> bool {
    let StepContent::Tool { result: Some(result), .. } = content else { return false };
    result.is_error
        && serde_json::from_str::<Value>(&result.content)
            .is_ok_and(|v| matches!(v["status"].as_str(), Some(INVALID | "unknown_tool")))
}
