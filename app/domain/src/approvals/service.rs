//! The use cases of the door: propose, look, decide, take back.

use serde_json::json;

use super::{
    Decide, Detail, Effect, EffectState, Filter, HistoryEntry, Item, Status, Verdict, effects_store, policy,
    proposal::Proposal,
    store::{self, Locked, NewRow},
};
use crate::{
    Actor, Code, Error, Page, PageRequest, Result, Role, Timestamp,
    agents::{self, Outcome},
    audit::Entry,
    crash,
    db::TenantTx,
    events::Draft,
    ids::{ApprovalId, RunId, UserId},
    records,
    services::Services,
    tools::{
        Nature,
        arguments::Arguments,
        registry::{self, Plan, Tool},
    },
};

/// The most characters of a note or a reason.
const MAX_NOTE: usize = 2_000;

/// Where a proposal comes from.
pub(crate) struct Source<'a> {
    pub(crate) requester: UserId,
    pub(crate) run: Option<RunId>,
    pub(crate) tool_call_id: Option<&'a str>,
}

/// Makes a pending item inside a running transaction; the transaction's actor is the proposer.
pub(crate) async fn propose(
    tx: &mut TenantTx,
    tool: &Tool,
    arguments: &Arguments,
    plan: &Plan,
    source: Source<'_>,
) -> Result<ApprovalId> {
    let actor = *tx.actor();
    let Nature::Act { reversibility } = tool.nature else {
        return Err(Error::internal(format!("{} does not pass the door", tool.name)));
    };
    let sealed = Proposal::new(tx.workspace(), tool, arguments.values.clone(), plan).seal()?;
    let id = ApprovalId::new();
    let proposer_id = actor.id().ok_or_else(|| Error::internal("HYVVE itself proposes nothing"))?;
    store::insert(
        tx,
        &NewRow {
            id,
            tool: tool.name,
            tool_version: tool.version,
            title: &plan.title,
            reversibility,
            sealed: &sealed,
            reason: arguments.reason.as_deref(),
            proposer_kind: actor.kind(),
            proposer_id,
            requester: source.requester,
            run: source.run,
            tool_call_id: source.tool_call_id,
        },
    )
    .await?;
    let facts = json!({ "tool": tool.name, "hash": hex::encode(sealed.hash), "run": source.run });
    tx.audit(Entry::new("approval.requested", "approval", id.0).details(facts));
    let payload = json!({ "title": plan.title, "tool": tool.name, "run": source.run });
    tx.emit(Draft::new("approval.requested", "approval", id.0, payload).only_for(source.requester));
    Ok(id)
}

/// A page of items that the actor may see, newest first.
pub async fn list(s: &Services, actor: &Actor, filter: &Filter, page: PageRequest) -> Result<Page<Item>> {
    reader(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    let (items, total) = store::list(&mut tx, filter, page).await?;
    Ok(page.of(items, total))
}

/// Those of these items that the actor may see, newest first.
pub async fn some(s: &Services, actor: &Actor, ids: &[ApprovalId]) -> Result<Vec<Item>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let mut tx = s.db.tenant(actor).await?;
    store::items(&mut tx, &ids).await
}

/// How many items wait that the actor may see.
pub async fn pending_count(s: &Services, actor: &Actor) -> Result<i64> {
    if reader(actor).is_err() {
        return Ok(0);
    }
    let mut tx = s.db.tenant(actor).await?;
    store::count_pending(&mut tx).await
}

/// One item with everything that a decision needs.
pub async fn get(s: &Services, actor: &Actor, id: ApprovalId) -> Result<Detail> {
    let mut tx = s.db.tenant(actor).await?;
    detail(&mut tx, s, actor, id).await
}

async fn detail(tx: &mut TenantTx, s: &Services, actor: &Actor, id: ApprovalId) -> Result<Detail> {
    let item = store::items(tx, &[id.0]).await?.pop().ok_or_else(|| Error::not_found("approval"))?;
    let row = store::look(tx, id).await?.ok_or_else(|| Error::not_found("approval"))?;
    let proposal = Proposal::open(tx.workspace(), &row.canonical, &row.hash)?;
    let preview =
        registry::preview(tx, &proposal.tool, &proposal.arguments, &proposal.expected_versions, &s.mailer).await?;
    let effect = effects_store::newest(tx, id).await?;
    let mut history = vec![HistoryEntry {
        what: "proposed".to_owned(),
        who: Some(item.proposer.clone()),
        note: None,
        at: item.created_at,
    }];
    history.extend(store::decisions(tx, id).await?);
    let decided_by = history.iter().skip(1).rev().find_map(|h| h.who.clone());
    history.extend(effect.iter().flat_map(fate));
    let blocked = policy::blocked(actor, &row.proposer_kind, row.proposer_id);
    Ok(Detail {
        item,
        preview,
        arguments: serde_json::Value::Object(proposal.arguments),
        reason: row.reason,
        history,
        effect_detail: effect,
        decided_by,
        blocked,
    })
}

/// What the ledger adds to the history: how the effect ended, and what a person found out where nobody knew.
fn fate(effect: &Effect) -> Vec<HistoryEntry> {
    let Some(at) = effect.ended_at.filter(|_| effect.state != EffectState::Withdrawn) else { return Vec::new() };
    let known = if effect.settled.is_some() { EffectState::Unknown } else { effect.state };
    let what = format!("effect_{}", known.as_str());
    let mut entries = vec![HistoryEntry { what, who: None, note: effect.error.clone(), at }];
    entries.extend(effect.settled.clone().map(|settled| HistoryEntry {
        what: format!("settled_{}", effect.state.as_str()),
        who: settled.by,
        note: settled.note,
        at: settled.at,
    }));
    entries
}

/// The door. The one way to decide, for every surface: decision, audit entry, outbox event and effect intent (or the
/// rejection's way back to the run) commit together, or none of them.
pub async fn decide(s: &Services, actor: &Actor, id: ApprovalId, decision: Decide) -> Result<Detail> {
    let note = note(&decision)?;
    let mut tx = s.db.tenant(actor).await?;
    let item = find_to_decide(&mut tx, actor, id).await?;
    let user = policy::may_decide(actor, &item.proposer_kind, item.proposer_id)?;
    if item.status != Status::Pending {
        return Err(already_decided(&mut tx, id, &item).await?);
    }
    if decision.hash.as_deref().is_some_and(|shown| shown != hex::encode(&item.hash)) {
        return Err(Error::new(Code::Conflict, "This is not what you were shown. Look at it again, then decide."));
    }
    let proposal = Proposal::open(tx.workspace(), &item.canonical, &item.hash)?;
    if decision.verdict == Verdict::Approve && moved_on(&mut tx, &proposal).await? {
        return supersede(s, tx, id, &item).await;
    }

    let (status, outcome, action) = match decision.verdict {
        Verdict::Approve => (Status::Approved, "approved", "approval.approved"),
        Verdict::Reject => (Status::Rejected, "rejected", "approval.rejected"),
    };
    store::set_status(&mut tx, id, status).await?;
    store::insert_decision(&mut tx, id, outcome, Some(user), note.as_deref(), &item.hash).await?;
    let mut entry = Entry::new(action, "approval", id.0)
        .details(json!({ "tool": item.tool, "hash": hex::encode(&item.hash), "run": item.run }));
    if let Some(note) = &note {
        entry = entry.personal(json!({ "note": note }));
    }
    tx.audit(entry);
    tx.emit(
        Draft::new(action, "approval", id.0, json!({ "title": item.title, "run": item.run })).only_for(item.requester),
    );
    match decision.verdict {
        Verdict::Approve => {
            let tool = registry::find(&proposal.tool).ok_or_else(|| Error::internal("an item of an unknown tool"))?;
            let wait = if decision.interactive { s.settings.undo } else { std::time::Duration::ZERO };
            effects_store::intend(&mut tx, id, tool.name, tool.repeat(&s.mailer), Timestamp::now().plus(wait)).await?;
        }
        Verdict::Reject => {
            let by = store::last_decision(&mut tx, id).await?.and_then(|(name, _)| name);
            tell_run(&mut tx, &item, Outcome::Rejected { by, reason: note }).await?;
        }
    }
    crash::point("decision.before_commit");
    tx.commit().await?;
    crash::point("decision.after_commit");
    s.hub.poke_work();
    get(s, actor, id).await
}

/// Takes an approval back while its effect has not begun: the item waits again, and the audit log tells the story.
pub async fn withdraw(s: &Services, actor: &Actor, id: ApprovalId) -> Result<Detail> {
    let mut tx = s.db.tenant(actor).await?;
    let item = find_to_decide(&mut tx, actor, id).await?;
    let user = policy::may_decide(actor, &item.proposer_kind, item.proposer_id)?;
    if item.status != Status::Approved || !effects_store::withdraw(&mut tx, id).await? {
        return Err(Error::new(Code::Conflict, "Too late to undo: it has begun, or it was not approved."));
    }
    store::set_status(&mut tx, id, Status::Pending).await?;
    store::insert_decision(&mut tx, id, "withdrawn", Some(user), None, &item.hash).await?;
    tx.audit(
        Entry::new("approval.withdrawn", "approval", id.0)
            .details(json!({ "hash": hex::encode(&item.hash), "run": item.run })),
    );
    tx.emit(
        Draft::new("approval.withdrawn", "approval", id.0, json!({ "title": item.title, "run": item.run }))
            .only_for(item.requester),
    );
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
    let user = policy::may_decide(actor, &item.proposer_kind, item.proposer_id)?;
    let found = if happened { EffectState::Done } else { EffectState::Failed };
    if !effects_store::settle(&mut tx, id, found, user, said.as_deref()).await? {
        return Err(Error::new(Code::Conflict, "How this ended is known, so there is nothing to settle."));
    }
    let facts = json!({ "tool": item.tool, "hash": hex::encode(&item.hash), "run": item.run, "happened": happened });
    let mut entry = Entry::new("effect.settled", "approval", id.0).details(facts);
    if let Some(said) = &said {
        entry = entry.personal(json!({ "note": said }));
    }
    tx.audit(entry);
    tx.emit(
        Draft::new("effect.settled", "approval", id.0, json!({ "title": item.title, "run": item.run }))
            .only_for(item.requester),
    );
    tx.commit().await?;
    get(s, actor, id).await
}

/// Ends a cancelled run's waiting items, inside the transaction that ends the run.
pub(crate) async fn cancel_for_run(tx: &mut TenantTx, run: RunId) -> Result<()> {
    for id in store::pending_of_run(tx, run).await? {
        let Some(item) = store::look(tx, id).await? else { continue };
        store::set_status(tx, id, Status::Cancelled).await?;
        store::insert_decision(tx, id, "cancelled", None, Some("The run was cancelled."), &item.hash).await?;
        tx.audit(Entry::new("approval.cancelled", "approval", id.0).details(json!({ "run": run })));
        tx.emit(
            Draft::new("approval.cancelled", "approval", id.0, json!({ "title": item.title, "run": run }))
                .only_for(item.requester),
        );
    }
    Ok(())
}

/// Whoever may see an item but not lock it (a member) gets the honest 403, a stranger the 404.
async fn find_to_decide(tx: &mut TenantTx, actor: &Actor, id: ApprovalId) -> Result<Locked> {
    let found = if actor.role().is_some_and(Role::can_decide) {
        store::lock(tx, id).await?
    } else {
        store::look(tx, id).await?
    };
    found.ok_or_else(|| Error::not_found("approval"))
}

async fn already_decided(tx: &mut TenantTx, id: ApprovalId, item: &Locked) -> Result<Error> {
    let (by, at) = match store::last_decision(tx, id).await? {
        Some((by, at)) => (by, Some(at)),
        None => (None, item.decided_at),
    };
    let who = by.as_deref().unwrap_or("HYVVE");
    let word = item.status.label().to_lowercase();
    Ok(Error::new(Code::AlreadyDecided, format!("{who} was first: this is {word}."))
        .with(json!({ "status": item.status, "decidedBy": by, "decidedAt": at })))
}

/// Whether a target is no longer at the version that was looked at.
async fn moved_on(tx: &mut TenantTx, proposal: &Proposal) -> Result<bool> {
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
async fn supersede(s: &Services, mut tx: TenantTx, id: ApprovalId, item: &Locked) -> Result<Detail> {
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
    store::set_status(tx, id, Status::Superseded).await?;
    store::insert_decision(
        tx,
        id,
        "superseded",
        None,
        Some("The target has changed since it was proposed."),
        &item.hash,
    )
    .await?;
    tx.audit(
        Entry::new("approval.superseded", "approval", id.0)
            .details(json!({ "hash": hex::encode(&item.hash), "run": item.run })),
    );
    tx.emit(
        Draft::new("approval.superseded", "approval", id.0, json!({ "title": item.title, "run": item.run }))
            .only_for(item.requester),
    );
    tell_run(tx, item, Outcome::Superseded).await
}

/// Brings an outcome back to the run that waits for it.
pub(super) async fn tell_run(tx: &mut TenantTx, item: &Locked, outcome: Outcome) -> Result<()> {
    match (item.run, item.tool_call_id.as_deref()) {
        (Some(run), Some(call)) => agents::resolve_step(tx, run, call, &outcome).await,
        _ => Ok(()),
    }
}

fn note(decision: &Decide) -> Result<Option<String>> {
    let rejects = decision.verdict == Verdict::Reject;
    let note = checked(if rejects { "reason" } else { "notes" }, decision.note.as_deref())?;
    if rejects && note.is_none() {
        return Err(Error::invalid("reason", "required", "Please say why; the agent is told."));
    }
    Ok(note)
}

/// What a person says in a field, if anything.
fn checked(field: &str, text: Option<&str>) -> Result<Option<String>> {
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

/// Who may look at items at all.
pub(super) fn reader(actor: &Actor) -> Result<()> {
    match actor.role() {
        Some(role) if !role.sees_approvals() => Err(Error::forbidden("Your role does not see approvals.")),
        _ => Ok(()),
    }
}
