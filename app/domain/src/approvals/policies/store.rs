//! SQL of policies.

use serde_json::{Map, Value};

use super::{Draft, EVERY_TOOL, Handling, Policy, Rule};
use crate::{
    Error, Result, Timestamp,
    approvals::routing::{Estimate, Thresholds},
    db::TenantTx,
    ids::{ApprovalId, UserId},
};

/// The policy that routes a tool's actions: its own, else the one for all tools; `None`: what HYVVE ships with.
pub(super) async fn in_force(tx: &mut TenantTx, tool: &str) -> Result<Option<Policy>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT p.tool, p.version, p.thresholds, p.rules, p.handling, u.name AS "by?", p.created_at
           FROM approval_policies p LEFT JOIN users u ON u.id = p.created_by
           WHERE p.workspace_id = $1 AND p.tool IN ($2, $3) ORDER BY (p.tool = $2) DESC, p.version DESC LIMIT 1"#,
        workspace,
        tool,
        EVERY_TOOL,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| policy(r.tool, r.version, (r.thresholds, r.rules, r.handling), (r.by, Timestamp(r.created_at))))
        .transpose()
}

/// The newest policy of each tool that has one.
pub(super) async fn newest(tx: &mut TenantTx) -> Result<Vec<Policy>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (p.tool) p.tool, p.version, p.thresholds, p.rules, p.handling, u.name AS "by?", p.created_at
           FROM approval_policies p LEFT JOIN users u ON u.id = p.created_by
           WHERE p.workspace_id = $1 ORDER BY p.tool, p.version DESC"#,
        workspace,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| policy(r.tool, r.version, (r.thresholds, r.rules, r.handling), (r.by, Timestamp(r.created_at))))
        .collect()
}

/// A tool's own policy in one version.
pub(super) async fn version(tx: &mut TenantTx, tool: &str, version: i32) -> Result<Option<Policy>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT p.tool, p.version, p.thresholds, p.rules, p.handling, u.name AS "by?", p.created_at
           FROM approval_policies p LEFT JOIN users u ON u.id = p.created_by
           WHERE p.workspace_id = $1 AND p.tool = $2 AND p.version = $3"#,
        workspace,
        tool,
        version,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| policy(r.tool, r.version, (r.thresholds, r.rules, r.handling), (r.by, Timestamp(r.created_at))))
        .transpose()
}

fn policy(
    tool: String,
    version: i32,
    (thresholds, rules, handling): (Value, Value, Value),
    (by, since): (Option<String>, Timestamp),
) -> Result<Policy> {
    let thresholds: Thresholds = serde_json::from_value(thresholds).map_err(Error::internal)?;
    let rules: Vec<Rule> = serde_json::from_value(rules).map_err(Error::internal)?;
    let handling: Handling = serde_json::from_value(handling).map_err(Error::internal)?;
    Ok(Policy { tool, version, thresholds, rules, handling, by, since: Some(since) })
}

/// Adds the next version of a policy; false when `after` is not the newest any more.
pub(super) async fn add(
    tx: &mut TenantTx,
    draft: &Draft,
    after: i32,
    by: UserId,
    approval: Option<ApprovalId>,
) -> Result<bool> {
    let workspace = tx.workspace().0;
    let thresholds = serde_json::to_value(draft.thresholds).map_err(Error::internal)?;
    let rules = serde_json::to_value(&draft.rules).map_err(Error::internal)?;
    let handling = serde_json::to_value(&draft.handling).map_err(Error::internal)?;
    let done = sqlx::query!(
        "INSERT INTO approval_policies (workspace_id, tool, version, thresholds, rules, created_by, approval_id, handling)
         SELECT $1, $2, $3 + 1, $4, $5, $6, $7, $8
         WHERE $3 = (SELECT COALESCE(max(version), 0) FROM approval_policies WHERE workspace_id = $1 AND tool = $2)
         ON CONFLICT DO NOTHING",
        workspace,
        draft.tool,
        after,
        thresholds,
        rules,
        by.0,
        approval.map(|id| id.0),
        handling,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A proposal of an agent, as it was routed and as it ended.
pub(super) struct Past {
    pub(super) fields: Map<String, Value>,
    pub(super) reversible: bool,
    pub(super) estimate: Estimate,
    pub(super) was_auto: bool,
    /// What people said in the end; `None` if nobody did.
    pub(super) agreed: Option<bool>,
}

/// What agents proposed in the last 90 days, the newest first.
pub(super) async fn past(tx: &mut TenantTx, tool: &str, limit: i64) -> Result<Vec<Past>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT i.fields, i.reversibility, i.probability, i.at_least, i.decisions, i.in_band, i.review, i.status, o.agreed AS "agreed?"
           FROM approval_items i
           LEFT JOIN calibration_observations o ON o.workspace_id = i.workspace_id AND o.approval_id = i.id
           WHERE i.workspace_id = $1 AND ($2 = '*' OR i.tool = $2) AND i.proposer_kind = 'agent' AND i.created_at > now() - interval '90 days'
           ORDER BY i.created_at DESC LIMIT $3"#,
        workspace,
        tool,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let of = |value: Value| if let Value::Object(map) = value { map } else { Map::new() };
    Ok(rows
        .into_iter()
        .map(|r| Past {
            fields: of(r.fields),
            reversible: r.reversibility == "reversible",
            estimate: Estimate {
                probability: r.probability.unwrap_or(0.0),
                at_least: r.at_least.unwrap_or(0.0),
                decisions: u32::try_from(r.decisions).unwrap_or(0),
                in_band: u32::try_from(r.in_band).unwrap_or(0),
            },
            was_auto: r.review == "auto" || r.status == "auto_approved",
            agreed: r.agreed.or_else(|| (r.status == "rejected").then_some(false)),
        })
        .collect())
}
