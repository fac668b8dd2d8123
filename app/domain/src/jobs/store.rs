//! SQL of jobs, which the library keeps.

use crate::{Result, db::SystemTx};

/// Removes what was replaced and is in nobody's hands.
pub(super) async fn clean(tx: &mut SystemTx) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM jobs._private_jobs AS job USING jobs._private_job_retirements AS retired
         WHERE retired.id = job.id AND job.locked_at IS NULL",
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
