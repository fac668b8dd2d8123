//! Driving a run: ask the model, call its tools, wait for people, until there is an answer.
//!
//! What comes next is read off the stored steps (`next`), never remembered: a node that takes a run over after a crash
//! does exactly what the dead one would have done. Each write carries the number of its claim as a fence; whoever has lost the
//! run stops without a trace.

mod answer;
mod calls;
mod ends;
mod load;
mod model;
mod next;
mod output;
mod stop;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::sync::Notify;

pub(super) use self::load::Load;
use self::{
    next::{Next, next, no_end},
    stop::{Stop, caught},
};
use super::{
    Agent, Making, RunEvent, Step, StepContent,
    driver_store::{self, Claimed, EventDraft, Write},
    output::Output,
    store,
};
use crate::{
    Actor, Code, Error, Result, Timestamp, Who,
    db::TenantTx,
    ids::{AgentSessionId, ProviderId, RunId},
    providers::{
        Message, Provider,
        route::{Choice, Resolved, Route},
        telemetry::{RunSpan, Work},
    },
    services::Services,
    tools::registry,
    usage::{
        budgets,
        ledger::{self, Asking, Call},
    },
};

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
    /// The number of the claim, which every write names.
    attempt: i32,
    conversation: AgentSessionId,
    agent: Agent,
    route: Arc<Route>,
    /// Who may be asked, in order; never empty.
    choices: Vec<Choice>,
    /// Which of them is asked. Whoever gave no answer once is not asked again until the run is taken up anew.
    at: usize,
    /// What was said before this run, as the first of them may read it.
    earlier: Vec<Message>,
    /// What this run has achieved.
    steps: Vec<Step>,
    /// The form that its answer shall have.
    output: Option<Output>,
    /// A budget limits what it spends, as far as its last write has found.
    limited: bool,
    next_event: i32,
    /// Events that are not stored yet.
    pending: Vec<EventDraft>,
    cancel: Arc<Notify>,
    /// Open as long as this node drives the run.
    span: RunSpan,
}

/// Drives a claimed run until it ends, waits, or is lost. `load` is what whoever made the run has read already.
pub(super) async fn drive(s: &Services, run: Claimed, load: Option<Load>) {
    let id = run.id;
    let workspace = run.workspace;
    let cancel = s.hub.on_cancel(id);
    let driver = match load {
        Some(load) => Ok(Driver::new(s, &run, load, Arc::clone(&cancel))),
        None => Driver::take(s, &run, Arc::clone(&cancel)).await,
    };
    let driven = match driver {
        Ok(mut driver) => {
            let stop = caught(Box::pin(driver.go())).await;
            if let Err(stop) = stop {
                stop.note(&driver.span);
                driver.stop(stop).await
            } else {
                Ok(())
            }
        }
        Err(stop) => ends::stop_untaken(s, &run, stop).await,
    };
    s.hub.off_cancel(id, &cancel);
    if let Err(e) = driven {
        // The lease runs out by itself; whoever claims the run next goes on from the last stored step.
        tracing::warn!(run = %id, workspace = %workspace, error.message = %e, "a run was let go");
    }
}

impl<'s> Driver<'s> {
    fn new(s: &'s Services, run: &Claimed, load: Load, cancel: Arc<Notify>) -> Self {
        let Load { mut agent, route, role, earlier, steps, output, limited } = load;
        let span = RunSpan::begin(&Work {
            workspace: run.workspace,
            run: run.id,
            conversation: run.session,
            agent: agent.id,
            agent_name: &agent.name,
        });
        agent.tools.retain(|name| registry::find(name).is_some_and(|tool| tool.is_offered(&route.openness)));
        Self {
            s,
            actor: Actor {
                workspace: run.workspace,
                who: Who::Agent { agent: run.agent, requester: run.requester, role },
            },
            id: run.id,
            attempt: run.attempt,
            conversation: run.session,
            choices: route.choices(agent.model.as_deref(), agent.falls_back),
            at: 0,
            agent,
            route,
            earlier,
            steps,
            output,
            limited,
            next_event: run.next_event_index,
            pending: Vec::new(),
            cancel,
            span,
        }
    }

    /// Takes a claimed run up, with everything that driving needs read in one transaction.
    async fn take(s: &'s Services, run: &Claimed, cancel: Arc<Notify>) -> Result<Self, Stop> {
        let mut tx = s.db.tenant(&Actor::system(run.workspace)).await?;
        let until = Timestamp::now().plus(s.settings.lease);
        let standing = driver_store::renew(&mut tx, run.id, run.attempt, until).await?.ok_or(Stop::Lost)?;
        let load = Load::of(&mut tx, s, run, standing.limited).await?;
        let mut driver = Self::new(s, run, load, cancel);
        // Also before its first event a call may have been held back for.
        let given_up = ledger::give_up(&mut tx, run.id).await?;
        if run.next_event_index == 0 {
            driver.pending.push(Load::started(&driver.agent, &driver.route));
        } else {
            driver.take_up(&mut tx, given_up).await?;
        }
        tx.commit().await?;
        if standing.is_cancelled {
            driver.cancel.notify_one();
        }
        Ok(driver)
    }

    /// Tells followers what happened while nobody drove the run.
    async fn take_up(&mut self, tx: &mut TenantTx, given_up: usize) -> Result<(), Stop> {
        if let Some(asked) = store::broken_request(tx, self.id).await? {
            if given_up == 0 {
                ledger::lost(tx, self.lost_call(&asked)?).await?;
            }
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

    /// The call that was under way when its server died, as its beginning was told: it need not have been the first one's.
    fn lost_call(&self, asked: &Value) -> Result<Call, Stop> {
        let told = |key: &str| asked[key].as_str();
        let id: Option<ProviderId> = told("model_provider_id").and_then(|id| id.parse().ok());
        let of_theirs = |choice: &Choice| match id {
            Some(id) => choice.on.provider.id == id,
            None => told("model_provider") == Some(choice.on.provider.name.as_str()),
        };
        let model = told("model").unwrap_or(&self.choice().model);
        let hop = self.choices.iter().position(|choice| of_theirs(choice) && choice.model == model);
        let known = self.choices.iter().find(|choice| of_theirs(choice)).map(|choice| choice.on.provider.clone());
        let provider = known.unwrap_or_else(|| {
            // It is asked nothing any more, and is named as it was.
            let first = self.on().provider.clone();
            match (id, told("model_provider"), told("model_provider_kind").and_then(|kind| kind.parse().ok())) {
                (Some(id), Some(name), Some(provider)) => {
                    Provider { id, name: name.to_owned(), provider, key_hint: None, ..first }
                }
                _ => first,
            }
        });
        let known_as = told("model_request_id").and_then(|id| id.parse().ok());
        Ok(Call::begin(self.asking()?, &provider, model, hop.unwrap_or(0)).known_as(known_as))
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
                Next::Complete(text) => self.conclude(text).await?,
                Next::Enough => return Err(Stop::Failed(no_end(&self.on().provider.name))),
            };
            if matches!(flow, Flow::Ended) {
                return Ok(());
            }
        }
    }

    fn work(&self) -> Work<'_> {
        Work {
            workspace: self.actor.workspace,
            run: self.id,
            conversation: self.conversation,
            agent: self.agent.id,
            agent_name: &self.agent.name,
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

    /// Adds the pending events to a transaction, under the claim's fence, and with them whatever else `what` says. Call
    /// [`Self::publish`] with the events after the commit.
    async fn put(&mut self, tx: &mut TenantTx, what: Write<'_>) -> Result<Arc<[RunEvent]>, Stop> {
        let events = driver_store::number(self.next_event, std::mem::take(&mut self.pending));
        let what = Write { events: &events, ..what };
        let written = driver_store::write(tx, self.id, self.attempt, self.lease(), what).await?;
        if !written.kept {
            if let Some(call) = what.call {
                self.record(call).await;
            }
            return Err(Stop::Lost);
        }
        self.limited = written.limited;
        if let Some(call) = what.call.filter(|_| written.billed) {
            budgets::settle(tx, call, written.limited).await?;
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
        let standing = driver_store::renew(&mut tx, self.id, self.attempt, self.lease()).await?.ok_or(Stop::Lost)?;
        tx.commit().await?;
        if standing.is_cancelled { Err(Stop::Cancelled) } else { Ok(()) }
    }

    /// Writes down a call whose answer nobody takes any more.
    async fn record(&self, call: &ledger::Entry) {
        if let Err(e) = ledger::record(self.s, &self.actor, call).await {
            tracing::warn!(run = %self.id, error.message = %e, "a call is missing in the ledger");
        }
    }

    fn asking(&self) -> Result<Asking, Stop> {
        let asking = Asking::of(&self.actor, self.id).ok_or_else(|| Error::internal("a run of nobody"))?;
        Ok(asking)
    }

    fn choice(&self) -> &Choice {
        &self.choices[self.at]
    }

    fn on(&self) -> &Resolved {
        &self.choice().on
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
