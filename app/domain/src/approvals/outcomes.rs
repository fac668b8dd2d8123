//! How items end besides by a person's word, and what a decision checks before it is one.

use serde_json::json;

use super::{
    Decide, Detail, Status, Verdict, decisions_store,
    outside::{DecisionKind, service as outside},
    proposal::Proposal,
    states::Happening,
    store::{self, Locked},
    trail,
};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp,
    agents::{self, Outcome},
    audit::Entry,
    db::TenantTx,
    events::{
        DomainEvent, Draft,
        payload::{Decided, OfApproval},
    },
    ids::{ApprovalId, RunId},
    notifications::{
        Kind,
        service::{self as notifications, To, Told},
    },
    records,
    services::Services,
};

/// The most characters of a note or a reason.
const MAX_NOTE: usize = 2_000;

/// Ends a cancelled run's waiting items, inside the transaction that ends the run.
pub(crate) async fn cancel_for_run(tx: &mut TenantTx, run: RunId) -> Result<()> {
    for id in store::pending_of_run(tx, run).await? {
        let Some(item) = store::look(tx, id).await? else { continue };
        store::step(tx, id, item.status, Happening::Cancelled).await?;
        decisions_store::insert(tx, id, "cancelled", None, Some("The run was cancelled."), &item.hash).await?;
        tx.audit(Entry::new("approval.cancelled", "approval", id.0).details(trail::told(&item)));
        tell(tx, DomainEvent::ApprovalCancelled, id, &item);
    }
    Ok(())
}

/// Tells of something that happened to an item: the person who asked for it, and whoever decides.
pub(super) fn tell(tx: &mut TenantTx, what: fn(OfApproval) -> DomainEvent, id: ApprovalId, item: &Locked) {
    tx.emit(Draft::new(what(of(item)), id).only_for(item.requester));
}

/// What events say of an item.
pub(super) fn of(item: &Locked) -> OfApproval {
    OfApproval {
        title: item.title.clone(),
        run: item.run,
        tool: item.tool.clone(),
        action: outside::action(item),
        hash: hex::encode(&item.hash),
    }
}

/// What events say of a decision on an item.
pub(super) fn decided(item: &Locked, verdict: DecisionKind) -> Decided {
    let OfApproval { title, run, tool, action, hash } = of(item);
    Decided { title, run, tool, action, hash, verdict, replaced_by: None }
}

/// Tells those who asked a run's agent something instead of deciding that it has gone on: once for each question.
pub(crate) async fn answered(tx: &mut TenantTx, run: RunId) -> Result<()> {
    for (id, asker, title) in decisions_store::asked_of_run(tx, run).await? {
        let told = Told {
            kind: Kind::QuestionAnswered,
            cause: format!("answered:{id}"),
            subject: ("approval", Some(id.0)),
            facts: json!({ "title": title }),
        };
        notifications::tell(tx, To::Person(asker), told).await?;
    }
    Ok(())
}

/// Tells whoever had it proposed, by hand or by an agent, what a person decided. The one who decided knows.
pub(super) async fn tell_requester(tx: &mut TenantTx, id: ApprovalId, item: &Locked, outcome: &str) -> Result<()> {
    let told = Told {
        kind: Kind::ProposalDecided,
        cause: format!("{outcome}:{id}:{}", Timestamp::now().unix_millis()),
        subject: ("approval", Some(id.0)),
        facts: json!({ "title": item.title, "outcome": outcome }),
    };
    notifications::tell(tx, To::Person(item.requester), told).await
}

/// Tells those who look after an item that nobody decided in time: whoever it was handed to, and whoever had it proposed.
pub(super) async fn tell_timed_out(tx: &mut TenantTx, id: ApprovalId, item: &Locked) -> Result<()> {
    let assignee = store::assignee(tx, id).await?;
    for person in assignee.into_iter().chain([item.requester]) {
        let told = Told {
            kind: Kind::ApprovalTimedOut,
            cause: format!("timed_out:{id}"),
            subject: ("approval", Some(id.0)),
            facts: json!({ "title": item.title }),
        };
        notifications::tell(tx, To::Person(person), told).await?;
    }
    Ok(())
}

/// Whoever may see an item but not lock it (a member) gets the honest 403, a stranger the 404.
pub(super) async fn find_to_decide(tx: &mut TenantTx, actor: &Actor, id: ApprovalId) -> Result<Locked> {
    let found = if actor.role().is_none_or(Role::can_decide) {
        store::lock(tx, id).await?
    } else {
        store::look(tx, id).await?
    };
    found.ok_or_else(|| Error::not_found("approval"))
}

pub(super) async fn already_decided(tx: &mut TenantTx, id: ApprovalId, item: &Locked) -> Result<Error> {
    let (by, at) = match decisions_store::last(tx, id).await? {
        Some((by, at)) => (by, Some(at)),
        None => (None, item.decided_at),
    };
    let who = by.as_deref().unwrap_or("HYVVE");
    let word = item.status.label().to_lowercase();
    let when = at.map(|at| format!(", at {}", clock(at))).unwrap_or_default();
    Ok(Error::new(Code::AlreadyDecided, format!("{who} was first{when}: this is {word}."))
        .with(json!({ "status": item.status, "decidedBy": by, "decidedAt": at })))
}

/// The time of an instant, for people: `09:08:07 UTC`.
fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(11..19).unwrap_or(&text))
}

/// Whether a target is no longer at the version that was looked at, or the tool not the one that was meant.
pub(super) async fn moved_on(tx: &mut TenantTx, proposal: &Proposal) -> Result<bool> {
    if !proposal.is_of_now() {
        return Ok(true);
    }
    for (id, expected) in &proposal.expected_versions {
        match records::service::find(tx, *id, true).await {
            Ok((_, record)) if record.version == *expected => {}
            Ok(_) => return Ok(true),
            Err(e) if e.code == Code::NotFound => return Ok(true),
            Err(e) => return Err(e),
        }
    }
    Ok(false)
}

/// Ends an item whose target has moved on, tells the run, and answers the decider honestly.
pub(super) async fn supersede(s: &Services, mut tx: TenantTx, id: ApprovalId, item: &Locked) -> Result<Detail> {
    mark_superseded(&mut tx, id, item).await?;
    tx.commit().await?;
    s.hub.poke_work();
    Err(Error::new(
        Code::Superseded,
        "What this would change has changed since it was proposed, so it was ended. Nothing was done.",
    )
    .with(json!({ "status": Status::Superseded })))
}

/// Ends an item as superseded, inside a running transaction.
pub(super) async fn mark_superseded(tx: &mut TenantTx, id: ApprovalId, item: &Locked) -> Result<()> {
    store::step(tx, id, item.status, Happening::MovedOn).await?;
    decisions_store::insert(
        tx,
        id,
        "superseded",
        None,
        Some("The target has changed since it was proposed."),
        &item.hash,
    )
    .await?;
    // What had gone on by itself may still be looked at afterwards.
    let facts = if item.status == Status::Pending { trail::told(item) } else { trail::facts(item) };
    tx.audit(Entry::new("approval.superseded", "approval", id.0).details(facts));
    tell(tx, DomainEvent::ApprovalSuperseded, id, item);
    tell_run(tx, item, Outcome::Superseded { approved: item.status != Status::Pending }).await
}

/// Brings an outcome back to the run that waits for it.
pub(super) async fn tell_run(tx: &mut TenantTx, item: &Locked, outcome: Outcome) -> Result<()> {
    match (item.run, item.tool_call_id.as_deref()) {
        (Some(run), Some(call)) => agents::resolve_step(tx, run, call, &outcome).await,
        _ => Ok(()),
    }
}

pub(super) fn note(decision: &Decide) -> Result<Option<String>> {
    let rejects = decision.verdict == Verdict::Reject;
    let note = checked(if rejects { "reason" } else { "notes" }, decision.note.as_deref())?;
    if rejects && note.is_none() {
        return Err(Error::invalid("reason", "required", "Please say why; the agent is told."));
    }
    Ok(note)
}

/// What a person says in a field, if anything.
pub(super) fn checked(field: &str, text: Option<&str>) -> Result<Option<String>> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) if text.chars().count() > MAX_NOTE => {
            Err(Error::invalid(field, "maxLength", format!("At most {MAX_NOTE} characters, please.")))
        }
        Some(text) if text.contains('\0') => {
            Err(Error::invalid(field, "noNul", "A NUL character is not allowed here."))
        }
        other => Ok(other.map(str::to_owned)),
    }
}
