//! Proposing from outside, learning the decision, and saying what became of it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Decided, DecisionKind, NewProposal, Outcome, Outside, inbox_store::Membership, interrupt, store};
use crate::{
    Actor, Code, Error, Result, Role,
    approvals::{
        EffectState, Item, Status, attachments, decisions_store, effects_store, list_store,
        outcomes::{checked, tell},
        propose::{self, Source},
        store::{self as items, Locked},
        trail,
    },
    audit::Entry,
    canonical,
    db::TenantTx,
    events::DomainEvent,
    ids::{ApprovalId, UserId},
    services::Services,
    tools::{
        arguments::{Arguments, MAX_BYTES},
        external, registry,
    },
};

/// How long an outside agent may take to say what became of something. After that nobody knows, and a person is asked.
pub(in crate::approvals) const PATIENCE: Duration = Duration::from_hours(7 * 24);

/// The most characters of a title.
const MAX_TITLE: usize = 200;
/// The most bytes of a reported result.
const MAX_RESULT: usize = 32 * 1024;
/// The most changes of one item that are followed.
const MAX_CHANGES: usize = 100;

/// Makes a pending item of what an outside agent wants to do, and answers it as a list shows it. It counts as its person's proposal.
///
/// # Errors
/// Whatever is not as [`NewProposal`] says is refused with its field.
pub async fn propose(s: &Services, actor: &Actor, new: NewProposal) -> Result<Item> {
    let user = actor.require(Role::can_propose, "propose")?;
    let mut tx = s.db.tenant(actor).await?;
    let id = add(&mut tx, user, new, None, "").await?;
    let item = list_store::items(&mut tx, &[id.0]).await?.pop();
    let item = item.ok_or_else(|| Error::internal("an item that was just made"))?;
    tx.commit().await?;
    Ok(item)
}

/// The same inside a running transaction. `at` stands before the names of fields in errors.
pub(super) async fn add(
    tx: &mut TenantTx,
    user: UserId,
    new: NewProposal,
    from: Option<Membership>,
    at: &str,
) -> Result<ApprovalId> {
    let refuse = |field: &str, constraint: &str, why: String| Error::invalid(&format!("{at}{field}"), constraint, why);
    let action = name(&new.action).map_err(|(constraint, why)| refuse("action", constraint, why))?;
    let Value::Object(values) = new.arguments else {
        return Err(refuse("arguments", "type", "The arguments are an object, please.".to_owned()));
    };
    if canonical::to_vec(&Value::Object(values.clone()))?.len() > MAX_BYTES {
        return Err(refuse("arguments", "maxBytes", format!("At most {MAX_BYTES} bytes, please.")));
    }
    let title = title(new.title.as_deref()).map_err(|(constraint, why)| refuse("title", constraint, why))?;
    let reason = checked(&format!("{at}reason"), new.reason.as_deref())?;
    if new.confidence.is_some_and(|percent| percent > 100) {
        return Err(refuse("confidence", "range", "Between 0 and 100, please.".to_owned()));
    }
    let tool = registry::find(external::NAME).ok_or_else(|| Error::internal("no tool for outside agents"))?;
    let values = external::arguments(action, values, new.reversible);
    let arguments = Arguments { values, reason, confidence: new.confidence };
    let mut plan = external::plan(&arguments).map_err(Error::internal)?;
    if let Some(title) = title {
        plan.title = format!("{action}: {title}");
    }
    attachments::check(&new.attachments, at)?;
    let source = Source {
        requester: user,
        run: None,
        tool_call_id: None,
        setup: String::new(),
        agent: None,
        attachments: new.attachments,
    };
    let proposed = propose::propose(tx, tool, &arguments, &plan, source).await?;
    let said = Outside { confidence: new.confidence.map(i16::from), allowed: new.allowed };
    store::insert(tx, proposed.id, &said, from.as_ref()).await?;
    Ok(proposed.id)
}

fn name(action: &str) -> Result<&str, (&'static str, String)> {
    match action.len() {
        0 => Err(("required", "Please name the action.".to_owned())),
        n if n > external::MAX_ACTION => {
            Err(("maxLength", format!("At most {} characters, please.", external::MAX_ACTION)))
        }
        _ if action.trim() != action || !action.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
            Err(("characters", "Printable ASCII, please, without blanks around it.".to_owned()))
        }
        _ => Ok(action),
    }
}

/// One line, in which nothing turns the direction of what stands after it.
fn title(title: Option<&str>) -> Result<Option<&str>, (&'static str, String)> {
    match title.map(str::trim).filter(|title| !title.is_empty()) {
        Some(title) if title.chars().count() > MAX_TITLE => {
            Err(("maxLength", format!("At most {MAX_TITLE} characters, please.")))
        }
        Some(title) if title.chars().any(attachments::steers) => {
            Err(("characters", "One line, please, without characters that steer.".to_owned()))
        }
        other => Ok(other),
    }
}

/// Whether an outside agent does it.
pub(in crate::approvals) fn is_one(item: &Locked) -> bool {
    item.tool == external::NAME
}

/// What the outside agent calls it, if one does it.
pub(in crate::approvals) fn action(item: &Locked) -> Option<String> {
    if !is_one(item) {
        return None;
    }
    let proposal: Value = serde_json::from_slice(&item.canonical).ok()?;
    proposal.pointer("/arguments/action")?.as_str().map(str::to_owned)
}

/// What an outside agent said with an item, if it is one's.
pub(in crate::approvals) async fn of(tx: &mut TenantTx, id: ApprovalId, item: &Locked) -> Result<Option<Outside>> {
    if is_one(item) { store::of(tx, id).await } else { Ok(None) }
}

/// Refuses a decision that the outside agent would not understand.
pub(in crate::approvals) async fn allow(
    tx: &mut TenantTx,
    id: ApprovalId,
    item: &Locked,
    kind: DecisionKind,
) -> Result<()> {
    match of(tx, id, item).await? {
        Some(said) if !said.allowed.contains(&kind) => {
            let allowed: Vec<_> = said.allowed.iter().map(|kind| kind.as_str()).collect();
            let why = format!("The outside agent does not take “{}” here, but: {}.", kind.as_str(), allowed.join(", "));
            Err(Error::new(Code::Unprocessable, why).with(json!({ "allowed": allowed })))
        }
        _ => Ok(()),
    }
}

/// Refuses changed arguments that the outside agent would not take.
pub(in crate::approvals) async fn fits(
    tx: &mut TenantTx,
    id: ApprovalId,
    item: &Locked,
    values: &Map<String, Value>,
) -> Result<()> {
    if !is_one(item) {
        return Ok(());
    }
    match (store::args_schema(tx, id).await?, values.get("arguments")) {
        (Some(schema), Some(arguments)) => interrupt::fits(&schema, arguments),
        _ => Ok(()),
    }
}

/// What was said with an item goes for the one that takes its place.
pub(in crate::approvals) async fn carry(tx: &mut TenantTx, from: ApprovalId, to: ApprovalId) -> Result<()> {
    store::carry(tx, from, to).await
}

/// Where a proposal stands.
pub async fn decision(s: &Services, actor: &Actor, id: ApprovalId) -> Result<Decided> {
    let mut tx = s.db.tenant(actor).await?;
    decided(&mut tx, id).await
}

/// The same inside a running transaction.
pub(super) async fn decided(tx: &mut TenantTx, id: ApprovalId) -> Result<Decided> {
    let (id, item) = newest(tx, id).await?;
    let mut values = item.proposal(tx.workspace())?.arguments;
    let effect = effects_store::newest(tx, id).await?.map(|effect| effect.state);
    let begun = effect.is_some_and(|state| !matches!(state, EffectState::Intended | EffectState::Withdrawn));
    let status = match item.status {
        // It can still be taken back.
        Status::Approved | Status::AutoApproved if !begun => Status::Pending,
        other => other,
    };
    let approved = match status {
        Status::Pending => None,
        Status::Approved | Status::AutoApproved => Some(true),
        Status::Rejected | Status::TimedOut | Status::Cancelled | Status::Superseded => Some(false),
    };
    let last = if approved == Some(false) { decisions_store::all(tx, id).await?.pop() } else { None };
    let (reason, question) = match last {
        Some(last) if last.what == "asked" => (None, last.note),
        Some(last) => (last.note, None),
        None => (None, None),
    };
    let action = values.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
    let arguments = values.remove("arguments").unwrap_or_else(|| Value::Object(Map::new()));
    let effect = effect.filter(|_| begun);
    Ok(Decided { id, status, hash: hex::encode(&item.hash), approved, action, arguments, reason, question, effect })
}

/// The item that took the place of this one, however often somebody changed it.
async fn newest(tx: &mut TenantTx, mut id: ApprovalId) -> Result<(ApprovalId, Locked)> {
    for _ in 0..MAX_CHANGES {
        let item = items::look(tx, id).await?.ok_or_else(|| Error::not_found("approval"))?;
        if !is_one(&item) {
            let why = "HYVVE carries this out itself: look at the approval, or at its run.";
            return Err(Error::new(Code::Conflict, why));
        }
        match items::edited_to(tx, id).await? {
            Some(next) => id = next,
            None => return Ok((id, item)),
        }
    }
    Err(Error::internal("an item that was changed without end"))
}

/// Writes down what became of what was approved. Only its proposer may say so, once.
pub async fn report(s: &Services, actor: &Actor, id: ApprovalId, outcome: Outcome) -> Result<Decided> {
    let user = actor.require(Role::can_propose, "report outcomes")?;
    let (result, error) = told(&outcome)?;
    let mut tx = s.db.tenant(actor).await?;
    let (id, item) = newest(&mut tx, id).await?;
    drop(tx);
    if item.proposer_kind != "user" || item.proposer_id != user.0 {
        return Err(Error::forbidden("Whoever proposed this says what became of it."));
    }
    // Writing into the ledger needs a role that decides; this is what the decision was for.
    let mut tx = s.db.tenant(&Actor::system(actor.workspace)).await?;
    tx.asked_by(*actor);
    let item = items::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found("approval"))?;
    item.proposal(tx.workspace())?;
    if outcome.hash != hex::encode(&item.hash) {
        return Err(Error::new(Code::Conflict, "This is not what was approved: the hash is another one."));
    }
    let (state, name, event): (_, _, fn(_) -> _) = if outcome.happened {
        (EffectState::Done, "effect.done", DomainEvent::EffectDone)
    } else {
        (EffectState::Failed, "effect.failed", DomainEvent::EffectFailed)
    };
    if !effects_store::report(&mut tx, id, state, result.as_ref(), error.as_deref()).await? {
        let known = effects_store::newest(&mut tx, id).await?.is_some_and(|effect| effect.ended_at.is_some());
        let why = if known && matches!(item.status, Status::Approved | Status::AutoApproved) {
            "What became of this is known already."
        } else {
            "This is not approved, or can still be taken back. Ask for the decision first."
        };
        return Err(Error::new(Code::Conflict, why));
    }
    let mut facts = trail::facts(&item);
    facts["reported"] = json!(true);
    tx.audit(Entry::new(name, "approval", id.0).details(facts));
    tell(&mut tx, event, id, &item);
    tx.commit().await?;
    decision(s, actor, id).await
}

/// What is kept of an outcome: a result of what happened, or why it did not.
fn told(outcome: &Outcome) -> Result<(Option<Value>, Option<String>)> {
    let error = checked("error", outcome.error.as_deref())?;
    if outcome.happened {
        if error.is_some() {
            return Err(Error::invalid("error", "unexpected", "What happened has a result, and no error."));
        }
        let result = outcome.result.clone().unwrap_or_else(|| json!({}));
        if canonical::to_vec(&result)?.len() > MAX_RESULT {
            return Err(Error::invalid("result", "maxBytes", format!("At most {MAX_RESULT} bytes, please.")));
        }
        return Ok((Some(result), None));
    }
    if outcome.result.is_some() {
        return Err(Error::invalid("result", "unexpected", "What did not happen has an error, and no result."));
    }
    Ok((None, Some(error.unwrap_or_else(|| "The outside agent says that it did not happen.".to_owned()))))
}
