//! Driving a run: ask the model, call its tools, wait for people, until there is an answer.
//!
//! What comes next is read off the stored steps (`next`), never remembered: a node that takes a run over after a crash
//! does exactly what the dead one would have done. Each write carries the lease as a fence; whoever has lost it stops
//! without a trace.

mod calls;
mod ends;
mod model;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::sync::Notify;

use super::{
    Agent, Making, RunEvent, RunFailure, Step, StepContent,
    driver_store::{self, Claimed, EventDraft, Write},
    history::{self, Asked},
    store::{self},
};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp, Who,
    db::TenantTx,
    ids::RunId,
    providers::{self, Failure, Message, ToolCall, service::Resolved},
    services::Services,
    workspaces,
};

/// Why a run stops being driven.
pub(super) enum Stop {
    /// Another node has it now.
    Lost,
    /// A person cancelled it.
    Cancelled,
    /// It ends in an error that its people can understand.
    Failed(RunFailure),
    /// A fault of ours, or the database is away.
    Fault(Error),
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Fault(e)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(RunFailure {
            kind: failure.kind.as_str().to_owned(),
            message: failure.to_string(),
            remedy: failure.remedy().to_owned(),
            said: failure.said,
        })
    }
}

/// What a run needs next.
#[derive(Debug, PartialEq)]
enum Next {
    /// An answer of the model.
    Model,
    /// These calls of the last answer.
    Calls(Vec<ToolCall>),
    /// A person.
    Wait,
    /// Nothing: the last answer is the answer.
    Complete(String),
}

/// Read off the stored steps.
fn next(steps: &[Step]) -> Next {
    let Some(at) = steps.iter().rposition(|s| matches!(s.content, StepContent::Model { .. })) else {
        return Next::Model;
    };
    let StepContent::Model { text, tool_calls, .. } = &steps[at].content else { return Next::Model };
    if tool_calls.is_empty() {
        return Next::Complete(text.clone());
    }
    let answered = |call: &ToolCall| {
        steps[at..].iter().any(|s| matches!(&s.content, StepContent::Tool { call: c, .. } if c.id == call.id))
    };
    let open: Vec<ToolCall> = tool_calls.iter().filter(|c| !answered(c)).cloned().collect();
    if !open.is_empty() {
        Next::Calls(open)
    } else if steps[at..].iter().any(|s| s.waiting) {
        Next::Wait
    } else {
        Next::Model
    }
}

/// Whether the run is still this node's after a step.
enum Flow {
    On,
    Ended,
}

/// A run in this node's hands.
struct Driver<'s> {
    s: &'s Services,
    actor: Actor,
    id: RunId,
    agent: Agent,
    on: Resolved,
    model: String,
    /// What was said before this run.
    earlier: Vec<Message>,
    /// What this run has achieved.
    steps: Vec<Step>,
    next_event: i32,
    /// Events that are not stored yet.
    pending: Vec<EventDraft>,
    cancel: Arc<Notify>,
}

/// What a run is driven with.
pub(super) struct Load {
    agent: Agent,
    on: Resolved,
    role: Role,
    /// What was said before this run, and its own message.
    earlier: Vec<Message>,
    /// What this run has achieved.
    steps: Vec<Step>,
}

impl Load {
    /// Of a new run that begins a conversation: nothing was said before.
    pub(super) fn fresh(agent: Agent, on: Resolved, role: Role, message: &str) -> Self {
        Self { agent, on, role, earlier: vec![Message::user(message)], steps: Vec::new() }
    }

    /// The first event of a run.
    pub(super) fn started(agent: &Agent, on: &Resolved) -> EventDraft {
        let data = json!({
            "model": model_of(agent, on),
            "model_provider": on.provider.name,
            "model_provider_kind": on.provider.provider.as_str(),
        });
        EventDraft::new("RunStarted", data)
    }

    /// Everything that driving a claimed run needs.
    async fn of(tx: &mut TenantTx, s: &Services, run: &Claimed) -> Result<Self, Stop> {
        let role = workspaces::members::role_of(tx, run.requester).await?.ok_or_else(|| {
            Stop::Failed(RunFailure {
                kind: "requester_gone".to_owned(),
                message: "Whoever started this run is no longer a member of the workspace.".to_owned(),
                remedy: "Start it again as a member.".to_owned(),
                said: None,
            })
        })?;
        let agent = store::agents(tx, Some(run.agent))
            .await?
            .pop()
            .ok_or_else(|| Error::internal("a run without its agent"))?;
        let on = providers::service::resolve(tx, s, agent.provider_id).await?;
        let asked = Asked { provider: on.provider.id, model: model_of(&agent, &on) };
        let (earlier, steps) = history::load(tx, run.session, run.id, asked).await?;
        Ok(Self { agent, on, role, earlier, steps })
    }
}

/// The agent's own model, or its provider's default.
fn model_of<'a>(agent: &'a Agent, on: &'a Resolved) -> &'a str {
    agent.model.as_deref().unwrap_or(&on.provider.default_model)
}

/// Drives a claimed run until it ends, waits, or is lost. `load` is what whoever made the run has read already.
pub(super) async fn drive(s: &Services, run: Claimed, load: Option<Load>) {
    let id = run.id;
    let workspace = run.workspace;
    let driver = match load {
        Some(load) => Ok(Driver::new(s, &run, load)),
        None => Driver::take(s, &run).await,
    };
    let driven = match driver {
        Ok(mut driver) => {
            let stop = driver.go().await;
            if let Err(stop) = stop { driver.stop(stop).await } else { Ok(()) }
        }
        Err(stop) => ends::stop_untaken(s, &run, stop).await,
    };
    s.hub.off_cancel(id);
    if let Err(e) = driven {
        // The lease runs out by itself; whoever claims the run next goes on from the last stored step.
        tracing::warn!(run = %id, workspace = %workspace, error.message = %e, "a run was let go");
    }
}

impl<'s> Driver<'s> {
    fn new(s: &'s Services, run: &Claimed, load: Load) -> Self {
        let Load { agent, on, role, earlier, steps } = load;
        Self {
            s,
            actor: Actor {
                workspace: run.workspace,
                who: Who::Agent { agent: run.agent, requester: run.requester, role },
            },
            id: run.id,
            model: model_of(&agent, &on).to_owned(),
            agent,
            on,
            earlier,
            steps,
            next_event: run.next_event_index,
            pending: Vec::new(),
            cancel: s.hub.on_cancel(run.id),
        }
    }

    /// Takes a claimed run up, with everything that driving needs read in one transaction.
    async fn take(s: &'s Services, run: &Claimed) -> Result<Self, Stop> {
        let mut tx = s.db.tenant(&Actor::system(run.workspace)).await?;
        let load = Load::of(&mut tx, s, run).await?;
        let mut driver = Self::new(s, run, load);
        if run.next_event_index == 0 {
            driver.pending.push(Load::started(&driver.agent, &driver.on));
        } else {
            driver.take_up(&mut tx).await?;
        }
        Ok(driver)
    }

    /// Tells followers what happened while nobody drove the run.
    async fn take_up(&mut self, tx: &mut TenantTx) -> Result<(), Stop> {
        if store::has_partial_answer(tx, self.id).await? {
            let note =
                json!({ "type": "partial_voided", "content": "The server was interrupted; the answer begins again." });
            self.pending.push(EventDraft::new("CustomEvent", note));
        }
        let answers = self.unreported(tx).await?;
        if !answers.is_empty() {
            self.pending.push(EventDraft::new("RunContinued", json!({})));
            self.pending.extend(answers);
        }
        Ok(())
    }

    /// Answers of calls that waited, and that followers were not told of.
    async fn unreported(&self, tx: &mut TenantTx) -> Result<Vec<EventDraft>, Stop> {
        let reported = store::reported_calls(tx, self.id).await?;
        Ok(self
            .steps
            .iter()
            .filter_map(|step| match &step.content {
                StepContent::Tool { call, result: Some(result) } if !reported.contains(&call.id) => {
                    Some(calls::answered(call, result, step.approval_id, None))
                }
                _ => None,
            })
            .collect())
    }

    /// One step after the other.
    async fn go(&mut self) -> Result<(), Stop> {
        loop {
            let flow = match next(&self.steps) {
                Next::Model => self.ask_model().await?,
                Next::Calls(calls) => self.call_tools(calls).await?,
                Next::Wait => self.pause().await?,
                Next::Complete(text) => self.complete(None, text).await?,
            };
            if matches!(flow, Flow::Ended) {
                return Ok(());
            }
        }
    }

    async fn begin(&self) -> Result<TenantTx, Stop> {
        Ok(self.s.db.tenant(&self.actor).await?)
    }

    fn lease(&self) -> Timestamp {
        Timestamp::now().plus(self.s.settings.lease)
    }

    /// How often the lease is renewed while nothing is written.
    fn renewal(&self) -> Duration {
        self.s.settings.lease / 3
    }

    /// Adds the pending events to a transaction, under the lease's fence, and with them whatever else `what` says. Call
    /// [`Self::publish`] with the events after the commit.
    async fn put(&mut self, tx: &mut TenantTx, what: Write<'_>) -> Result<Arc<[RunEvent]>, Stop> {
        let events = driver_store::number(self.next_event, std::mem::take(&mut self.pending));
        let what = Write { events: &events, ..what };
        if !driver_store::write(tx, self.id, self.s.node, self.lease(), what).await? {
            return Err(Stop::Lost);
        }
        self.next_event += events.len() as i32;
        Ok(events.into())
    }

    fn publish(&self, events: Arc<[RunEvent]>) {
        if !events.is_empty() {
            self.s.hub.publish_run(self.id, events);
        }
    }

    /// Stores what is pending, then shows it.
    async fn flush(&mut self) -> Result<(), Stop> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        let events = self.put(&mut tx, Write::default()).await?;
        tx.commit().await?;
        self.publish(events);
        Ok(())
    }

    /// Renews the lease; a cancellation that was asked for on another node is noticed here.
    async fn renew(&mut self) -> Result<(), Stop> {
        let mut tx = self.begin().await?;
        let cancel = driver_store::renew(&mut tx, self.id, self.s.node, self.lease()).await?.ok_or(Stop::Lost)?;
        tx.commit().await?;
        if cancel { Err(Stop::Cancelled) } else { Ok(()) }
    }

    fn position(&self) -> i32 {
        self.steps.len() as i32
    }

    fn remember(&mut self, content: StepContent, approval_id: Option<crate::ids::ApprovalId>, making: Option<Making>) {
        let now = Timestamp::now();
        let waiting = matches!(content, StepContent::Tool { result: None, .. });
        let ended_at = (!waiting).then_some(now);
        let position = self.position();
        self.steps.push(Step { position, content, waiting, approval_id, created_at: now, ended_at, making });
    }
}

/// Whether a fault means that the database is away: then the run is let go, and goes on later.
fn is_outage(e: &Error) -> bool {
    e.code == Code::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agents::ToolResult,
        providers::{Finish, Usage},
    };

    fn step(content: StepContent) -> Step {
        let now = Timestamp::now();
        let waiting = matches!(content, StepContent::Tool { result: None, .. });
        Step { position: 0, content, waiting, approval_id: None, created_at: now, ended_at: None, making: None }
    }

    fn call(id: &str) -> ToolCall {
        ToolCall { id: id.into(), name: "search_records".into(), arguments: "{}".into() }
    }

    fn model(text: &str, calls: &[&str]) -> Step {
        step(StepContent::Model {
            text: text.into(),
            reasoning: String::new(),
            tool_calls: calls.iter().map(|id| call(id)).collect(),
            usage: Usage::default(),
            finish: Finish::Stop,
            model: "m".into(),
            first_token_ms: None,
            total_ms: 0,
        })
    }

    fn tool(id: &str, done: bool) -> Step {
        let result = done.then(|| ToolResult { content: "{}".into(), is_error: false });
        step(StepContent::Tool { call: call(id), result })
    }

    #[test]
    fn what_comes_next_is_read_off_the_steps() {
        assert_eq!(next(&[]), Next::Model);
        assert_eq!(next(&[model("hi", &[])]), Next::Complete("hi".into()));
        assert_eq!(next(&[model("", &["a", "b"]), tool("a", true)]), Next::Calls(vec![call("b")]));
        assert_eq!(next(&[model("", &["a", "b"]), tool("a", true), tool("b", false)]), Next::Wait);
        assert_eq!(next(&[model("", &["a"]), tool("a", true)]), Next::Model);
        // An id that a provider uses again in a later answer is a new call.
        assert_eq!(next(&[model("", &["a"]), tool("a", true), model("", &["a"])]), Next::Calls(vec![call("a")]));
    }
}
