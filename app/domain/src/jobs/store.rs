//! SQL of jobs, which the library keeps.

use std::time::Duration;

use super::{Counts, Failed, Recurs, Worker};
use crate::{Result, Timestamp, db::SystemTx};

/// Each kind, with how many there are in which state. Those that others have replaced do not count.
pub(super) async fn kinds(tx: &mut SystemTx) -> Result<Vec<Counts>> {
    let rows = sqlx::query!(
        r#"WITH job AS (
             SELECT task_id, run_at, CASE WHEN locked_at IS NOT NULL THEN 'running' WHEN attempts > 0 AND last_error IS NOT NULL THEN 'failed'
                                          WHEN run_at <= now() THEN 'due' ELSE 'waiting' END AS state
             FROM jobs._private_jobs one WHERE NOT EXISTS (SELECT 1 FROM jobs._private_job_retirements r WHERE r.id = one.id))
           SELECT task.identifier AS "kind!", count(*) FILTER (WHERE state = 'waiting') AS "waiting!", count(*) FILTER (WHERE state = 'due') AS "due!",
                  count(*) FILTER (WHERE state = 'running') AS "running!", count(*) FILTER (WHERE state = 'failed') AS "failed!",
                  min(run_at) FILTER (WHERE state = 'due') AS oldest
           FROM jobs._private_tasks task LEFT JOIN job ON job.task_id = task.id GROUP BY task.identifier ORDER BY task.identifier"#,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Counts {
            kind: r.kind,
            waiting: r.waiting,
            due: r.due,
            running: r.running,
            failed: r.failed,
            oldest_due_at: r.oldest.map(Timestamp),
        })
        .collect())
}

/// What failed, the latest first; or one of them. When it did is what the library's pause until the next try is counted from: e to
/// the number of tries in seconds, ten tries at most (`fail_job`).
pub(super) async fn failed(tx: &mut SystemTx, only: Option<i64>, limit: i64) -> Result<Vec<Failed>> {
    let rows = sqlx::query!(
        r#"SELECT job.id, task.identifier AS "kind!", job.payload ->> 'workspace' AS workspace, job.payload ->> 'id' AS about, job.attempts,
                  job.last_error AS "error!", job.run_at - exp(least(job.attempts, 10)) * interval '1 second' AS "at!",
                  CASE WHEN job.is_available THEN job.run_at END AS next
           FROM jobs._private_jobs job JOIN jobs._private_tasks task ON task.id = job.task_id
           WHERE job.locked_at IS NULL AND job.attempts > 0 AND job.last_error IS NOT NULL AND ($1::bigint IS NULL OR job.id = $1)
             AND NOT EXISTS (SELECT 1 FROM jobs._private_job_retirements r WHERE r.id = job.id)
           ORDER BY 7 DESC LIMIT $2"#,
        only,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Failed {
            id: r.id,
            kind: r.kind,
            workspace_id: r.workspace,
            about_id: r.about,
            tries: r.attempts,
            error: said(&r.error),
            failed_at: Timestamp(r.at),
            next_try_at: r.next.map(Timestamp),
        })
        .collect())
}

/// Locks one that failed; answers its kind.
pub(super) async fn lock_failed(tx: &mut SystemTx, id: i64) -> Result<Option<String>> {
    let found = sqlx::query_scalar!(
        r#"SELECT task.identifier AS "kind!" FROM jobs._private_jobs job JOIN jobs._private_tasks task ON task.id = job.task_id
         WHERE job.id = $1 AND job.locked_at IS NULL AND job.attempts > 0 AND job.last_error IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM jobs._private_job_retirements r WHERE r.id = job.id)
         FOR UPDATE OF job"#,
        id,
    );
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// Lets one be worked on now, as if it had not been tried; whether it is there and nobody works on it.
pub(super) async fn run(tx: &mut SystemTx, id: i64) -> Result<bool> {
    let done = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM jobs.reschedule_jobs(ARRAY[$1::bigint], run_at => now(), attempts => 0)"#,
        id,
    );
    Ok(done.fetch_one(tx.conn()).await? == 1)
}

/// Removes one; whether it was there and nobody worked on it.
pub(super) async fn remove(tx: &mut SystemTx, id: i64) -> Result<bool> {
    let done = sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM jobs.complete_jobs(ARRAY[$1::bigint])"#, id);
    Ok(done.fetch_one(tx.conn()).await? == 1)
}

/// What recurs, and when it was added last.
pub(super) async fn recurring(tx: &mut SystemTx) -> Result<Vec<Recurs>> {
    let rows = sqlx::query!(
        "SELECT identifier AS kind, last_execution AS last FROM jobs._private_known_crontabs ORDER BY identifier"
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| Recurs { kind: r.kind, last_at: r.last.map(Timestamp) }).collect())
}

/// Who works on jobs, and whether it has been heard of within so long.
pub(super) async fn workers(tx: &mut SystemTx, silence: Duration) -> Result<Vec<Worker>> {
    let rows = sqlx::query!(
        r#"SELECT id, metadata ->> 'pid' AS process, started_at, last_heartbeat_at AS seen,
                  last_heartbeat_at > now() - make_interval(secs => $1) AS "alive!"
           FROM jobs._private_workers ORDER BY started_at, id"#,
        silence.as_secs_f64(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Worker {
            id: r.id,
            process: r.process,
            started_at: Timestamp(r.started_at),
            seen_at: Timestamp(r.seen),
            alive: r.alive,
        })
        .collect())
}

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

/// Opens queues in which nobody works: a job that two nodes had in hand, one of which was taken for dead, leaves its queue to whoever
/// has nothing there any more (`complete_job` looks at the job's number only).
pub(super) async fn open_queues(tx: &mut SystemTx) -> Result<u64> {
    let done = sqlx::query!(
        "UPDATE jobs._private_job_queues AS queue SET locked_by = NULL, locked_at = NULL
         WHERE queue.locked_at < now() - interval '1 minute' AND NOT EXISTS (
           SELECT 1 FROM jobs._private_jobs AS job WHERE job.job_queue_id = queue.id AND job.locked_at IS NOT NULL)",
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// The sentence inside of what the library writes down: `TaskError("…")`.
fn said(error: &str) -> String {
    let inside = error.strip_prefix("TaskError(\"").and_then(|rest| rest.strip_suffix("\")"));
    inside.unwrap_or(error).replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn an_error_is_shown_without_what_the_library_puts_around_it() {
        assert_eq!(
            said("TaskError(\"UNAVAILABLE: The \\\"database\\\" is away.\")"),
            "UNAVAILABLE: The \"database\" is away."
        );
        assert_eq!(said("TaskPanic(\"x\")"), "TaskPanic(\"x\")");
    }
}
