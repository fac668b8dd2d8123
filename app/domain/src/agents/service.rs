//! The use cases of agents: talk, follow, answer, cancel.

use serde_json::json;

use super::{
    Agent, AgentSession, Conversation, Outcome, Run, RunDetail, RunEvent, RunStatus, Turn, agents_store, claims,
    driver_store::{self, Claimed, EventDraft},
    images::{self, RunImage},
    output::{self, Output},
    resolve_step,
    runtime::Load,
    store::{self, NewRow},
};
use crate::{
    Actor, Code, Error, Page, PageRequest, Result, Role, Timestamp, approvals,
    audit::Entry,
    crash,
    db::TenantTx,
    events::{
        DomainEvent, Draft,
        payload::{Nothing, OfRun},
    },
    ids::{AgentId, AgentSessionId, RunId, UserId},
    providers,
    services::Services,
};

/// Which runs a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunFilter {
    /// Only of this agent.
    pub agent: Option<AgentId>,
    /// Only of this conversation.
    pub session: Option<AgentSessionId>,
    /// Only with this status.
    pub status: Option<RunStatus>,
}

/// The most characters of a message.
pub const MAX_MESSAGE: usize = 100_000;
/// The most characters of a conversation's title.
const MAX_TITLE: usize = 80;
/// The most events that one read returns.
const EVENTS: i64 = 5_000;
/// How many turns of a conversation show. Those before stand in the list of runs.
pub const TURNS: i64 = 50;

/// A message for an agent.
#[derive(Clone)]
pub struct NewRun {
    /// The run's id, where the caller wants to follow it before it begins.
    pub run_id: Option<RunId>,
    /// The agent.
    pub agent_id: AgentId,
    /// The conversation; `None` begins a new one.
    pub session_id: Option<AgentSessionId>,
    /// The message.
    pub message: String,
    /// Files of images that come with it.
    pub images: Vec<Vec<u8>>,
    /// A JSON Schema that the answer has to fit, as it was sent; `None`: the agent's, if it has one.
    pub output_schema: Option<String>,
}

/// A new workspace's agent.
pub(crate) async fn seed(tx: &mut TenantTx) -> Result<AgentId> {
    let tools = ["search_records", "update_record", "send_email", "http_request", "ask_human"].map(str::to_owned);
    agents_store::insert_agent(
        tx,
        "Operations assistant",
        "Looks things up, changes records and writes mail. You decide before anything happens.",
        "You are the operations assistant of a company. Look records up before you talk about them. Change records and send \
         mail only through your tools; a person decides on each such call, and may reject it. Afterwards say truthfully what \
         was done and what was not, and never claim that something happened unless the tool's result says so. Answer briefly, \
         in the language of the person who asks.",
        &tools,
    )
    .await
}

/// All agents of the workspace.
pub async fn agents(s: &Services, actor: &Actor) -> Result<Vec<Agent>> {
    sees_agents(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    agents_store::agents(&mut tx, None).await
}

/// One agent.
pub async fn agent(s: &Services, actor: &Actor, id: AgentId) -> Result<Agent> {
    sees_agents(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    agents_store::agents(&mut tx, Some(id)).await?.pop().ok_or_else(|| Error::not_found("agent"))
}

fn sees_agents(actor: &Actor) -> Result<()> {
    if actor.role() == Some(Role::Guest) { Err(Error::forbidden("Guests do not see agents.")) } else { Ok(()) }
}

/// Sends a message. The run is stored, and in this node's hands where it has room, before this answers.
pub async fn start(s: &Services, actor: &Actor, new: NewRun) -> Result<Run> {
    let user = actor.require(Role::can_run_agents, "talk to agents")?;
    let (_, role) = actor.person()?;
    let message = message(&new.message)?;
    let images = images::taken(&new.images)?;
    let asked = new.output_schema.as_deref().map(|schema| output::read("output_schema", schema)).transpose()?;
    let mut tx = s.db.tenant(actor).await?;
    let agent =
        agents_store::agents(&mut tx, Some(new.agent_id)).await?.pop().ok_or_else(|| Error::not_found("agent"))?;
    let known = match new.session_id {
        Some(id) => Some(
            agents_store::sessions(&mut tx, user, Some(id))
                .await?
                .pop()
                .ok_or_else(|| Error::not_found("conversation"))?,
        ),
        None => None,
    };
    if known.as_ref().is_some_and(|session| session.agent_id != agent.id) {
        return Err(Error::new(Code::Conflict, "This conversation is with another agent."));
    }
    let schema = asked.or_else(|| agent.output_schema.clone());
    let output = schema.as_ref().map(Output::of).transpose()?;
    let session = known.as_ref().map_or_else(AgentSessionId::new, |session| session.id);
    let permit = std::sync::Arc::clone(&s.driving).try_acquire_owned().ok();
    let lease = permit.as_ref().map(|_| (s.node, Timestamp::now().plus(s.settings.lease)));
    let title: String = message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_TITLE).collect();
    let id = new.run_id.unwrap_or_else(RunId::new);
    // A run that this node drives and that begins a conversation may need nothing more than what is at hand; else its driver
    // reads what it needs, and says what is missing.
    let on = match permit {
        Some(_) if known.is_none() => providers::route::resolved_lately(s, actor.workspace, agent.provider_id).await,
        _ => None,
    };
    let events = driver_store::number(0, on.iter().map(|on| Load::started(&agent, on)).collect());
    let row = NewRow {
        id,
        agent: agent.id,
        session,
        new_session: known.is_none(),
        title: &title,
        requester: user,
        input: message,
        output_schema: schema.as_ref(),
        lease,
        events: &events,
    };
    let limited = store::insert_run(&mut tx, &row).await?;
    store::insert_images(&mut tx, id, &images).await?;
    tx.audit(Entry::new("run.started", "run", id.0).details(json!({ "agent": agent.id, "session": session })));
    tx.emit(Draft::new(DomainEvent::RunStarted(OfRun { agent: agent.id }), id).only_for(user));
    tx.commit().await?;
    crash::point("run.created");

    let now = Timestamp::now();
    let run = Run {
        id,
        agent_id: agent.id,
        agent: agent.name.clone(),
        session_id: session,
        requester_id: user,
        requester: String::new(),
        status: if permit.is_some() { RunStatus::Running } else { RunStatus::Pending },
        input: message.to_owned(),
        images: images.len() as i64,
        output: None,
        structured: schema.is_some(),
        error: None,
        provider: None,
        model: None,
        usage: Default::default(),
        attempt: i32::from(permit.is_some()),
        created_at: now,
        ended_at: None,
    };
    match permit {
        Some(permit) => {
            let claimed = Claimed {
                workspace: actor.workspace,
                id,
                agent: agent.id,
                session,
                requester: user,
                attempt: run.attempt,
                next_event_index: events.len() as i32,
            };
            if !events.is_empty() {
                s.hub.publish_run(id, events.into());
            }
            let said = images::message(message.to_owned(), &images, 0);
            let load = on.map(|on| Load::fresh(agent, on, role, said, limited, output));
            claims::spawn(s, claimed, load, permit);
        }
        None => s.hub.poke_work(),
    }
    Ok(run)
}

fn message(text: &str) -> Result<&str> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("message", "required", "Please write a message."));
    }
    if text.chars().count() > MAX_MESSAGE {
        return Err(Error::invalid("message", "maxLength", format!("At most {MAX_MESSAGE} characters, please.")));
    }
    if text.contains('\0') {
        return Err(Error::invalid("message", "noNul", "A NUL character is not allowed here."));
    }
    Ok(text)
}

/// A page of runs that the actor may see, newest first.
pub async fn runs(s: &Services, actor: &Actor, filter: RunFilter, page: PageRequest) -> Result<Page<Run>> {
    let mut tx = s.db.tenant(actor).await?;
    let (runs, total) = store::runs(&mut tx, filter, None, page).await?;
    Ok(page.of(runs, total))
}

/// One run with its steps.
pub async fn run(s: &Services, actor: &Actor, id: RunId) -> Result<RunDetail> {
    let mut tx = s.db.tenant(actor).await?;
    detail(&mut tx, id).await
}

async fn detail(tx: &mut TenantTx, id: RunId) -> Result<RunDetail> {
    let run = find(tx, id).await?;
    let steps = store::steps(tx, &[id.0]).await?.into_iter().map(|(_, step)| step).collect();
    Ok(RunDetail { run, steps })
}

async fn find(tx: &mut TenantTx, id: RunId) -> Result<Run> {
    let (mut runs, _) = store::runs(tx, RunFilter::default(), Some(id), PageRequest::default()).await?;
    runs.pop().ok_or_else(|| Error::not_found("run"))
}

/// An image that came with a run's message, for whoever may see the run.
pub async fn image(s: &Services, actor: &Actor, id: RunId, position: i32) -> Result<RunImage> {
    let mut tx = s.db.tenant(actor).await?;
    find(&mut tx, id).await?;
    store::image(&mut tx, id, position).await?.ok_or_else(|| Error::not_found("image"))
}

/// Events of a run from an index on; a reader attaches at any of them.
pub async fn events(s: &Services, actor: &Actor, id: RunId, from: i32) -> Result<Vec<RunEvent>> {
    let mut tx = s.db.tenant(actor).await?;
    let events = store::events(&mut tx, id, from, EVENTS).await?;
    if events.is_empty() {
        find(&mut tx, id).await?;
    }
    Ok(events)
}

/// The person's conversations, newest first.
pub async fn sessions(s: &Services, actor: &Actor) -> Result<Vec<AgentSession>> {
    let (user, _) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    agents_store::sessions(&mut tx, user, None).await
}

/// A conversation with the newest that was said in it, each turn folded from its run's stored events.
pub async fn conversation(s: &Services, actor: &Actor, id: AgentSessionId) -> Result<Conversation> {
    let (user, _) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    let session =
        agents_store::sessions(&mut tx, user, Some(id)).await?.pop().ok_or_else(|| Error::not_found("conversation"))?;
    let filter = RunFilter { session: Some(id), ..RunFilter::default() };
    let (runs, total) = store::runs(&mut tx, filter, None, PageRequest::new(None, Some(TURNS))).await?;
    let earlier = total - runs.len() as i64;
    let mut turns = Vec::with_capacity(runs.len());
    for run in runs.into_iter().rev() {
        let mut turn = Turn { images: run.images, ..Turn::new(run.id, run.input) };
        let mut from = 0;
        loop {
            let events = store::events(&mut tx, run.id, from, EVENTS).await?;
            for event in &events {
                turn.apply(event);
            }
            match events.last() {
                Some(last) if events.len() as i64 == EVENTS => from = last.index + 1,
                _ => break,
            }
        }
        // A run that waits for a claim, or that a decision has just set free, has no event for it yet; one that has ended since its
        // row was read has.
        if run.status.is_final() || !turn.status.is_final() {
            turn.status = run.status;
        }
        turns.push(turn);
    }
    Ok(Conversation { session, turns, earlier })
}

/// Cancels a run. One that a node drives ends in a moment; one that waits ends at once.
pub async fn cancel(s: &Services, actor: &Actor, id: RunId) -> Result<Run> {
    let user = actor.require(Role::can_run_agents, "cancel runs")?;
    let mut tx = s.db.tenant(actor).await?;
    let run = find(&mut tx, id).await?;
    if run.requester_id != user && !actor.role().is_some_and(Role::can_decide) {
        return Err(Error::not_found("run"));
    }
    let locked = store::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found("run"))?;
    match locked.status {
        status if status.is_final() => return Err(Error::new(Code::Conflict, "This run has already ended.")),
        RunStatus::Running => {
            store::request_cancel(&mut tx, id).await?;
            tx.audit(Entry::new("run.cancel_requested", "run", id.0));
            tx.commit().await?;
            s.hub.cancel(id);
        }
        _ => {
            drop(tx);
            cancel_resting(s, actor, &run).await?;
        }
    }
    Ok(self::run(s, actor, id).await?.run)
}

/// Asks whoever drives runs of somebody who is going to stop; those that rest end when they are taken up. Once the transaction has
/// committed, [`Hub::cancel`](crate::events::Hub::cancel) makes it known at once on this node.
pub(crate) async fn stop_those_of(tx: &mut TenantTx, requester: UserId) -> Result<Vec<RunId>> {
    store::request_cancel_of(tx, requester).await
}

/// Ends a run that nobody drives. The items that it waits for are HYVVE's to end, so HYVVE itself acts; the audit log names
/// the person.
async fn cancel_resting(s: &Services, actor: &Actor, run: &Run) -> Result<()> {
    let mut tx = s.db.tenant(&Actor::system(actor.workspace)).await?;
    let locked = store::lock(&mut tx, run.id).await?.ok_or_else(|| Error::not_found("run"))?;
    if locked.status.is_final() || locked.status == RunStatus::Running {
        return Err(Error::new(Code::Conflict, "This run has just moved on. Please try again."));
    }
    let event = EventDraft::new("RunCancelled", json!({ "reason": "Cancelled by a person." }));
    let events = driver_store::append_undriven(&mut tx, run.id, vec![event]).await?;
    store::set_status(&mut tx, run.id, RunStatus::Cancelled).await?;
    approvals::cancel_for_run(&mut tx, run.id).await?;
    tx.audit(Entry::new("run.cancelled", "run", run.id.0).details(json!({ "by": actor.user_id() })));
    let cancelled = DomainEvent::RunCancelled(OfRun { agent: run.agent_id });
    tx.emit(Draft::new(cancelled, run.id).only_for(run.requester_id));
    tx.commit().await?;
    s.hub.publish_run(run.id, events.into());
    Ok(())
}

/// Answers a question that an agent asked. Only the person whom it talks to may.
pub async fn answer(s: &Services, actor: &Actor, id: RunId, tool_call_id: &str, text: &str) -> Result<Run> {
    let user = actor.require(Role::can_run_agents, "answer agents")?;
    let text = message(text)?;
    let mut tx = s.db.tenant(actor).await?;
    let run = find(&mut tx, id).await?;
    if run.requester_id != user {
        return Err(Error::not_found("run"));
    }
    let steps = store::steps(&mut tx, &[id.0]).await?;
    let asks = steps.iter().any(|(_, step)| {
        step.waiting
            && step.approval_id.is_none()
            && matches!(&step.content, super::StepContent::Tool { call, .. } if call.id == tool_call_id)
    });
    if !asks {
        return Err(Error::new(Code::Conflict, "This question does not wait for an answer any more."));
    }
    resolve_step(&mut tx, id, tool_call_id, &Outcome::Answered(text.to_owned())).await?;
    tx.audit(
        Entry::new("run.answered", "run", id.0)
            .details(json!({ "call": tool_call_id }))
            .personal(json!({ "answer": text })),
    );
    tx.emit(Draft::new(DomainEvent::RunAnswered(Nothing {}), id).only_for(user));
    tx.commit().await?;
    s.hub.poke_work();
    Ok(self::run(s, actor, id).await?.run)
}
