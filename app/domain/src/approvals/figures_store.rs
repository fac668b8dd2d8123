//! SQL of the home page's figures. Days begin at midnight in the workspace's time zone.

use super::figures::Day;
use crate::{Result, db::TenantTx};

/// The decisions in numbers.
pub(super) struct Totals {
    pub(super) decided_today: i64,
    pub(super) decided: i64,
    pub(super) auto_approved: i64,
    pub(super) median_seconds: Option<i64>,
}

/// What was decided in the last `days` days.
pub(super) async fn totals(tx: &mut TenantTx, days: i32) -> Result<Totals> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"WITH here AS (SELECT timezone FROM workspaces WHERE id = $1),
           decided AS (
             SELECT status, created_at, decided_at FROM approval_items
             WHERE workspace_id = $1 AND decided_at > now() - make_interval(days => $2)
               AND status IN ('approved', 'auto_approved', 'rejected', 'timed_out'))
           SELECT
             count(*) FILTER (WHERE (decided_at AT TIME ZONE here.timezone)::date = (now() AT TIME ZONE here.timezone)::date) AS "decided_today!",
             count(*) FILTER (WHERE decided_at IS NOT NULL) AS "decided!",
             count(*) FILTER (WHERE status = 'auto_approved') AS "auto_approved!",
             (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - created_at)::float8)
               FILTER (WHERE status IN ('approved', 'rejected')))::bigint AS median_seconds
           FROM here LEFT JOIN decided ON true"#,
        workspace,
        days,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Totals {
        decided_today: row.decided_today,
        decided: row.decided,
        auto_approved: row.auto_approved,
        median_seconds: row.median_seconds,
    })
}

/// The last `days` days by outcome, oldest first, those without a decision included.
pub(super) async fn days(tx: &mut TenantTx, days: i32) -> Result<Vec<Day>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Day,
        r#"WITH here AS (SELECT timezone, (now() AT TIME ZONE timezone)::date AS today FROM workspaces WHERE id = $1),
           decided AS (
             SELECT (i.decided_at AT TIME ZONE here.timezone)::date AS day, i.status FROM here, approval_items i
             WHERE i.workspace_id = $1 AND i.decided_at > now() - make_interval(days => $2 + 1))
           SELECT to_char(here.today - back, 'YYYY-MM-DD') AS "date!",
                  count(*) FILTER (WHERE status = 'approved') AS "approved!",
                  count(*) FILTER (WHERE status = 'auto_approved') AS "auto_approved!",
                  count(*) FILTER (WHERE status = 'rejected') AS "rejected!",
                  count(*) FILTER (WHERE status IN ('timed_out', 'cancelled', 'superseded')) AS "ended!"
           FROM here CROSS JOIN generate_series(0, $2 - 1) AS back LEFT JOIN decided ON decided.day = here.today - back
           GROUP BY here.today, back ORDER BY back DESC"#,
        workspace,
        days,
    )
    .fetch_all(tx.conn())
    .await?)
}
