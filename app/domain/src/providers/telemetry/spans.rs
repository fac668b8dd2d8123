//! The spans around and beside calls of models: a run, as long as one server drives it, and the execution of a tool.

use tracing::{Id, Span, field::Empty};

use super::{CANCELLED, names};
use crate::{
    Code,
    ids::{AgentId, AgentSessionId, RunId, WorkspaceId},
};

/// An agent is at work.
const INVOKE_AGENT: &str = "invoke_agent";
/// A tool is at work.
const EXECUTE_TOOL: &str = "execute_tool";
/// Of the tools that there are: HYVVE itself carries them out.
const FUNCTION: &str = "function";
/// Another server drives the run now.
const LOST: &str = "lost";

/// Who works on what.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// For whom.
    pub workspace: WorkspaceId,
    /// The run.
    pub run: RunId,
    /// Its conversation.
    pub conversation: AgentSessionId,
    /// Its agent.
    pub agent: AgentId,
    /// The agent's name.
    pub agent_name: &'a str,
}

/// The span of a run from when a server takes it up until it answers, waits for a person, or fails. One that waited has several.
#[derive(Debug)]
pub struct RunSpan(Span);

impl RunSpan {
    /// The run is taken up.
    pub fn begin(work: &Work<'_>) -> Self {
        let name = format!("{INVOKE_AGENT} {}", work.agent_name);
        Self(tracing::info_span!(
            parent: None,
            "run",
            { names::SPAN } = name,
            { names::SPAN_KIND } = "internal",
            { names::SPAN_STATUS } = Empty,
            { names::OPERATION } = INVOKE_AGENT,
            { names::CONVERSATION } = %work.conversation,
            { names::AGENT_ID } = %work.agent,
            { names::AGENT_NAME } = work.agent_name,
            { names::ERROR_TYPE } = Empty,
            workspace_id = %work.workspace,
            run_id = %work.run,
        ))
    }

    /// What happens within it names it as its parent.
    pub(super) fn id(&self) -> Option<Id> {
        self.0.id()
    }

    /// It ended in a failure of this kind.
    pub fn failed(&self, kind: &str) {
        failed(&self.0, kind);
    }

    /// Somebody cancelled it.
    pub fn cancelled(&self) {
        failed(&self.0, CANCELLED);
    }

    /// It is not this server's any more.
    pub fn lost(&self) {
        failed(&self.0, LOST);
    }

    /// It ended in a fault of HYVVE's own.
    pub fn broke(&self, code: Code) {
        failed(&self.0, code.as_str());
    }
}

/// A tool's execution: reading within a run, or an approved effect some time later.
#[derive(Clone, Copy, Debug)]
pub struct Execution<'a> {
    /// The tool's name: one of HYVVE's own.
    pub tool: &'static str,
    /// What the model calls this call.
    pub call: Option<&'a str>,
    /// For whom.
    pub workspace: WorkspaceId,
    /// The run that it belongs to.
    pub run: Option<RunId>,
    /// The run's span, where it is open.
    pub within: Option<&'a RunSpan>,
}

/// The span of a tool's execution, until it is dropped.
#[derive(Debug)]
pub struct ToolSpan(Span);

impl ToolSpan {
    /// The tool begins.
    pub fn begin(execution: &Execution<'_>) -> Self {
        let name = format!("{EXECUTE_TOOL} {}", execution.tool);
        Self(tracing::info_span!(
            parent: execution.within.and_then(RunSpan::id),
            "tool",
            { names::SPAN } = name,
            { names::SPAN_KIND } = "internal",
            { names::SPAN_STATUS } = Empty,
            { names::OPERATION } = EXECUTE_TOOL,
            { names::TOOL_NAME } = execution.tool,
            { names::TOOL_CALL } = execution.call,
            { names::TOOL_TYPE } = FUNCTION,
            { names::ERROR_TYPE } = Empty,
            workspace_id = %execution.workspace,
            run_id = execution.run.map(tracing::field::display),
        ))
    }

    /// It did not do what was wanted, or nobody knows.
    pub fn failed(&self, why: &'static str) {
        failed(&self.0, why);
    }
}

fn failed(span: &Span, why: &str) {
    span.record(names::SPAN_STATUS, "ERROR");
    span.record(names::ERROR_TYPE, why);
}
