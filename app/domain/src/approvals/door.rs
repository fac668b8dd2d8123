//! The door: the one way to decide, to take a decision back, and to say how an effect of unknown outcome ended.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Decide, Detail, EffectState, Status, Verdict, assignment, decisions_store, effects_store,
    grants::service as grants,
    outcomes::{
        already_decided, checked, decided, find_to_decide, moved_on, note, of, supersede, tell, tell_requester,
        tell_run, tell_timed_out,
    },
    outside::{DecisionKind, service as outside},
    policy::{self, Decider},
    quorum,
    routing::{
        Review,
        learn::{From, learn, unlearn},
    },
    samples,
    service::get,
    states::Happening,
    store::{self, Locked},
    trail,
};
use crate::{
    Actor, Code, Error, Result, Timestamp,
    agents::Outcome,
    audit::Entry,
    crash,
    db::TenantTx,
    events::{DomainEvent, Draft},
    ids::{ApprovalId, UserId, WorkspaceId},
    notifications::service as notifications,
    services::Services,
    tools::registry,
};

/// The door. The one way to decide, for every surface and for every rule: decision, audit entry, outbox event and effect
/// intent (or the rejection's way back to the run), and what is learned from a person's word, commit together, or none of
/// them.
pub async fn decide(s: &Services, actor: &Actor, id: ApprovalId, decision: Decide) -> Result<Detail> {
    let note = note(&decision)?;
    let mut tx = s.db.tenant(actor).await?;
    let item = find_to_decide(&mut tx, actor, id).await?;
    let by = policy::may_decide(actor, &item)?;
    if item.status != Status::Pending {
        return Err(already_decided(&mut tx, id, &item).await?);
    }
    if decision.hash.as_deref().is_some_and(|shown| shown != hex::encode(&item.hash)) {
        return Err(Error::new(Code::Conflict, "This is not what you were shown. Look at it again, then decide."));
    }
    let proposal = item.proposal(tx.workspace())?;
    if decision.verdict == Verdict::Approve && moved_on(&mut tx, &proposal).await? {
        return supersede(s, tx, id, &item).await;
    }

    match decision.verdict {
        Verdict::Approve => {
            outside::allow(&mut tx, id, &item, DecisionKind::Approve).await?;
            let yes = Approval { by, note, undo: decision.interactive };
            Box::pin(approve(&mut tx, s, id, &item, yes)).await?;
        }
        Verdict::Reject => {
            let user = by.person().ok_or_else(|| Error::internal("a rule that rejects"))?;
            Box::pin(reject(&mut tx, id, &item, user, note)).await?;
        }
    }
    crash::point("decision.before_commit");
    tx.commit().await?;
    crash::point("decision.after_commit");
    s.hub.poke_work();
    get(s, actor, id).await
}

/// A yes on its way.
pub(super) struct Approval {
    pub(super) by: Decider,
    pub(super) note: Option<String>,
    /// The effect waits for the time in which the yes can be taken back.
    pub(super) undo: bool,
}

/// One yes more; the last one that was missing approves. What has several to agree waits until they have.
pub(super) async fn approve(
    tx: &mut TenantTx,
    s: &Services,
    id: ApprovalId,
    item: &Locked,
    Approval { by, note, undo }: Approval,
) -> Result<()> {
    if let Some(user) = by.person().filter(|_| item.wants_several()) {
        let electorate = assignment::electorate(tx, &item.parties()).await?;
        let mut agreed = decisions_store::voters(tx, id).await?;
        let before = quorum::agreement(item.quorum, &item.groups, &electorate, &agreed);
        // Where others have left meanwhile, those who have agreed may be all that there are.
        if agreed.contains(&user) && !before.is_reached() {
            let message = format!("You have approved this already: {}.", before.words());
            return Err(Error::new(Code::Conflict, message));
        }
        agreed.push(user);
        if !quorum::agreement(item.quorum, &item.groups, &electorate, &agreed).is_reached() {
            decisions_store::insert(tx, id, "voted", Some(user), note.as_deref(), &item.hash).await?;
            let voted = DomainEvent::ApprovalVoted(decided(item, DecisionKind::Approve));
            say(tx, voted, id, item, trail::facts(item), note.as_deref());
            return Ok(());
        }
    }
    let (happening, event): (_, fn(_) -> _) = match by {
        Decider::Person(_) => (Happening::Approved, DomainEvent::ApprovalApproved),
        Decider::Rule => (Happening::LetThrough, DomainEvent::ApprovalAutoApproved),
    };
    let status = store::step(tx, id, item.status, happening).await?;
    decisions_store::insert(tx, id, status.as_str(), by.person(), note.as_deref(), &item.hash).await?;
    // By lot first: whoever is asked to look afterwards is not told the score by the log.
    let drawn = by == Decider::Rule && samples::draw(tx, id, &item.tool).await?;
    let facts = if drawn { trail::facts(item) } else { trail::told(item) };
    say(tx, event(decided(item, DecisionKind::Approve)), id, item, facts, note.as_deref());
    if by.person().is_some() {
        tell_requester(tx, id, item, "approved").await?;
    }
    let tool = registry::find(&item.tool).ok_or_else(|| Error::internal("an item of an unknown tool"))?;
    // Nobody who approves over the API can press Undo; whoever sees a rule let something through can.
    let wait = if undo || by == Decider::Rule { s.settings.undo } else { Duration::ZERO };
    let not_before = Timestamp::now().plus(wait);
    effects_store::intend(tx, id, &item.hash, tool.name, tool.repeat(&s.mailer), not_before).await?;
    match &item.lesson {
        Some(lesson) if by.person().is_some() => learn(tx, lesson, true, From::Decision).await,
        _ => Ok(()),
    }
}

async fn reject(tx: &mut TenantTx, id: ApprovalId, item: &Locked, user: UserId, reason: Option<String>) -> Result<()> {
    store::step(tx, id, item.status, Happening::Rejected).await?;
    decisions_store::insert(tx, id, Status::Rejected.as_str(), Some(user), reason.as_deref(), &item.hash).await?;
    let rejected = DomainEvent::ApprovalRejected(decided(item, DecisionKind::Reject));
    say(tx, rejected, id, item, trail::told(item), reason.as_deref());
    tell_requester(tx, id, item, "rejected").await?;
    let by = decisions_store::last(tx, id).await?.and_then(|(name, _)| name);
    tell_run(tx, item, Outcome::Rejected { by, reason }).await?;
    match &item.lesson {
        Some(lesson) => learn(tx, lesson, false, From::Decision).await,
        None => Ok(()),
    }
}

/// Asks the agent something instead of deciding. Nothing is done; the agent answers in its run, and proposes again if it
/// still wants to. That is neither a yes nor a no, so nothing is learned.
pub async fn ask(s: &Services, actor: &Actor, id: ApprovalId, question: &str) -> Result<Detail> {
    let question = checked("question", Some(question))?
        .ok_or_else(|| Error::invalid("question", "required", "Please write what you want to know."))?;
    let mut tx = s.db.tenant(actor).await?;
    let item = find_to_decide(&mut tx, actor, id).await?;
    let user = policy::person(actor, &item)?;
    if item.status != Status::Pending {
        return Err(already_decided(&mut tx, id, &item).await?);
    }
    if item.run.is_none() && !outside::is_one(&item) {
        return Err(Error::new(Code::Conflict, "No run waits for this, so nobody would answer."));
    }
    outside::allow(&mut tx, id, &item, DecisionKind::Respond).await?;
    store::step(&mut tx, id, item.status, Happening::Asked).await?;
    decisions_store::insert(&mut tx, id, "asked", Some(user), Some(&question), &item.hash).await?;
    let asked = DomainEvent::ApprovalAsked(decided(&item, DecisionKind::Respond));
    say(&mut tx, asked, id, &item, trail::told(&item), Some(&question));
    let by = decisions_store::last(&mut tx, id).await?.and_then(|(name, _)| name);
    tell_run(&mut tx, &item, Outcome::Asked { by, question }).await?;
    tx.commit().await?;
    s.hub.poke_work();
    get(s, actor, id).await
}

/// Ends what nobody decided on in time: never as if somebody had.
pub(super) async fn time_out(s: &Services, workspace: WorkspaceId, id: ApprovalId) -> Result<()> {
    let actor = Actor::system(workspace);
    let mut tx = s.db.tenant(&actor).await?;
    let item = find_to_decide(&mut tx, &actor, id).await?;
    if item.status != Status::Pending || !store::is_overdue(&mut tx, id).await? {
        return Ok(());
    }
    let why = "Nobody decided in time.";
    store::step(&mut tx, id, item.status, Happening::TimedOut).await?;
    decisions_store::insert(&mut tx, id, Status::TimedOut.as_str(), None, Some(why), &item.hash).await?;
    say(&mut tx, DomainEvent::ApprovalTimedOut(of(&item)), id, &item, trail::told(&item), None);
    tell_timed_out(&mut tx, id, &item).await?;
    tell_run(&mut tx, &item, Outcome::TimedOut).await?;
    tx.commit().await?;
    s.hub.poke_work();
    Ok(())
}

/// The decision, for the audit log and for everybody who follows.
pub(super) fn say(
    tx: &mut TenantTx,
    event: DomainEvent,
    id: ApprovalId,
    item: &Locked,
    facts: Value,
    note: Option<&str>,
) {
    let mut entry = Entry::new(event.name(), "approval", id.0).details(facts);
    if let Some(note) = note {
        entry = entry.personal(json!({ "note": note }));
    }
    tx.audit(entry);
    tx.emit(Draft::new(event, id).only_for(item.requester));
}

/// Lets go on by itself what has earned it. What has waited for it for too long, because no server was there, gets a glance
/// after all: what was known when it was routed may no longer be so.
pub(super) async fn let_through(s: &Services, workspace: WorkspaceId, id: ApprovalId, late: bool) -> Result<()> {
    let actor = Actor::system(workspace);
    if !late {
        let decision = Decide { verdict: Verdict::Approve, note: None, hash: None, interactive: false };
        return match decide(s, &actor, id, decision).await {
            Err(e) if matches!(e.code, Code::AlreadyDecided | Code::Superseded) => Ok(()),
            other => other.map(drop),
        };
    }
    let mut tx = s.db.tenant(&actor).await?;
    grants::hold(&mut tx, id).await?;
    let item = find_to_decide(&mut tx, &actor, id).await?;
    if item.status == Status::Pending && item.review == Review::Auto {
        let why = "It would have gone on by itself, but HYVVE was not there to let it.";
        store::look_closer(&mut tx, id, Review::Quick, why).await?;
        grants::give_back(&mut tx, id).await?;
        notifications::something_waits(&mut tx).await?;
        trail::routed(&mut tx, id, &item, Review::Quick, why);
        tell(&mut tx, DomainEvent::ApprovalRouted, id, &item);
        tx.commit().await?;
    }
    Ok(())
}

/// Takes an approval back while its effect has not begun: the item waits again, and the audit log tells the story.
pub async fn withdraw(s: &Services, actor: &Actor, id: ApprovalId) -> Result<Detail> {
    let mut tx = s.db.tenant(actor).await?;
    grants::hold(&mut tx, id).await?;
    let item = find_to_decide(&mut tx, actor, id).await?;
    let user = policy::person(actor, &item)?;
    let approved = matches!(item.status, Status::Approved | Status::AutoApproved);
    if !approved || !effects_store::withdraw(&mut tx, id).await? {
        return Err(Error::new(Code::Conflict, "Too late to undo: it has begun, or it was not approved."));
    }
    store::step(&mut tx, id, item.status, Happening::Withdrawn).await?;
    let mut facts = trail::told(&item);
    if item.status == Status::AutoApproved {
        samples::undraw(&mut tx, id).await?;
        grants::give_back(&mut tx, id).await?;
        store::look_closer(&mut tx, id, Review::Full, "It would have gone on by itself; somebody took it back.")
            .await?;
        facts["review"] = json!(Review::Full);
    } else if let Some(lesson) = &item.lesson {
        unlearn(&mut tx, lesson).await?;
    }
    decisions_store::insert(&mut tx, id, "withdrawn", Some(user), None, &item.hash).await?;
    notifications::something_waits(&mut tx).await?;
    tx.audit(Entry::new("approval.withdrawn", "approval", id.0).details(facts));
    tell(&mut tx, DomainEvent::ApprovalWithdrawn, id, &item);
    tx.commit().await?;
    get(s, actor, id).await
}

/// Writes down what a person found out about an effect whose outcome was not known. Whoever decides may say it; the run has
/// long been told that nobody knew.
pub async fn settle(
    s: &Services,
    actor: &Actor,
    id: ApprovalId,
    happened: bool,
    said: Option<String>,
) -> Result<Detail> {
    let said = checked("notes", said.as_deref())?;
    let mut tx = s.db.tenant(actor).await?;
    let item = find_to_decide(&mut tx, actor, id).await?;
    let user = policy::person(actor, &item)?;
    let found = if happened { EffectState::Done } else { EffectState::Failed };
    if !effects_store::settle(&mut tx, id, found, user, said.as_deref()).await? {
        return Err(Error::new(Code::Conflict, "How this ended is known, so there is nothing to settle."));
    }
    let mut facts = trail::facts(&item);
    facts["happened"] = json!(happened);
    let mut entry = Entry::new("effect.settled", "approval", id.0).details(facts);
    if let Some(said) = &said {
        entry = entry.personal(json!({ "note": said }));
    }
    tx.audit(entry);
    tell(&mut tx, DomainEvent::EffectSettled, id, &item);
    tx.commit().await?;
    get(s, actor, id).await
}
