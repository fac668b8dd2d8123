//! The executor: carries out approved effects, each at most once, and says what happened.
//!
//! A transactional effect commits together with its ledger row. An effect that leaves the building is first marked as
//! executing, then tried once; if the process dies in between, nobody knows how it ended, so it becomes `unknown` and a
//! person is asked. Before anything runs, the bytes are checked against the approved hash once more.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::{
    EffectState, Status,
    door::let_through,
    effects_store,
    outcomes::{mark_superseded, of, tell_run},
    outside::service as elsewhere,
    proposal::Proposal,
    store::{self, Locked},
    trail,
};
use crate::{
    Actor, Code, Error, Result, Timestamp, Who,
    agents::Outcome,
    audit::Entry,
    crash,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::OfApproval},
    ids::{AgentId, ApprovalId, EffectId, UserId, WorkspaceId},
    providers::telemetry::{Execution, ToolSpan},
    services::Services,
    tools::{
        registry::{self, NotApplied, Performed},
        sent,
    },
    workspaces,
};

/// How many due effects one look takes.
const BATCH: i64 = 64;
/// How long the executor sleeps at most: another node may have died with an effect in hand.
const IDLE: Duration = Duration::from_secs(1);
/// How soon it tries again to write down how an effect ended, while the database is away.
const AGAIN: Duration = Duration::from_millis(500);

/// Executes due effects until the task is aborted.
pub async fn work(s: Services) {
    let mut wake = s.hub.follow_work();
    loop {
        wake.mark_unchanged();
        let pause = match run_due(&s).await {
            Ok(next) => next.min(IDLE),
            Err(e) => {
                tracing::warn!(error.message = %e, "the executor looks again in a moment");
                IDLE
            }
        };
        tokio::select! {
            _ = wake.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Executes what is due now; answers when the next effect is.
pub async fn run_due(s: &Services) -> Result<Duration> {
    let mut tx = s.db.system("effects that are due").await?;
    let earned = store::earned(&mut tx, BATCH).await?;
    if !earned.is_empty() {
        drop(tx);
        for (workspace, id, late) in earned {
            if let Err(e) = let_through(s, workspace, id, late).await {
                tracing::error!(approval = %id, workspace = %workspace, error.message = %e, "what has earned it could not go on by itself now");
            }
        }
        tx = s.db.system("effects that are due").await?;
    }
    let due = effects_store::due(&mut tx, BATCH).await?;
    let next = effects_store::next_due(&mut tx).await?;
    drop(tx);
    let mut failed = 0;
    for &(workspace, effect) in &due {
        if let Err(e) = execute(s, workspace, effect).await {
            failed += 1;
            tracing::error!(effect = %effect, workspace = %workspace, error.message = %e, "an effect could not be executed now");
        }
    }
    // What cannot be executed stays due: without a pause it would be tried, and logged, hundreds of times a second.
    if failed > 0 && failed == due.len() {
        return Ok(IDLE);
    }
    if due.len() as i64 == BATCH {
        return Ok(Duration::ZERO);
    }
    Ok(next.map_or(IDLE, |ms| Duration::from_millis(ms.max(5) as u64)))
}

async fn execute(s: &Services, workspace: WorkspaceId, effect: EffectId) -> Result<()> {
    crash::point("effect.before_claim");
    let actor = Actor::system(workspace);
    let mut tx = s.db.tenant(&actor).await?;
    let Some(claimed) = effects_store::lock(&mut tx, effect).await? else { return Ok(()) };
    match claimed.state {
        EffectState::Intended => {}
        // Somebody died while executing it.
        EffectState::Executing if claimed.lease_over => {
            let item = item(&mut tx, claimed.item).await?;
            let why = if elsewhere::is_one(&item) {
                "The outside agent has not said what became of this. It may or may not have happened."
            } else {
                "HYVVE was interrupted while this was under way. It may or may not have happened."
            };
            return end(s, tx, effect, claimed.item, &item, Ended::Unknown(why.to_owned())).await;
        }
        _ => return Ok(()),
    }
    let item = item(&mut tx, claimed.item).await?;
    if !matches!(item.status, Status::Approved | Status::AutoApproved) {
        return Err(Error::internal("an effect of an item that is not approved"));
    }
    // Bytes that are not what was approved never run; trying again would not make them so.
    let Ok(proposal) = item.proposal(workspace) else {
        let why = "What is stored is not what was approved. Nothing was done.";
        return end(s, tx, effect, claimed.item, &item, Ended::Failed(why.to_owned())).await;
    };
    if !proposal.is_of_now() {
        let why = "HYVVE was changed meanwhile, and would do something else than what was approved. Nothing was done.";
        return end(s, tx, effect, claimed.item, &item, Ended::Failed(why.to_owned())).await;
    }
    if elsewhere::is_one(&item) {
        return hand_over(s, tx, effect, claimed.item, &item).await;
    }
    if claimed.repeat == "transactional" {
        in_transaction(s, tx, effect, claimed.item, &item, &proposal).await
    } else {
        outside(s, tx, effect, claimed.item, &item, proposal).await
    }
}

async fn item(tx: &mut TenantTx, id: ApprovalId) -> Result<Locked> {
    store::lock(tx, id).await?.ok_or_else(|| Error::internal("an effect without its item"))
}

/// The effect and its ledger row commit together.
async fn in_transaction(
    s: &Services,
    mut tx: TenantTx,
    effect: EffectId,
    id: ApprovalId,
    item: &Locked,
    proposal: &Proposal,
) -> Result<()> {
    crash::point("effect.claimed");
    let span = span(proposal, item);
    let by = proposer(&mut tx, item).await?;
    let applied =
        registry::apply(&mut tx, &proposal.tool, &proposal.arguments, &proposal.expected_versions, &by, id, effect)
            .await?;
    let ended = match applied {
        Ok(result) => Ended::done(result, proposal),
        // Nothing was written before the refusal, so the same transaction can record it.
        Err(NotApplied::Superseded) => Ended::Superseded,
        Err(NotApplied::Failed(why)) => Ended::Failed(why),
    };
    ended.note(span);
    let eml = matches!(ended, Ended::Done { .. }).then(|| proposal.arguments.clone());
    end(s, tx, effect, id, item, ended).await?;
    if let Some(arguments) = eml {
        sent::write_eml(&s.mailer, &proposal.tool, &arguments, effect).await;
    }
    Ok(())
}

/// From now on the outside agent may do it. HYVVE only waits for what it says about it, and not for ever.
async fn hand_over(s: &Services, mut tx: TenantTx, effect: EffectId, id: ApprovalId, item: &Locked) -> Result<()> {
    effects_store::begin(&mut tx, effect, s.node, Timestamp::now().plus(elsewhere::PATIENCE)).await?;
    say(&mut tx, DomainEvent::EffectExecuting, effect, id, item);
    tx.commit().await
}

/// First the ledger says `executing`, then it is tried once, then the ledger says how it ended.
async fn outside(
    s: &Services,
    mut tx: TenantTx,
    effect: EffectId,
    id: ApprovalId,
    item: &Locked,
    proposal: Proposal,
) -> Result<()> {
    effects_store::begin(&mut tx, effect, s.node, Timestamp::now().plus(s.settings.lease * 4)).await?;
    say(&mut tx, DomainEvent::EffectExecuting, effect, id, item);
    tx.commit().await?;
    crash::point("effect.claimed");

    // Somebody who is slow keeps nobody else's effect waiting.
    let (s, span) = (s.clone(), span(&proposal, item));
    tokio::spawn(async move {
        if let Err(e) = perform(&s, effect, id, &proposal, span).await {
            tracing::error!(effect = %effect, workspace = %proposal.workspace, error.message = %e, "how an effect ended could not be written down");
        }
    });
    Ok(())
}

/// Tries it once, and writes down how that ended.
async fn perform(
    s: &Services,
    effect: EffectId,
    id: ApprovalId,
    proposal: &Proposal,
    span: Option<ToolSpan>,
) -> Result<()> {
    let performed = tokio::time::timeout(
        s.settings.lease * 2,
        registry::perform(s, proposal.workspace, &proposal.tool, &proposal.arguments, effect),
    )
    .await
    .unwrap_or_else(|_| Performed::Unknown("It took too long; it may or may not have happened.".to_owned()));

    let ended = match performed {
        Performed::Done(result) => Ended::done(result, proposal),
        Performed::Failed(why) => Ended::Failed(why),
        Performed::Unknown(why) => Ended::Unknown(why),
    };
    ended.note(span);
    // Nobody else knows it. Until others may give it up, a database that is away for a moment makes no riddle of it.
    let until = Instant::now() + s.settings.lease;
    while let Err(e) = write_down(s, effect, id, proposal, &ended).await {
        if e.code != Code::Unavailable || until < Instant::now() {
            return Err(e);
        }
        tokio::time::sleep(AGAIN).await;
    }
    if matches!(ended, Ended::Done { .. }) {
        sent::write_eml(&s.mailer, &proposal.tool, &proposal.arguments, effect).await;
    }
    Ok(())
}

/// Writes down how it ended.
async fn write_down(s: &Services, effect: EffectId, id: ApprovalId, proposal: &Proposal, ended: &Ended) -> Result<()> {
    let mut tx = s.db.tenant(&Actor::system(proposal.workspace)).await?;
    let item = item(&mut tx, id).await?;
    if matches!(ended, Ended::Done { .. }) {
        sent::note(&mut tx, &proposal.tool, &proposal.arguments, effect).await?;
    }
    end(s, tx, effect, id, &item, ended.clone()).await
}

/// The span of what is carried out now. Its run waits, and may be another server's.
fn span(proposal: &Proposal, item: &Locked) -> Option<ToolSpan> {
    let tool = registry::find(&proposal.tool)?.name;
    let call = item.tool_call_id.as_deref();
    Some(ToolSpan::begin(&Execution { tool, call, workspace: proposal.workspace, run: item.run, within: None }))
}

/// How an effect ended.
#[derive(Clone)]
enum Ended {
    /// What came of it, and of which arguments.
    Done {
        result: Value,
        arguments: Map<String, Value>,
    },
    Failed(String),
    Unknown(String),
    Superseded,
}

impl Ended {
    fn done(result: Value, proposal: &Proposal) -> Self {
        Self::Done { result, arguments: proposal.arguments.clone() }
    }

    /// Ends the span, which says no more than this.
    fn note(&self, span: Option<ToolSpan>) {
        let why = match self {
            Self::Done { .. } => return,
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
            Self::Superseded => "superseded",
        };
        if let Some(span) = span {
            span.failed(why);
        }
    }
}

/// Writes the end into the ledger, the audit log, the outbox and the run, in one transaction.
async fn end(
    s: &Services,
    mut tx: TenantTx,
    effect: EffectId,
    id: ApprovalId,
    item: &Locked,
    ended: Ended,
) -> Result<()> {
    let (state, result, error) = match &ended {
        Ended::Done { result, .. } => (EffectState::Done, Some(result), None),
        Ended::Failed(why) => (EffectState::Failed, None, Some(why.as_str())),
        Ended::Unknown(why) => (EffectState::Unknown, None, Some(why.as_str())),
        Ended::Superseded => {
            (EffectState::Failed, None, Some("What it would have changed has changed meanwhile. Nothing was done."))
        }
    };
    if !effects_store::end(&mut tx, effect, state, result, error).await? {
        // This node was away for longer than its lease: the ledger and the run have their answer, perhaps a person's.
        tracing::error!(effect = %effect, state = state.as_str(), "an effect ended after it had been given up; what was said stands");
        return Ok(());
    }
    let event: fn(_) -> _ = match state {
        EffectState::Done => DomainEvent::EffectDone,
        EffectState::Unknown => DomainEvent::EffectUnknown,
        _ => DomainEvent::EffectFailed,
    };
    say(&mut tx, event, effect, id, item);
    match ended {
        Ended::Superseded => mark_superseded(&mut tx, id, item).await?,
        Ended::Done { result, arguments } => {
            let outcome = if item.edited_from.is_some() {
                Outcome::DoneOtherwise { result, arguments: Value::Object(arguments) }
            } else {
                Outcome::Done(result)
            };
            tell_run(&mut tx, item, outcome).await?;
        }
        Ended::Failed(why) => tell_run(&mut tx, item, Outcome::Failed(why)).await?,
        Ended::Unknown(why) => tell_run(&mut tx, item, Outcome::Unknown(why)).await?,
    }
    crash::point("effect.before_commit");
    tx.commit().await?;
    crash::point("effect.after_commit");
    s.hub.poke_work();
    Ok(())
}

/// What becomes of an effect, for the audit log and for everybody who follows.
fn say(tx: &mut TenantTx, what: fn(OfApproval) -> DomainEvent, effect: EffectId, id: ApprovalId, item: &Locked) {
    let event = what(of(item));
    let mut facts = trail::facts(item);
    facts["effect"] = json!(effect);
    tx.audit(Entry::new(event.name(), "approval", id.0).details(facts));
    tx.emit(Draft::new(event, id).only_for(item.requester));
}

/// Whose change it is: the proposer's, with the requester's present role.
async fn proposer(tx: &mut TenantTx, item: &Locked) -> Result<Actor> {
    let role = workspaces::members::role_of(tx, item.requester).await?;
    let workspace = tx.workspace();
    Ok(match (item.proposer_kind.as_str(), role) {
        (_, None) => Actor::system(workspace),
        ("agent", Some(role)) => {
            Actor { workspace, who: Who::Agent { agent: AgentId(item.proposer_id), requester: item.requester, role } }
        }
        (_, Some(role)) => Actor::user(workspace, UserId(item.proposer_id), role),
    })
}
