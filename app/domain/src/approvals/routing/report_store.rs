//! SQL of the report.

use super::{
    Cell, Tally,
    report::{BINS, Bin},
};
use crate::{Result, Timestamp, approvals::calibration_store::counts, db::TenantTx};

/// A cell with its names.
pub(super) struct Found {
    pub(super) tool: String,
    pub(super) agent: Option<String>,
    pub(super) setup: String,
    pub(super) cell: Cell,
    pub(super) since: Timestamp,
}

/// Cells, those with the most decisions first.
pub(super) async fn cells(tx: &mut TenantTx) -> Result<Vec<Found>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT c.tool, a.name AS "agent?", c.setup, c.agreed, c.disagreed, c.watch, c.began_at
           FROM calibration c LEFT JOIN agents a ON a.workspace_id = c.workspace_id AND a.id = c.agent_id
           WHERE c.workspace_id = $1
           ORDER BY (SELECT sum(n) FROM unnest(c.agreed || c.disagreed) n) DESC, c.updated_at DESC LIMIT 200"#,
        workspace,
    )
    .fetch_all(tx.conn())
    .await?;
    let found = rows.into_iter().map(|r| Found {
        tool: r.tool,
        agent: r.agent,
        setup: r.setup,
        cell: Cell { agreed: counts(&r.agreed), disagreed: counts(&r.disagreed), watch: r.watch },
        since: Timestamp(r.began_at),
    });
    Ok(found.collect())
}

/// What people said about all agents, per tool.
pub(super) async fn tallies(tx: &mut TenantTx) -> Result<Vec<(String, Tally)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT tool, sum((SELECT sum(n) FROM unnest(agreed) n))::bigint AS "agreed!", sum((SELECT sum(n) FROM unnest(disagreed) n))::bigint AS "disagreed!"
           FROM calibration WHERE workspace_id = $1 GROUP BY tool"#,
        workspace,
    )
    .fetch_all(tx.conn())
    .await?;
    let of = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(rows.into_iter().map(|r| (r.tool, Tally { agreed: of(r.agreed), disagreed: of(r.disagreed) })).collect())
}

/// The bins of the curve, from the lowest prediction, and the sum of all squared distances.
pub(super) async fn bins(tx: &mut TenantTx) -> Result<(Vec<Bin>, f64)> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT LEAST(floor(predicted * 10), 9)::int AS "bin!", count(*) AS "count!", avg(predicted) AS "predicted!",
                  avg(agreed::int)::double precision AS "agreed!", sum((predicted - agreed::int) ^ 2) AS "squares!"
           FROM calibration_observations WHERE workspace_id = $1 AND observed_at > now() - interval '90 days' GROUP BY 1"#,
        workspace,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut bins = vec![Bin::default(); BINS];
    let squares = rows.iter().map(|r| r.squares).sum();
    for r in rows {
        if let Some(bin) = usize::try_from(r.bin).ok().and_then(|at| bins.get_mut(at)) {
            *bin = Bin { count: r.count, predicted: r.predicted, agreed: r.agreed };
        }
    }
    Ok((bins, squares))
}
