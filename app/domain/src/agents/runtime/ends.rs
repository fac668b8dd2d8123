//! How a run stops being driven: it waits for people, has answered, was cancelled, or failed.

use serde_json::json;

use super::{Driver, Flow, Stop, calls, is_outage};
use crate::{
    Actor, Result, Timestamp,
    agents::{
        Making, RunFailure, RunStatus, StepContent,
        driver_store::{self, Claimed, EventDraft, NewStep, Write},
        store,
    },
    approvals,
    audit::Entry,
    crash,
    events::{DomainEvent, Draft, payload::OfRun},
    providers::Usage,
    services::Services,
    usage::ledger,
};

/// The last answer of a run, which is not stored yet, with what it cost.
pub(super) struct Last {
    pub(super) content: StepContent,
    pub(super) making: Option<Making>,
    pub(super) call: ledger::Entry,
}

impl Driver<'_> {
    /// Lets the run rest until a person has decided. If that happened just now, the run goes on.
    pub(super) async fn pause(&mut self) -> Result<Flow, Stop> {
        let mut tx = self.begin().await?;
        // Whoever cancels meanwhile waits for the row, and then finds a run that rests; whoever was faster has asked its driver.
        let standing = driver_store::renew(&mut tx, self.id, self.attempt, self.lease()).await?.ok_or(Stop::Lost)?;
        if standing.is_cancelled {
            return Err(Stop::Cancelled);
        }
        let steps = store::steps(&mut tx, &[self.id.0]).await?;
        self.steps = steps.into_iter().map(|(_, step)| step).collect();
        if !self.steps.iter().any(|s| s.waiting) {
            let answers = self.unreported(&mut tx).await?;
            self.pending.extend(answers);
            return Ok(Flow::On);
        }
        let tools: Vec<_> = self
            .steps
            .iter()
            .filter_map(|step| match &step.content {
                StepContent::Tool { call, result: None } => Some(calls::waiting(call, step.approval_id)),
                _ => None,
            })
            .collect();
        let requirements: Vec<_> = tools.iter().map(|t| json!({ "tool_execution": t })).collect();
        self.pending.push(EventDraft::new("RunPaused", json!({ "tools": tools, "requirements": requirements })));
        let events = self.put(&mut tx, Write { leaves: Some(RunStatus::Paused), ..Write::default() }).await?;
        self.tell(&mut tx, DomainEvent::RunPaused(self.of()));
        tx.commit().await?;
        crash::point("run.paused");
        self.publish(events);
        Ok(Flow::Ended)
    }

    /// The run has answered. `last` is the last answer where it is not stored yet: then all of it is one transaction.
    pub(super) async fn complete(&mut self, last: Option<Last>, text: String) -> Result<Flow, Stop> {
        let contents = self.steps.iter().map(|s| &s.content).chain(last.iter().map(|last| &last.content));
        let used =
            |content: &StepContent| if let StepContent::Model { usage, .. } = content { Some(*usage) } else { None };
        let total: Usage = contents.filter_map(used).sum();
        self.pending.push(EventDraft::new("RunContentCompleted", json!({})));
        let metrics = total.metrics();
        let (content, content_type) = self.content(text.clone());
        self.pending.push(EventDraft::new(
            "RunCompleted",
            json!({ "content": content, "content_type": content_type, "metrics": metrics }),
        ));
        let mut tx = self.begin().await?;
        let what = Write {
            step: last.as_ref().map(|last| NewStep {
                position: self.position(),
                content: &last.content,
                approval: None,
                making: last.making.as_ref(),
            }),
            output: Some(&text),
            call: last.as_ref().map(|last| &last.call),
            leaves: Some(RunStatus::Completed),
            ..Write::default()
        };
        let events = self.put(&mut tx, what).await?;
        self.answer(&mut tx).await?;
        tx.audit(Entry::new("run.completed", "run", self.id.0));
        self.tell(&mut tx, DomainEvent::RunCompleted(self.of()));
        crash::point("run.before_complete");
        tx.commit().await?;
        crash::point("run.completed");
        self.publish(events);
        Ok(Flow::Ended)
    }

    /// Tells whoever asked the agent something that it has gone on.
    pub(super) async fn answer(&self, tx: &mut crate::db::TenantTx) -> Result<()> {
        if self.steps.iter().any(|step| step.content.is_question()) {
            approvals::answered(tx, self.id).await?;
        }
        Ok(())
    }

    /// Ends the run for a reason other than an answer.
    pub(super) async fn stop(&mut self, stop: Stop) -> Result<()> {
        let (event, status, ended, failure) = match stop {
            Stop::Lost => return Ok(()),
            Stop::Fault(e) if is_outage(&e) => return Err(e),
            Stop::Cancelled => (
                EventDraft::new("RunCancelled", json!({ "reason": "Cancelled by a person." })),
                RunStatus::Cancelled,
                DomainEvent::RunCancelled(self.of()),
                None,
            ),
            Stop::Failed(failure) => {
                (failed(&failure), RunStatus::Error, DomainEvent::RunFailed(self.of()), Some(failure))
            }
            Stop::Fault(e) => {
                let failure = fault(&e.message);
                (failed(&failure), RunStatus::Error, DomainEvent::RunFailed(self.of()), Some(failure))
            }
        };
        self.pending.push(event);
        let mut tx = self.s.db.tenant(&Actor::system(self.actor.workspace)).await?;
        if driver_store::renew(&mut tx, self.id, self.attempt, self.lease()).await?.is_none() {
            return Ok(());
        }
        // What it came to when the answer could not be written down may have been spent.
        ledger::give_up(&mut tx, self.id).await?;
        // The database says where the events end: what failed may have counted some that were not stored.
        let pending = std::mem::take(&mut self.pending);
        let events = driver_store::append_undriven(&mut tx, self.id, pending).await?;
        store::set_error(&mut tx, self.id, failure.as_ref()).await?;
        store::set_status(&mut tx, self.id, status).await?;
        approvals::cancel_for_run(&mut tx, self.id).await?;
        let kind = failure.as_ref().map(|f| f.kind.clone());
        tx.audit(Entry::new(ended.name(), "run", self.id.0).details(json!({ "error": kind })));
        self.tell(&mut tx, ended);
        tx.commit().await?;
        self.publish(events.into());
        Ok(())
    }

    /// What events say about it.
    const fn of(&self) -> OfRun {
        OfRun { agent: self.agent.id }
    }

    fn tell(&self, tx: &mut crate::db::TenantTx, event: DomainEvent) {
        let event = Draft::new(event, self.id);
        tx.emit(match self.actor.user_id() {
            Some(requester) => event.only_for(requester),
            None => event,
        });
    }
}

fn failed(failure: &RunFailure) -> EventDraft {
    EventDraft::new(
        "RunError",
        json!({ "content": failure.message, "error_type": failure.kind, "remedy": failure.remedy }),
    )
}

fn fault(message: &str) -> RunFailure {
    RunFailure {
        kind: "internal".to_owned(),
        message: message.to_owned(),
        remedy: "Retry; the server’s log has the details.".to_owned(),
        said: None,
    }
}

/// Ends a run that could not even be taken up: its provider is gone, its requester is no member any more.
pub(super) async fn stop_untaken(s: &Services, run: &Claimed, stop: Stop) -> Result<()> {
    let failure = match stop {
        Stop::Failed(failure) => failure,
        Stop::Fault(e) if is_outage(&e) => return Err(e),
        Stop::Fault(e) => fault(&e.message),
        Stop::Lost | Stop::Cancelled => return Ok(()),
    };
    let mut tx = s.db.tenant(&Actor::system(run.workspace)).await?;
    let until = Timestamp::now().plus(s.settings.lease);
    if driver_store::renew(&mut tx, run.id, run.attempt, until).await?.is_none() {
        return Ok(());
    }
    ledger::give_up(&mut tx, run.id).await?;
    let events = driver_store::append_undriven(&mut tx, run.id, vec![failed(&failure)]).await?;
    store::set_error(&mut tx, run.id, Some(&failure)).await?;
    store::set_status(&mut tx, run.id, RunStatus::Error).await?;
    approvals::cancel_for_run(&mut tx, run.id).await?;
    tx.audit(Entry::new("run.failed", "run", run.id.0).details(json!({ "error": failure.kind })));
    tx.emit(Draft::new(DomainEvent::RunFailed(OfRun { agent: run.agent }), run.id).only_for(run.requester));
    tx.commit().await?;
    s.hub.publish_run(run.id, events.into());
    Ok(())
}
