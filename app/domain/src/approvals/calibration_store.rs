//! SQL of calibration.

use uuid::Uuid;

use super::routing::{BANDS, Cell, Size, Tally};
use crate::{Result, db::TenantTx, ids::ApprovalId};

/// How many proposals of a sort say what is usual.
const RECENT: i64 = 400;

/// What people said about a sort of action lately, whoever proposed it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Known {
    pub(super) agreed: u32,
    pub(super) disagreed: u32,
    usual: Option<f64>,
    most: Option<f64>,
}

impl Known {
    /// One more of this sort beside those that people agreed with.
    pub(super) fn beside(&self, size: f64) -> Size {
        Size { size, usual: self.usual, most: self.most, of: self.agreed }
    }
}

fn count(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

pub(super) fn counts(stored: &[i32]) -> [u32; BANDS] {
    std::array::from_fn(|band| stored.get(band).map_or(0, |n| u32::try_from(*n).unwrap_or(0)))
}

fn stored(counts: [u32; BANDS]) -> Vec<i32> {
    counts.iter().map(|n| i32::try_from(*n).unwrap_or(i32::MAX)).collect()
}

/// What people said about an agent's actions of one tool, and about everybody's.
pub(super) async fn cell(tx: &mut TenantTx, tool: &str, agent: Uuid, setup: &str) -> Result<(Cell, Tally)> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT agreed, disagreed, watch, agent_id = $3 AND setup = $4 AS "own!" FROM calibration WHERE workspace_id = $1 AND tool = $2"#,
        workspace,
        tool,
        agent,
        setup,
    )
    .fetch_all(tx.conn())
    .await?;
    let (mut cell, mut all) = (Cell::default(), Tally::default());
    for row in rows {
        let one = Cell { agreed: counts(&row.agreed), disagreed: counts(&row.disagreed), watch: row.watch };
        all.agreed += one.total().agreed;
        all.disagreed += one.total().disagreed;
        if row.own {
            cell = one;
        }
    }
    Ok((cell, all))
}

/// What people said lately about actions of a sort.
pub(super) async fn sort(tx: &mut TenantTx, tool: &str, sort: &str) -> Result<Known> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE agreed) AS "agreed!", count(*) FILTER (WHERE NOT agreed) AS "disagreed!",
                  percentile_disc(0.9) WITHIN GROUP (ORDER BY size) FILTER (WHERE agreed) AS usual, max(size) FILTER (WHERE agreed) AS most
           FROM (SELECT agreed, size FROM calibration_observations
                 WHERE workspace_id = $1 AND tool = $2 AND sort = $3 ORDER BY observed_at DESC LIMIT $4) lately"#,
        workspace,
        tool,
        sort,
        RECENT,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Known { agreed: count(row.agreed), disagreed: count(row.disagreed), usual: row.usual, most: row.most })
}

/// What a proposal teaches once somebody has said something about it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Lesson {
    pub(super) approval: ApprovalId,
    pub(super) tool: String,
    pub(super) agent: Uuid,
    pub(super) setup: String,
    pub(super) band: usize,
    /// How probable agreement seemed, 0 to 1.
    pub(super) predicted: f64,
    pub(super) sort: String,
    pub(super) size: f64,
}

/// Notes what a person said; false when somebody said something about this proposal before.
pub(super) async fn observe(tx: &mut TenantTx, lesson: &Lesson, agreed: bool, source: &str) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "INSERT INTO calibration_observations (workspace_id, approval_id, tool, agent_id, setup, band, predicted, agreed, source, sort, size)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        workspace,
        lesson.approval.0,
        lesson.tool,
        lesson.agent,
        lesson.setup,
        i16::try_from(lesson.band).unwrap_or(0),
        lesson.predicted,
        agreed,
        source,
        lesson.sort,
        lesson.size,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets what a person said about a proposal; answers what it was.
pub(super) async fn forget(tx: &mut TenantTx, approval: ApprovalId) -> Result<Option<bool>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        "DELETE FROM calibration_observations WHERE workspace_id = $1 AND approval_id = $2 RETURNING agreed",
        workspace,
        approval.0,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A cell, locked until the transaction ends; made if there is none.
pub(super) async fn lock(tx: &mut TenantTx, lesson: &Lesson) -> Result<Cell> {
    let workspace = tx.workspace().0;
    let none = stored([0; BANDS]);
    sqlx::query!(
        "INSERT INTO calibration (workspace_id, tool, agent_id, setup, agreed, disagreed, watch) VALUES ($1, $2, $3, $4, $5, $5, 1)
         ON CONFLICT DO NOTHING",
        workspace,
        lesson.tool,
        lesson.agent,
        lesson.setup,
        &none,
    )
    .execute(tx.conn())
    .await?;
    let row = sqlx::query!(
        "SELECT agreed, disagreed, watch FROM calibration WHERE workspace_id = $1 AND tool = $2 AND agent_id = $3 AND setup = $4 FOR UPDATE",
        workspace,
        lesson.tool,
        lesson.agent,
        lesson.setup,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Cell { agreed: counts(&row.agreed), disagreed: counts(&row.disagreed), watch: row.watch })
}

/// Stores a locked cell; `anew` when it began again.
pub(super) async fn keep(tx: &mut TenantTx, lesson: &Lesson, cell: &Cell, anew: bool) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE calibration SET agreed = $5, disagreed = $6, watch = $7, updated_at = now(),
                began_at = CASE WHEN $8 THEN now() ELSE began_at END
         WHERE workspace_id = $1 AND tool = $2 AND agent_id = $3 AND setup = $4",
        workspace,
        lesson.tool,
        lesson.agent,
        lesson.setup,
        &stored(cell.agreed),
        &stored(cell.disagreed),
        cell.watch,
        anew,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
