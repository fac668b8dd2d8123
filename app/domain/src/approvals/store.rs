//! SQL of approval items and decisions.

use uuid::Uuid;

use super::{Filter, HistoryEntry, Item, Status, effects_store, proposal::Sealed};
use crate::{
    Error, PageRequest, Result, Role, Timestamp,
    actor::SOMEBODY_GONE,
    db::TenantTx,
    ids::{ApprovalId, DecisionId, RunId, UserId},
    tools::Reversibility,
};

/// A new item.
pub(super) struct NewRow<'a> {
    pub(super) id: ApprovalId,
    pub(super) tool: &'a str,
    pub(super) tool_version: i32,
    pub(super) title: &'a str,
    pub(super) reversibility: Reversibility,
    pub(super) sealed: &'a Sealed,
    pub(super) reason: Option<&'a str>,
    pub(super) proposer_kind: &'a str,
    pub(super) proposer_id: Uuid,
    pub(super) requester: UserId,
    pub(super) run: Option<RunId>,
    pub(super) tool_call_id: Option<&'a str>,
}

/// An item as a decision needs it, locked.
pub(super) struct Locked {
    pub(super) status: Status,
    pub(super) tool: String,
    pub(super) title: String,
    pub(super) canonical: Vec<u8>,
    pub(super) hash: Vec<u8>,
    pub(super) proposer_kind: String,
    pub(super) proposer_id: Uuid,
    pub(super) requester: UserId,
    pub(super) run: Option<RunId>,
    pub(super) tool_call_id: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) decided_at: Option<Timestamp>,
}

fn status(word: &str) -> Result<Status> {
    Status::parse(word).ok_or_else(|| Error::internal(format!("unknown status {word}")))
}

/// Adds a pending item.
pub(super) async fn insert(tx: &mut TenantTx, row: &NewRow<'_>) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO approval_items (workspace_id, id, status, tool, tool_version, title, reversibility, canonical, hash, reason,
                                     proposer_kind, proposer_id, requester_id, run_id, tool_call_id)
         VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        workspace,
        row.id.0,
        row.tool,
        row.tool_version,
        row.title,
        row.reversibility.as_str(),
        row.sealed.bytes,
        row.sealed.hash.as_slice(),
        row.reason,
        row.proposer_kind,
        row.proposer_id,
        row.requester.0,
        row.run.map(|r| r.0),
        row.tool_call_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One item, locked until the transaction ends.
pub(super) async fn lock(tx: &mut TenantTx, id: ApprovalId) -> Result<Option<Locked>> {
    let workspace = tx.workspace().0;
    sqlx::query!("SELECT id FROM approval_items WHERE workspace_id = $1 AND id = $2 FOR UPDATE", workspace, id.0)
        .fetch_optional(tx.conn())
        .await?;
    look(tx, id).await
}

/// The same without a lock, for whoever may only look.
pub(super) async fn look(tx: &mut TenantTx, id: ApprovalId) -> Result<Option<Locked>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        "SELECT status, tool, title, canonical, hash, proposer_kind, proposer_id, requester_id, run_id, tool_call_id, reason, decided_at
         FROM approval_items WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Locked {
            status: status(&r.status)?,
            tool: r.tool,
            title: r.title,
            canonical: r.canonical,
            hash: r.hash,
            proposer_kind: r.proposer_kind,
            proposer_id: r.proposer_id,
            requester: UserId(r.requester_id),
            run: r.run_id.map(RunId),
            tool_call_id: r.tool_call_id,
            reason: r.reason,
            decided_at: r.decided_at.map(Timestamp),
        })
    })
    .transpose()
}

/// Moves an item to a status.
pub(super) async fn set_status(tx: &mut TenantTx, id: ApprovalId, to: Status) -> Result<()> {
    let workspace = tx.workspace().0;
    let decided = (to != Status::Pending).then(|| Timestamp::now().0);
    sqlx::query!(
        "UPDATE approval_items SET status = $3, decided_at = $4 WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        to.as_str(),
        decided,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records a decision. `actor` is a person's id, or `None` for HYVVE itself.
pub(super) async fn insert_decision(
    tx: &mut TenantTx,
    item: ApprovalId,
    outcome: &str,
    actor: Option<UserId>,
    note: Option<&str>,
    hash: &[u8],
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO approval_decisions (workspace_id, id, approval_id, outcome, actor_kind, actor_id, note, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        workspace,
        DecisionId::new().0,
        item.0,
        outcome,
        if actor.is_some() { "user" } else { "system" },
        actor.map(|u| u.0),
        note,
        hash,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Who decided last, and when.
pub(super) async fn last_decision(tx: &mut TenantTx, item: ApprovalId) -> Result<Option<(Option<String>, Timestamp)>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT u.name AS "name?", d.created_at FROM approval_decisions d LEFT JOIN users u ON u.id = d.actor_id
           WHERE d.workspace_id = $1 AND d.approval_id = $2 ORDER BY d.created_at DESC LIMIT 1"#,
        workspace,
        item.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| (r.name, Timestamp(r.created_at))))
}

/// Every decision on an item, oldest first.
pub(super) async fn decisions(tx: &mut TenantTx, item: ApprovalId) -> Result<Vec<HistoryEntry>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT d.outcome, u.name AS "name?", d.note, d.created_at FROM approval_decisions d LEFT JOIN users u ON u.id = d.actor_id
           WHERE d.workspace_id = $1 AND d.approval_id = $2 ORDER BY d.created_at"#,
        workspace,
        item.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| HistoryEntry { what: r.outcome, who: r.name, note: r.note, at: Timestamp(r.created_at) })
        .collect())
}

/// How many items wait that the actor may see.
pub(super) async fn count_pending(tx: &mut TenantTx) -> Result<i64> {
    count(tx, &Filter { status: Some(Status::Pending), ..Filter::default() }).await
}

/// How many items match that the actor may see. Whoever sees all of them is told what the table's trigger has counted; a
/// member's own are few, and are counted here.
async fn count(tx: &mut TenantTx, filter: &Filter) -> Result<i64> {
    let workspace = tx.workspace().0;
    let wanted = filter.status.map(Status::as_str);
    if tx.actor().role().is_none_or(Role::sees_all_approvals) {
        return Ok(sqlx::query_scalar!(
            r#"SELECT COALESCE(sum(items), 0)::bigint AS "n!" FROM approval_counts
               WHERE workspace_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR tool = $3) AND (NOT $4 OR status <> 'pending')"#,
            workspace,
            wanted,
            filter.tool,
            filter.decided,
        )
        .fetch_one(tx.conn())
        .await?);
    }
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM approval_items
           WHERE workspace_id = $1 AND requester_id = $5 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR tool = $3)
             AND (NOT $4 OR status <> 'pending')"#,
        workspace,
        wanted,
        filter.tool,
        filter.decided,
        tx.actor().user_id().map(|u| u.0),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A run's items that still wait.
pub(super) async fn pending_of_run(tx: &mut TenantTx, run: RunId) -> Result<Vec<ApprovalId>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query_scalar!(
        "SELECT id FROM approval_items WHERE workspace_id = $1 AND run_id = $2 AND status = 'pending' ORDER BY id FOR UPDATE",
        workspace,
        run.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(ApprovalId).collect())
}

/// A page of items, newest first, and how many match. The page's ids first, from an index alone; names and effects only for
/// those. A status has a statement of its own: its index is useless to one that might also be asked without.
pub(super) async fn list(tx: &mut TenantTx, filter: &Filter, page: PageRequest) -> Result<(Vec<Item>, i64)> {
    let workspace = tx.workspace().0;
    let ids = if let Some(wanted) = filter.status {
        sqlx::query_scalar!(
            "SELECT id FROM approval_items
             WHERE workspace_id = $1 AND status = $2 AND ($3::text IS NULL OR tool = $3) AND (NOT $4 OR status <> 'pending')
             ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6",
            workspace,
            wanted.as_str(),
            filter.tool,
            filter.decided,
            page.size,
            page.offset(),
        )
        .fetch_all(tx.conn())
        .await?
    } else {
        sqlx::query_scalar!(
            "SELECT id FROM approval_items WHERE workspace_id = $1 AND ($2::text IS NULL OR tool = $2) AND (NOT $3 OR status <> 'pending')
             ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5",
            workspace,
            filter.tool,
            filter.decided,
            page.size,
            page.offset(),
        )
        .fetch_all(tx.conn())
        .await?
    };
    let total = count(tx, filter).await?;
    Ok((items(tx, &ids).await?, total))
}

/// Items as a list shows them, newest first.
pub(super) async fn items(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Item>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT i.id, i.status, i.tool, i.title, i.reversibility, i.review, i.hash, i.requester_id, i.run_id, i.due_at, i.created_at, i.decided_at,
                  COALESCE(a.name, p.name, 'unknown') AS "proposer!", COALESCE(r.name, $3) AS "requester!",
                  (SELECT e.state FROM effects e WHERE e.workspace_id = i.workspace_id AND e.approval_id = i.id ORDER BY e.created_at DESC LIMIT 1) AS effect
           FROM approval_items i
           LEFT JOIN users r ON r.id = i.requester_id
           LEFT JOIN agents a ON i.proposer_kind = 'agent' AND a.workspace_id = i.workspace_id AND a.id = i.proposer_id
           LEFT JOIN users p ON i.proposer_kind = 'user' AND p.id = i.proposer_id
           WHERE i.workspace_id = $1 AND i.id = ANY ($2) ORDER BY i.created_at DESC, i.id DESC"#,
        workspace,
        ids,
        SOMEBODY_GONE,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Item {
                id: ApprovalId(r.id),
                status: status(&r.status)?,
                tool: r.tool,
                title: r.title,
                reversibility: if r.reversibility == "reversible" {
                    Reversibility::Reversible
                } else {
                    Reversibility::Irreversible
                },
                review: r.review,
                hash: hex::encode(r.hash),
                proposer: r.proposer,
                requester_id: UserId(r.requester_id),
                requester: r.requester,
                run_id: r.run_id.map(RunId),
                effect: r.effect.as_deref().map(effects_store::state).transpose()?,
                due_at: r.due_at.map(Timestamp),
                created_at: Timestamp(r.created_at),
                decided_at: r.decided_at.map(Timestamp),
            })
        })
        .collect()
}
