//! Looking at the queue and at one item.

use super::{
    Detail, Effect, EffectState, Filter, HistoryEntry, Item, Status, comments_store, cursor,
    deciding::{self, Deciding, Turns},
    decisions_store, edits, effects_store,
    filter::MAX_TEXT,
    list_store,
    outside::service as outside,
    policy,
    proposal::Proposal,
    samples, store,
};
use crate::{
    Actor, Error, Page, PageRequest, Result, Role, db::TenantTx, ids::ApprovalId, services::Services, tools::registry,
    usage::stats_service as usage,
};

/// A page of items that the actor may see, newest first unless asked otherwise.
pub async fn list(s: &Services, actor: &Actor, filter: &Filter, page: PageRequest) -> Result<Page<Item>> {
    reader(actor)?;
    sensible(filter)?;
    let mut tx = s.db.tenant(actor).await?;
    let (items, total) = list_store::list(&mut tx, filter, page).await?;
    Ok(page.of(items, total))
}

/// The items after a cursor (from the beginning without one), at most `size`, and the cursor for what comes after them. However
/// long the list is, its last page takes no longer than its first.
pub async fn after(
    s: &Services,
    actor: &Actor,
    filter: &Filter,
    cursor: Option<&str>,
    size: i64,
) -> Result<(Vec<Item>, Option<String>)> {
    reader(actor)?;
    sensible(filter)?;
    if filter.sampled {
        return Err(Error::invalid(
            "sampled",
            "pages",
            "What waits for a look afterwards comes in pages, without cursors.",
        ));
    }
    let sort = filter.narrow.sort;
    let place = cursor.map(|cursor| cursor::read(sort, cursor)).transpose()?;
    let mut tx = s.db.tenant(actor).await?;
    let mut items = list_store::after(&mut tx, filter, place, size + 1).await?;
    let is_more = i64::try_from(items.len()).is_ok_and(|found| found > size);
    items.truncate(usize::try_from(size).unwrap_or(0));
    let next = items.last().filter(|_| is_more).map(|item| cursor::write(sort, item));
    Ok((items, next))
}

/// Refuses what no list can be.
pub(super) fn sensible(filter: &Filter) -> Result<()> {
    let narrow = &filter.narrow;
    if narrow.sort.is_of_what_waits() && filter.status != Some(Status::Pending) {
        return Err(Error::invalid("sort", "pending", "Only what waits has this order: ask for status=pending."));
    }
    if filter.tool.as_deref().is_some_and(|tool| tool.contains('\0')) {
        return Err(Error::invalid("type", "noNul", "A NUL character is not allowed here."));
    }
    if filter.tool.as_deref().is_some_and(|tool| tool.len() > MAX_TEXT) {
        return Err(Error::invalid("type", "maxLength", "There is no tool whose name is that long."));
    }
    match narrow.text.as_deref() {
        Some(text) if text.chars().count() > MAX_TEXT => {
            Err(Error::invalid("q", "maxLength", format!("At most {MAX_TEXT} characters, please.")))
        }
        Some(text) if text.contains('\0') => Err(Error::invalid("q", "noNul", "A NUL character is not allowed here.")),
        _ => Ok(()),
    }
}

/// Those of these items that the actor may see, newest first.
pub async fn some(s: &Services, actor: &Actor, ids: &[ApprovalId]) -> Result<Vec<Item>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let mut tx = s.db.tenant(actor).await?;
    list_store::items(&mut tx, &ids).await
}

/// Whose turn it is, of these items: which the actor may decide on, which wait for others, and how far
/// those have come of which several have to agree.
pub async fn turns(s: &Services, actor: &Actor, items: &[Item]) -> Result<Turns> {
    let mut tx = s.db.tenant(actor).await?;
    deciding::turns(&mut tx, actor, items).await
}

/// How many items wait that the actor may see.
pub async fn pending_count(s: &Services, actor: &Actor) -> Result<i64> {
    if reader(actor).is_err() {
        return Ok(0);
    }
    let mut tx = s.db.tenant(actor).await?;
    list_store::count_pending(&mut tx).await
}

/// How many items wait in the workspace of a running transaction, as far as its actor sees them.
pub(crate) async fn waiting(tx: &mut TenantTx) -> Result<i64> {
    list_store::count_pending(tx).await
}

/// Some items, for HYVVE itself.
pub(crate) async fn items(tx: &mut TenantTx, ids: &[uuid::Uuid]) -> Result<Vec<Item>> {
    list_store::items(tx, ids).await
}

/// What would run if an item were approved, exactly.
pub(crate) async fn proposal(tx: &mut TenantTx, id: ApprovalId) -> Result<Proposal> {
    let row = store::look(tx, id).await?.ok_or_else(|| Error::not_found("approval"))?;
    row.proposal(tx.workspace())
}

/// One item with everything that a decision needs.
pub async fn get(s: &Services, actor: &Actor, id: ApprovalId) -> Result<Detail> {
    let mut tx = s.db.tenant(actor).await?;
    detail(&mut tx, s, actor, id).await
}

async fn detail(tx: &mut TenantTx, s: &Services, actor: &Actor, id: ApprovalId) -> Result<Detail> {
    let item = list_store::items(tx, &[id.0]).await?.pop().ok_or_else(|| Error::not_found("approval"))?;
    let row = store::look(tx, id).await?.ok_or_else(|| Error::not_found("approval"))?;
    let proposal = row.proposal(tx.workspace())?;
    let preview =
        registry::preview(tx, &proposal.tool, &proposal.arguments, &proposal.expected_versions, &s.mailer).await?;
    let effect = effects_store::newest(tx, id).await?;
    let mut history = vec![HistoryEntry {
        what: "proposed".to_owned(),
        who: Some(item.proposer.clone()),
        note: None,
        at: item.created_at,
    }];
    history.extend(decisions_store::all(tx, id).await?);
    // Votes before a time-out are no decision.
    let nobodys = matches!(item.status, Status::TimedOut | Status::Cancelled);
    let decided_by = history.iter().skip(1).rev().find_map(|h| h.who.clone()).filter(|_| !nobodys);
    let outside = outside::of(tx, id, &row).await?;
    let teller = outside.is_some().then_some(item.proposer.as_str());
    history.extend(effect.iter().flat_map(|effect| fate(effect, teller)));
    let blocked = policy::blocked(actor, &row);
    let sample = if actor.role().is_some_and(Role::can_decide) { samples::of(tx, id).await? } else { None };
    // Whoever is asked for a look afterwards judges the action, not the score.
    let hidden = sample.as_ref().is_some_and(|sample| sample.agreed.is_none());
    let pending = item.status == Status::Pending;
    let deciding = if pending { Box::pin(deciding::of(tx, actor, &item, &row)).await? } else { Deciding::default() };
    let cost = match row.run {
        Some(run) => Some(usage::of_run(tx, run).await?),
        None => None,
    };
    let edited_to = if item.status == Status::Superseded { store::edited_to(tx, id).await? } else { None };
    let edits = edits::of(tx, &row, &proposal.arguments, edited_to).await?;
    Ok(Detail {
        grant_id: row.grant,
        who_decides: deciding.sentences,
        cost,
        agreement: deciding.agreement,
        attachments: proposal.attachments,
        edited_from: row.edited_from,
        edited_to,
        edits,
        outside,
        comments: comments_store::of(tx, id).await?,
        item,
        preview,
        arguments: serde_json::Value::Object(proposal.arguments),
        reason: row.reason,
        history,
        effect_detail: effect,
        decided_by,
        blocked,
        confidence: row.confidence.filter(|_| !hidden),
        sample,
    })
}

/// What the ledger adds to the history: how the effect ended, and what a person found out where nobody knew. `teller` says how
/// it ended where HYVVE does not carry it out.
fn fate(effect: &Effect, teller: Option<&str>) -> Vec<HistoryEntry> {
    let Some(at) = effect.ended_at.filter(|_| effect.state != EffectState::Withdrawn) else { return Vec::new() };
    let known = if effect.settled.is_some() { EffectState::Unknown } else { effect.state };
    let what = format!("effect_{}", known.as_str());
    let who = teller.filter(|_| known != EffectState::Unknown).map(str::to_owned);
    let mut entries = vec![HistoryEntry { what, who, note: effect.error.clone(), at }];
    entries.extend(effect.settled.clone().map(|settled| HistoryEntry {
        what: format!("settled_{}", effect.state.as_str()),
        who: settled.by,
        note: settled.note,
        at: settled.at,
    }));
    entries
}

/// Who may look at items at all.
pub(super) fn reader(actor: &Actor) -> Result<()> {
    match actor.role() {
        Some(role) if !role.sees_approvals() => Err(Error::forbidden("Your role does not see approvals.")),
        _ => Ok(()),
    }
}
