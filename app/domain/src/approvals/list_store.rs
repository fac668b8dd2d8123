//! SQL of the queue: which items, how many, and each as a list shows it.

use uuid::Uuid;

use super::{
    Filter, Item, LetThrough, Status, effects_store, filter::Narrow, narrow_store, policies::EVERY_TOOL,
    policy::Parties, quorum::Group, routing::Review, samples_store, store::status,
};
use crate::{
    Error, PageRequest, Result, Role, Timestamp,
    actor::SOMEBODY_GONE,
    db::TenantTx,
    ids::{ApprovalId, GrantId, RunId, UserId},
    tools::Reversibility,
};

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

/// A page of items, newest first unless asked otherwise, and how many match (of a list that is narrowed down, no more than
/// [`narrow_store::COUNTED`] and one are counted). The page's ids first, from an index alone; names and effects only for
/// those. A status has a statement of its own: its index is useless to one that might also be asked without.
pub(super) async fn list(tx: &mut TenantTx, filter: &Filter, page: PageRequest) -> Result<(Vec<Item>, i64)> {
    if filter.sampled {
        return sampled(tx, page).await;
    }
    if filter.narrow != Narrow::default() {
        let ids = narrow_store::page(tx, filter, None, page.size, page.offset()).await?;
        let total = narrow_store::count(tx, filter).await?;
        return Ok((in_order(tx, &ids).await?, total));
    }
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

/// What went on by itself and waits for a look afterwards, and how many there are. Only those see it who decide.
async fn sampled(tx: &mut TenantTx, page: PageRequest) -> Result<(Vec<Item>, i64)> {
    let workspace = tx.workspace().0;
    let ids = sqlx::query_scalar!(
        "SELECT approval_id FROM approval_samples WHERE workspace_id = $1 AND reviewed_at IS NULL
         ORDER BY created_at, approval_id LIMIT $2 OFFSET $3",
        workspace,
        page.size,
        page.offset(),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = samples_store::open(tx).await?;
    Ok((items(tx, &ids).await?, total))
}

/// What comes after an item in a list, or its beginning.
pub(super) async fn after(
    tx: &mut TenantTx,
    filter: &Filter,
    after: Option<narrow_store::After>,
    size: i64,
) -> Result<Vec<Item>> {
    let ids = narrow_store::page(tx, filter, after, size, 0).await?;
    in_order(tx, &ids).await
}

/// Items as a list shows them, in this order.
async fn in_order(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Item>> {
    let mut found = items(tx, ids).await?;
    found.sort_by_key(|item| ids.iter().position(|id| *id == item.id.0));
    Ok(found)
}

/// Items as a list shows them, newest first.
pub(super) async fn items(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Item>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT i.id, i.status, i.tool, i.title, i.reversibility, i.review, i.hash, i.requester_id, i.run_id, i.due_at, i.created_at, i.decided_at, i.snoozed_until, i.quorum, i.assigned_to, i.assigned_role AS "assigned_role: Role", m.name AS "assignee?",
                  i.policy_version, i.grant_id, d.tool AS "policy_tool?", g.covers AS "covers?", b.name AS "granted_by?",
                  COALESCE(a.name, p.name, 'unknown') AS "proposer!", COALESCE(r.name, $3) AS "requester!",
                  CASE WHEN EXISTS (SELECT 1 FROM approval_samples s WHERE s.workspace_id = i.workspace_id AND s.approval_id = i.id AND s.reviewed_at IS NULL)
                       THEN NULL ELSE i.score END AS score,
                  (SELECT e.state FROM effects e WHERE e.workspace_id = i.workspace_id AND e.approval_id = i.id ORDER BY e.created_at DESC LIMIT 1) AS effect
           FROM approval_items i
           LEFT JOIN users r ON r.id = i.requester_id
           LEFT JOIN users m ON m.id = i.assigned_to
           LEFT JOIN agents a ON i.proposer_kind = 'agent' AND a.workspace_id = i.workspace_id AND a.id = i.proposer_id
           LEFT JOIN users p ON i.proposer_kind = 'user' AND p.id = i.proposer_id
           LEFT JOIN approval_grants g ON i.status = 'auto_approved' AND g.workspace_id = i.workspace_id AND g.id = i.grant_id
           LEFT JOIN users b ON b.id = g.created_by
           -- An item keeps the version alone: the tool's own policy has held since it was there.
           LEFT JOIN LATERAL (
             SELECT v.tool FROM approval_policies v
             WHERE i.status = 'auto_approved' AND i.grant_id IS NULL
               AND v.workspace_id = i.workspace_id AND v.tool IN (i.tool, $4) AND v.version = i.policy_version
             ORDER BY v.created_at <= i.created_at DESC, v.tool = i.tool DESC LIMIT 1
           ) d ON true
           WHERE i.workspace_id = $1 AND i.id = ANY ($2) ORDER BY i.created_at DESC, i.id DESC"#,
        workspace,
        ids,
        SOMEBODY_GONE,
        EVERY_TOOL,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let status = status(&r.status)?;
            let let_through = match (r.grant_id, r.policy_version) {
                _ if status != Status::AutoApproved => None,
                (Some(id), _) => Some(LetThrough::Grant { id: GrantId(id), by: r.granted_by, when: r.covers }),
                (None, version) => version.map(|version| LetThrough::Policy { tool: r.policy_tool, version }),
            };
            Ok(Item {
                id: ApprovalId(r.id),
                status,
                tool: r.tool,
                title: r.title,
                reversibility: reversibility(&r.reversibility),
                review: Review::parse(&r.review),
                score: r.score,
                hash: hex::encode(r.hash),
                proposer: r.proposer,
                requester_id: UserId(r.requester_id),
                requester: r.requester,
                run_id: r.run_id.map(RunId),
                effect: r.effect.as_deref().map(effects_store::state).transpose()?,
                let_through,
                due_at: r.due_at.map(Timestamp),
                snoozed_until: r.snoozed_until.map(Timestamp),
                quorum: r.quorum,
                assignee_id: r.assigned_to.map(UserId),
                assignee: r.assignee,
                assigned_role: r.assigned_role,
                created_at: Timestamp(r.created_at),
                decided_at: r.decided_at.map(Timestamp),
            })
        })
        .collect()
}

/// An item as it is added up with others.
pub(super) struct Summand {
    pub(super) id: ApprovalId,
    pub(super) status: Status,
    pub(super) reversibility: Reversibility,
    pub(super) canonical: Vec<u8>,
    pub(super) hash: Vec<u8>,
    pub(super) parties: Parties,
    /// Whether one person's word is not enough.
    pub(super) wants_several: bool,
}

/// Items as they are added up, the oldest first.
pub(super) async fn summands(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Summand>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT id, status, reversibility, canonical, hash, proposer_kind, proposer_id, requester_id, requester_barred,
                  (quorum > 1 OR quorum_groups <> '[]'::jsonb) AS "wants_several!"
           FROM approval_items WHERE workspace_id = $1 AND id = ANY ($2) ORDER BY created_at, id"#,
        workspace,
        ids,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Summand {
                id: ApprovalId(r.id),
                status: status(&r.status)?,
                reversibility: reversibility(&r.reversibility),
                canonical: r.canonical,
                hash: r.hash,
                parties: Parties::of(&r.proposer_kind, r.proposer_id, UserId(r.requester_id), r.requester_barred),
                wants_several: r.wants_several,
            })
        })
        .collect()
}

fn reversibility(word: &str) -> Reversibility {
    if word == Reversibility::Reversible.as_str() { Reversibility::Reversible } else { Reversibility::Irreversible }
}

/// Whose these items are.
pub(super) async fn parties(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<(ApprovalId, Parties)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT id, proposer_kind, proposer_id, requester_id, requester_barred FROM approval_items WHERE workspace_id = $1 AND id = ANY ($2)",
        workspace,
        ids,
    )
    .fetch_all(tx.conn())
    .await?;
    let parties = |kind: &str, proposer, requester, barred| Parties::of(kind, proposer, UserId(requester), barred);
    Ok(rows
        .into_iter()
        .map(|r| (ApprovalId(r.id), parties(&r.proposer_kind, r.proposer_id, r.requester_id, r.requester_barred)))
        .collect())
}

/// An item on which several have to agree.
pub(super) struct Several {
    pub(super) id: ApprovalId,
    pub(super) quorum: i16,
    pub(super) groups: Vec<Group>,
    pub(super) parties: Parties,
}

/// Those of these items for which one person's word is not enough.
pub(super) async fn several(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Several>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT id, quorum, quorum_groups, proposer_kind, proposer_id, requester_id, requester_barred FROM approval_items
         WHERE workspace_id = $1 AND id = ANY ($2) AND (quorum > 1 OR quorum_groups <> '[]'::jsonb)",
        workspace,
        ids,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Several {
                id: ApprovalId(r.id),
                quorum: r.quorum,
                groups: serde_json::from_value(r.quorum_groups).map_err(Error::internal)?,
                parties: Parties::of(&r.proposer_kind, r.proposer_id, UserId(r.requester_id), r.requester_barred),
            })
        })
        .collect()
}
