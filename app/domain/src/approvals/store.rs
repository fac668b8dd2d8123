//! SQL of approval items.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Care, Confidence, Status,
    assignment::Asked,
    calibration_store::Lesson,
    policies::Handling,
    policy::Parties,
    proposal::{Proposal, Sealed},
    propose::{Routing, Source},
    quorum::Group,
    routing::{Review, calibration},
    states::{self, Happening},
};
use crate::{
    Error, Result, Role, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{ApprovalId, GrantId, RunId, UserId, WorkspaceId},
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
    pub(super) source: &'a Source<'a>,
    pub(super) review: Review,
    pub(super) routing: Option<&'a Routing>,
    /// The version of the policy that holds for it.
    pub(super) policy: i32,
    /// The standing grant that covers it.
    pub(super) grant: Option<GrantId>,
    pub(super) fields: Value,
    pub(super) sort: &'a str,
    pub(super) size: f64,
    /// How it waits.
    pub(super) handling: &'a Handling,
    /// Who is asked.
    pub(super) asked: &'a Asked,
    /// The item that it was before somebody changed it, and who.
    pub(super) edited: Option<(ApprovalId, UserId)>,
}

/// An item as a decision needs it, locked.
pub(super) struct Locked {
    pub(super) status: Status,
    pub(super) tool: String,
    pub(super) tool_version: i32,
    pub(super) title: String,
    pub(super) canonical: Vec<u8>,
    pub(super) hash: Vec<u8>,
    /// What the ledger says was approved; `None` as long as nothing is.
    pub(super) approved: Option<Vec<u8>>,
    pub(super) proposer_kind: String,
    pub(super) proposer_id: Uuid,
    pub(super) requester: UserId,
    pub(super) run: Option<RunId>,
    pub(super) tool_call_id: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) decided_at: Option<Timestamp>,
    pub(super) review: Review,
    /// How many have to approve.
    pub(super) quorum: i16,
    /// Roles of which some have to be among them.
    pub(super) groups: Vec<Group>,
    /// Whoever asked for it may not decide on it.
    pub(super) requester_barred: bool,
    /// Who is asked to.
    pub(super) asked: Asked,
    /// The agent's model and instructions.
    pub(super) setup: String,
    /// The item that somebody changed into this one.
    pub(super) edited_from: Option<ApprovalId>,
    /// The standing grant that covered it.
    pub(super) grant: Option<GrantId>,
    /// What its route was decided on; `None` for what people proposed, and for what was proposed before there were routes.
    pub(super) confidence: Option<Confidence>,
    /// What the share of agreement was at least, 0 to 1.
    pub(super) at_least: Option<f64>,
    /// The version of the policy that held for it; `None` for what was proposed before that was kept.
    pub(super) policy: Option<i32>,
    /// Somebody is asked to look at it afterwards, and nobody has yet.
    pub(super) sampled: bool,
    /// What is learned once somebody has said something about it.
    pub(super) lesson: Option<Lesson>,
}

impl Locked {
    /// What would run, and of what is approved what was approved. An error where what is stored is something else.
    pub(super) fn proposal(&self, workspace: WorkspaceId) -> Result<Proposal> {
        let proposal = Proposal::open(workspace, &self.canonical, &self.hash)?;
        if proposal.tool != self.tool || proposal.tool_version != self.tool_version {
            return Err(Error::internal("a proposal is stored beside another tool"));
        }
        if self.approved.as_ref().is_some_and(|approved| *approved != self.hash) {
            return Err(Error::internal("a proposal is not the one that was approved"));
        }
        Ok(proposal)
    }

    /// The hash of what would run, and of what is approved of what was approved.
    pub(super) fn agreed_hash(&self) -> &[u8] {
        self.approved.as_ref().unwrap_or(&self.hash)
    }

    /// Whose it is.
    pub(super) fn parties(&self) -> Parties {
        Parties::of(&self.proposer_kind, self.proposer_id, self.requester, self.requester_barred)
    }

    /// Whether one person's word is not enough.
    pub(super) fn wants_several(&self) -> bool {
        self.quorum > 1 || !self.groups.is_empty()
    }
}

pub(super) fn status(word: &str) -> Result<Status> {
    Status::parse(word).ok_or_else(|| Error::internal(format!("unknown status {word}")))
}

/// Adds a pending item.
pub(super) async fn insert(tx: &mut TenantTx, row: &NewRow<'_>) -> Result<()> {
    let workspace = tx.workspace().0;
    let routing = row.routing;
    let factors = routing.map_or_else(|| Ok(json!([])), |r| serde_json::to_value(&r.assessment.factors));
    let of = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let steps = row.handling.steps();
    sqlx::query!(
        "INSERT INTO approval_items (workspace_id, id, status, tool, tool_version, title, reversibility, canonical, hash, reason,
                                     proposer_kind, proposer_id, requester_id, run_id, tool_call_id, review, fields, sort, size, setup,
                                     factors, overall_score, evidence, probability, at_least, decisions, in_band, score,
                                     routed_because, policy_version, quorum, due_at, edited_from, edited_by, grant_id,
                                     quorum_groups, requester_barred, assigned_to, assigned_role, ladder, ladder_at)
         VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                 $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, now() + make_interval(mins => $31), $32, $33, $34,
                 $35, $36, $37, $38, $39, now() + make_interval(mins => $40))",
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
        row.source.requester.0,
        row.source.run.map(|r| r.0),
        row.source.tool_call_id,
        row.review.as_str(),
        row.fields,
        row.sort,
        row.size,
        row.source.setup,
        factors.map_err(Error::internal)?,
        routing.map(|r| r.assessment.overall_score),
        routing.map(|r| r.assessment.evidence),
        routing.map(|r| r.estimate.probability),
        routing.map(|r| r.estimate.at_least),
        routing.map_or(0, |r| of(r.estimate.decisions)),
        routing.map_or(0, |r| of(r.estimate.in_band)),
        routing.and_then(|r| r.routed.score),
        routing.map(|r| r.routed.why.as_str()),
        row.policy,
        row.handling.quorum,
        row.handling.times_out_after(),
        row.edited.map(|(from, _)| from.0),
        row.edited.map(|(_, by)| by.0),
        row.grant.map(|grant| grant.0),
        serde_json::to_value(&row.handling.groups).map_err(Error::internal)?,
        row.handling.requester_barred,
        row.asked.person.map(|user| user.0),
        row.asked.role.map(Role::as_str),
        serde_json::to_value(&steps).map_err(Error::internal)?,
        steps.first().map(|step| step.after_minutes),
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
        r#"SELECT status, tool, tool_version, title, canonical, hash, proposer_kind, proposer_id, requester_id, run_id, tool_call_id, reason, decided_at,
                review, factors, overall_score, evidence, probability, at_least, decisions, score, routed_because, policy_version, sort, size, setup, quorum, edited_from, grant_id,
                quorum_groups, requester_barred, assigned_to, assigned_role AS "assigned_role: Role",
                (SELECT e.hash FROM effects e WHERE e.workspace_id = $1 AND e.approval_id = $2 AND e.state <> 'withdrawn') AS approved,
                EXISTS (SELECT 1 FROM approval_samples s WHERE s.workspace_id = $1 AND s.approval_id = $2 AND s.reviewed_at IS NULL) AS "sampled!"
         FROM approval_items WHERE workspace_id = $1 AND id = $2"#,
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(r) = row else { return Ok(None) };
    let confidence = match r.overall_score {
        None => None,
        Some(overall_score) => Some(Confidence {
            overall_score,
            score: r.score,
            at_least: r.at_least.unwrap_or(0.0) * 100.0,
            decisions: r.decisions,
            factors: serde_json::from_value(r.factors).map_err(Error::internal)?,
            because: r.routed_because.unwrap_or_default(),
            policy_version: r.policy_version.unwrap_or(0),
        }),
    };
    let lesson = r.evidence.filter(|_| r.proposer_kind == "agent").map(|evidence| Lesson {
        approval: id,
        tool: r.tool.clone(),
        agent: r.proposer_id,
        setup: r.setup.clone(),
        band: calibration::band(evidence),
        predicted: r.probability.unwrap_or(0.0),
        sort: r.sort,
        size: r.size,
    });
    Ok(Some(Locked {
        status: status(&r.status)?,
        tool: r.tool,
        tool_version: r.tool_version,
        title: r.title,
        canonical: r.canonical,
        hash: r.hash,
        approved: r.approved,
        proposer_kind: r.proposer_kind,
        proposer_id: r.proposer_id,
        requester: UserId(r.requester_id),
        run: r.run_id.map(RunId),
        tool_call_id: r.tool_call_id,
        reason: r.reason,
        decided_at: r.decided_at.map(Timestamp),
        review: Review::parse(&r.review),
        quorum: r.quorum,
        groups: serde_json::from_value(r.quorum_groups).map_err(Error::internal)?,
        requester_barred: r.requester_barred,
        asked: Asked { person: r.assigned_to.map(UserId), role: r.assigned_role, words: None },
        setup: r.setup,
        edited_from: r.edited_from.map(ApprovalId),
        grant: r.grant_id.map(GrantId),
        confidence,
        at_least: r.at_least,
        policy: r.policy_version,
        sampled: r.sampled,
        lesson,
    }))
}

/// The item that somebody made of this one.
pub(super) async fn edited_to(tx: &mut TenantTx, id: ApprovalId) -> Result<Option<ApprovalId>> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        "SELECT id FROM approval_items WHERE workspace_id = $1 AND edited_from = $2",
        workspace,
        id.0,
    );
    Ok(found.fetch_optional(tx.conn()).await?.map(ApprovalId))
}

/// Whether an item was to be decided by now.
pub(super) async fn is_overdue(tx: &mut TenantTx, id: ApprovalId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        r#"SELECT COALESCE(due_at <= now(), false) AS "overdue!" FROM approval_items WHERE workspace_id = $1 AND id = $2"#,
        workspace,
        id.0,
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Lets an item get at least this look, and says why.
pub(super) async fn look_closer(tx: &mut TenantTx, id: ApprovalId, review: Review, why: &str) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE approval_items SET review = $3, routed_because = $4 WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        review.as_str(),
        why,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What has earned to go on by itself and waits for it, of any workspace, oldest first; and whether it waits for too long.
pub(super) async fn earned(tx: &mut SystemTx, limit: i64) -> Result<Vec<(WorkspaceId, ApprovalId, bool)>> {
    let rows = sqlx::query!(
        r#"SELECT workspace_id, id, created_at < now() - interval '1 minute' AS "late!" FROM approval_items
           WHERE status = 'pending' AND review = 'auto'
             AND workspace_id NOT IN (SELECT id FROM workspaces WHERE deleted_at IS NOT NULL)
           ORDER BY created_at LIMIT $1"#,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (WorkspaceId(r.workspace_id), ApprovalId(r.id), r.late)).collect())
}

/// Moves an item on to where it goes when this happens; answers where that is. An error where it cannot happen.
pub(super) async fn step(tx: &mut TenantTx, id: ApprovalId, from: Status, what: Happening) -> Result<Status> {
    let workspace = tx.workspace().0;
    let impossible = || Error::internal(format!("{what:?} happens to nothing that is {}", from.as_str()));
    let to = states::next(from, what).ok_or_else(impossible)?;
    let decided = (to != Status::Pending).then(|| Timestamp::now().0);
    let done = sqlx::query!(
        "UPDATE approval_items SET status = $3, decided_at = $4 WHERE workspace_id = $1 AND id = $2 AND status = $5",
        workspace,
        id.0,
        to.as_str(),
        decided,
        from.as_str(),
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(to) } else { Err(impossible()) }
}

/// Asks somebody to decide, and nobody else.
pub(super) async fn ask(tx: &mut TenantTx, id: ApprovalId, asked: &Asked) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE approval_items SET assigned_to = $3, assigned_role = $4 WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        asked.person.map(|user| user.0),
        asked.role.map(Role::as_str),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Changes who looks at an item and until when.
pub(super) async fn set_care(tx: &mut TenantTx, id: ApprovalId, care: &Care) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE approval_items SET
           assigned_to = CASE WHEN $3 THEN $4 ELSE assigned_to END,
           assigned_role = CASE WHEN $3 THEN NULL ELSE assigned_role END,
           due_at = CASE WHEN $5 THEN $6 ELSE due_at END,
           snoozed_until = CASE WHEN $7 THEN $8 ELSE snoozed_until END
         WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        care.assignee_id.is_some(),
        care.assignee_id.flatten().map(|user| user.0),
        care.due_at.is_some(),
        care.due_at.flatten().map(|at| at.0),
        care.snoozed_until.is_some(),
        care.snoozed_until.flatten().map(|at| at.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
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

/// Who is to look at an item, if that was said.
pub(super) async fn assignee(tx: &mut TenantTx, id: ApprovalId) -> Result<Option<UserId>> {
    let workspace = tx.workspace().0;
    let assigned = sqlx::query_scalar!(
        "SELECT assigned_to FROM approval_items WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(assigned.flatten().map(UserId))
}
