//! SQL of runs, as others see and change them; whoever drives a run has `driver_store.rs`.

use serde_json::Value;
use uuid::Uuid;

use super::{
    Run, RunEvent, RunFailure, RunStatus, Step,
    driver_store::columns,
    images::{RunImage, TOLD, TOLD_BYTES},
    service::RunFilter,
};
use crate::{
    Error, PageRequest, Result, Timestamp,
    actor::SOMEBODY_GONE,
    db::TenantTx,
    ids::{AgentId, AgentSessionId, ApprovalId, RunId, UserId},
    providers::{ImageType, Usage},
};

fn status(word: &str) -> Result<RunStatus> {
    RunStatus::parse(word).ok_or_else(|| Error::internal(format!("unknown run status {word}")))
}

/// A new run.
pub(super) struct NewRow<'a> {
    pub(super) id: RunId,
    pub(super) agent: AgentId,
    pub(super) session: AgentSessionId,
    /// The conversation begins with this run.
    pub(super) new_session: bool,
    pub(super) title: &'a str,
    pub(super) requester: UserId,
    pub(super) input: &'a str,
    /// The form that its answer shall have.
    pub(super) output_schema: Option<&'a Value>,
    /// Claimed at once by this node until then; else anyone claims it.
    pub(super) lease: Option<(Uuid, Timestamp)>,
    /// The run's first events, where they are known already.
    pub(super) events: &'a [RunEvent],
}

/// Adds a run with its first events, and its conversation where that is new, in one statement; answers whether a budget limits it.
pub(super) async fn insert_run(tx: &mut TenantTx, row: &NewRow<'_>) -> Result<bool> {
    let workspace = tx.workspace().0;
    let (indexes, names, data) = columns(row.events);
    Ok(sqlx::query_scalar!(
        r#"WITH talk AS (
           INSERT INTO agent_sessions (workspace_id, id, agent_id, user_id, title) SELECT $1, $3, $4, $5, $6 WHERE $7
           RETURNING id),
         touched AS (
           UPDATE agent_sessions SET updated_at = now() WHERE workspace_id = $1 AND id = $3 AND NOT $7 RETURNING id),
         run AS (
           INSERT INTO runs (workspace_id, id, agent_id, session_id, requester_id, status, input, lease_owner, lease_until, attempt, next_event_index, output_schema)
           SELECT $1, $2, $4, $3, $5, CASE WHEN $9::uuid IS NULL THEN 'PENDING' ELSE 'RUNNING' END, $8, $9, $10,
                  CASE WHEN $9::uuid IS NULL THEN 0 ELSE 1 END, cardinality($11::int[]), $15::jsonb
           FROM (SELECT id FROM talk UNION ALL SELECT id FROM touched) s RETURNING id),
         told AS (
           INSERT INTO run_events (workspace_id, run_id, index, name, data, created_at)
           SELECT $1, run.id, e.index, e.name, e.data, $14
           FROM run, unnest($11::int[], $12::text[], $13::jsonb[]) AS e (index, name, data))
         SELECT budget_limits($4, $5) AS "limited!""#,
        workspace,
        row.id.0,
        row.session.0,
        row.agent.0,
        row.requester.0,
        row.title,
        row.new_session,
        row.input,
        row.lease.map(|(node, _)| node),
        row.lease.map(|(_, until)| until.0),
        &indexes,
        &names,
        &data,
        row.events.first().map_or_else(Timestamp::now, |e| e.created_at).0,
        row.output_schema.cloned(),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Adds the images of a run, which is there.
pub(super) async fn insert_images(tx: &mut TenantTx, run: RunId, images: &[RunImage]) -> Result<()> {
    let workspace = tx.workspace().0;
    for (image, position) in images.iter().zip(0..) {
        sqlx::query!(
            "INSERT INTO run_images (workspace_id, run_id, position, kind, bytes) VALUES ($1, $2, $3, $4, $5)",
            workspace,
            run.0,
            position,
            image.kind.as_str(),
            image.bytes.as_slice(),
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// One image of a run.
pub(super) async fn image(tx: &mut TenantTx, run: RunId, position: i32) -> Result<Option<RunImage>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        "SELECT kind, bytes FROM run_images WHERE workspace_id = $1 AND run_id = $2 AND position = $3",
        workspace,
        run.0,
        position,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| Ok(RunImage { kind: image_type(&r.kind)?, bytes: r.bytes })).transpose()
}

/// The images of some runs, in order; nothing in place of those that are too far back to be told of.
pub(super) async fn images(tx: &mut TenantTx, runs: &[Uuid]) -> Result<Vec<(RunId, Option<RunImage>)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT run_id AS "run_id!", kind AS "kind!", CASE WHEN n <= $3 AND total <= $4 THEN bytes END AS "bytes?"
           FROM (
             SELECT i.run_id, i.position, i.kind, i.bytes, row_number() OVER newest AS n, sum(length(i.bytes)) OVER newest AS total
             FROM run_images i JOIN runs r ON r.workspace_id = i.workspace_id AND r.id = i.run_id
             WHERE i.workspace_id = $1 AND i.run_id = ANY ($2)
             WINDOW newest AS (ORDER BY r.created_at DESC, r.id DESC, i.position)) sent
           ORDER BY run_id, position"#,
        workspace,
        runs,
        TOLD,
        TOLD_BYTES,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let kind = image_type(&r.kind)?;
            Ok((RunId(r.run_id), r.bytes.map(|bytes| RunImage { kind, bytes })))
        })
        .collect()
}

fn image_type(word: &str) -> Result<ImageType> {
    [ImageType::Png, ImageType::Jpeg, ImageType::Webp, ImageType::Gif]
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| Error::internal(format!("unknown kind of an image: {word}")))
}

/// The steps of some runs, in order.
pub(super) async fn steps(tx: &mut TenantTx, runs: &[Uuid]) -> Result<Vec<(RunId, Step)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT run_id, position, state, approval_id, content, created_at, ended_at, making FROM run_steps
         WHERE workspace_id = $1 AND run_id = ANY ($2) ORDER BY run_id, position",
        workspace,
        runs,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let step = Step {
                position: r.position,
                content: serde_json::from_value(r.content).map_err(Error::internal)?,
                waiting: r.state == "waiting",
                approval_id: r.approval_id.map(ApprovalId),
                created_at: Timestamp(r.created_at),
                ended_at: r.ended_at.map(Timestamp),
                making: r.making.map(serde_json::from_value).transpose().map_err(Error::internal)?,
            };
            Ok((RunId(r.run_id), step))
        })
        .collect()
}

/// The runs of a conversation up to and including one, oldest first: id, message, and whether images came with it.
pub(super) async fn inputs(
    tx: &mut TenantTx,
    session: AgentSessionId,
    until: RunId,
    limit: i64,
) -> Result<Vec<(RunId, String, bool)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT id, input, EXISTS (SELECT 1 FROM run_images i WHERE i.workspace_id = $1 AND i.run_id = latest.id) AS "has_images!" FROM (
           SELECT id, input, created_at FROM runs
           WHERE workspace_id = $1 AND session_id = $2 AND created_at <= (SELECT created_at FROM runs WHERE workspace_id = $1 AND id = $3)
           ORDER BY created_at DESC, id DESC LIMIT $4) latest
         ORDER BY created_at, id"#,
        workspace,
        session.0,
        until.0,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (RunId(r.id), r.input, r.has_images)).collect())
}

/// A run locked until the transaction ends: whoever changes its steps or status from outside takes this first.
pub(super) struct LockedRun {
    pub(super) status: RunStatus,
}

/// Locks a run.
pub(super) async fn lock(tx: &mut TenantTx, run: RunId) -> Result<Option<LockedRun>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!("SELECT status FROM runs WHERE workspace_id = $1 AND id = $2 FOR UPDATE", workspace, run.0,)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|r| Ok(LockedRun { status: status(&r.status)? })).transpose()
}

/// How many steps of a run wait for a person.
pub(super) async fn waiting(tx: &mut TenantTx, run: RunId) -> Result<i64> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM run_steps WHERE workspace_id = $1 AND run_id = $2 AND state = 'waiting'"#,
        workspace,
        run.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Moves a run that this node gives up, or that nobody drives, to a status, without a lease.
pub(super) async fn set_status(tx: &mut TenantTx, run: RunId, to: RunStatus) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE runs SET status = $3, lease_owner = NULL, lease_until = NULL, ended_at = CASE WHEN $4 THEN now() END WHERE workspace_id = $1 AND id = $2",
        workspace,
        run.0,
        to.as_str(),
        to.is_final(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks whoever drives the run to cancel it.
pub(super) async fn request_cancel(tx: &mut TenantTx, run: RunId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!("UPDATE runs SET cancel_requested = true WHERE workspace_id = $1 AND id = $2", workspace, run.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The same for all runs of a person that somebody drives. Answers which.
pub(super) async fn request_cancel_of(tx: &mut TenantTx, requester: UserId) -> Result<Vec<RunId>> {
    let workspace = tx.workspace().0;
    let runs = sqlx::query_scalar!(
        "UPDATE runs SET cancel_requested = true WHERE workspace_id = $1 AND requester_id = $2 AND status = 'RUNNING' RETURNING id",
        workspace,
        requester.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(runs.into_iter().map(RunId).collect())
}

/// Writes why a run failed.
pub(super) async fn set_error(tx: &mut TenantTx, run: RunId, error: Option<&RunFailure>) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE runs SET error = $3 WHERE workspace_id = $1 AND id = $2",
        workspace,
        run.0,
        error.map(serde_json::to_value).transpose().map_err(Error::internal)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Events of a run from an index on.
pub(super) async fn events(tx: &mut TenantTx, run: RunId, from: i32, limit: i64) -> Result<Vec<RunEvent>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT index, name, data, created_at FROM run_events WHERE workspace_id = $1 AND run_id = $2 AND index >= $3 ORDER BY index LIMIT $4",
        workspace,
        run.0,
        from,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| RunEvent { index: r.index, name: r.name, data: r.data, created_at: Timestamp(r.created_at) })
        .collect())
}

/// The calls of a run whose answers have been told to its followers.
pub(super) async fn reported_calls(tx: &mut TenantTx, run: RunId) -> Result<Vec<String>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query_scalar!(
        "SELECT data->'tool'->>'tool_call_id' FROM run_events WHERE workspace_id = $1 AND run_id = $2 AND name IN ('ToolCallCompleted', 'ToolCallError')",
        workspace,
        run.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().flatten().collect())
}

/// What was told of the run's newest model request, where that was begun and not ended: its words so far do not count. One for which
/// somebody else was asked has ended.
pub(super) async fn broken_request(tx: &mut TenantTx, run: RunId) -> Result<Option<Value>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        "SELECT data FROM (
           SELECT name, data FROM run_events
           WHERE workspace_id = $1 AND run_id = $2 AND (name IN ('ModelRequestStarted', 'ModelRequestCompleted')
             OR (name = 'CustomEvent' AND data->>'type' = 'provider_fallback'))
           ORDER BY index DESC LIMIT 1) newest
         WHERE name = 'ModelRequestStarted'",
        workspace,
        run.0,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A page of runs, newest first, and how many match. `only` names a single one.
pub(super) async fn runs(
    tx: &mut TenantTx,
    filter: RunFilter,
    only: Option<RunId>,
    page: PageRequest,
) -> Result<(Vec<Run>, i64)> {
    let workspace = tx.workspace().0;
    let wanted = filter.status.map(RunStatus::as_str);
    let rows = sqlx::query!(
        r#"SELECT r.id, r.agent_id, a.name AS agent, r.session_id, r.requester_id, COALESCE(u.name, $8) AS "requester!", r.status, r.input, r.output, r.output_schema IS NOT NULL AS "structured!", r.error,
                  r.provider, r.model, r.input_tokens, r.output_tokens, r.reasoning_tokens, r.cached_tokens, r.cache_write_tokens, r.cost_micros, r.attempt, r.created_at, r.ended_at,
                  (SELECT count(*) FROM run_images i WHERE i.workspace_id = r.workspace_id AND i.run_id = r.id) AS "images!",
                  count(*) OVER () AS "total!"
           FROM runs r
           JOIN agents a ON a.workspace_id = r.workspace_id AND a.id = r.agent_id
           LEFT JOIN users u ON u.id = r.requester_id
           WHERE r.workspace_id = $1 AND ($2::uuid IS NULL OR r.agent_id = $2) AND ($3::uuid IS NULL OR r.session_id = $3)
             AND ($4::text IS NULL OR r.status = $4) AND ($5::uuid IS NULL OR r.id = $5)
           ORDER BY r.created_at DESC, r.id DESC LIMIT $6 OFFSET $7"#,
        workspace,
        filter.agent.map(|a| a.0),
        filter.session.map(|s| s.0),
        wanted,
        only.map(|r| r.0),
        page.size,
        page.offset(),
        SOMEBODY_GONE,
    )
    .fetch_all(tx.conn())
    .await?;
    let total = rows.first().map_or(0, |r| r.total);
    let runs = rows
        .into_iter()
        .map(|r| {
            Ok(Run {
                id: RunId(r.id),
                agent_id: AgentId(r.agent_id),
                agent: r.agent,
                session_id: AgentSessionId(r.session_id),
                requester_id: UserId(r.requester_id),
                requester: r.requester,
                status: status(&r.status)?,
                input: r.input,
                images: r.images,
                output: r.output,
                structured: r.structured,
                error: r.error.map(serde_json::from_value).transpose().map_err(Error::internal)?,
                provider: r.provider,
                model: r.model,
                usage: Usage {
                    input: r.input_tokens as u64,
                    output: r.output_tokens as u64,
                    reasoning: r.reasoning_tokens as u64,
                    cache_read: r.cached_tokens as u64,
                    cache_write: r.cache_write_tokens as u64,
                    cost_micros: r.cost_micros.map(|micros| micros as u64),
                },
                attempt: r.attempt,
                created_at: Timestamp(r.created_at),
                ended_at: r.ended_at.map(Timestamp),
            })
        })
        .collect::<Result<_>>()?;
    Ok((runs, total))
}
