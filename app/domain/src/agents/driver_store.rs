//! SQL of whoever drives a run: claiming it, and storing what it does under the fence of its claim. Each claim of a run has a
//! number, `runs.attempt`: a server that has claimed a run anew is another driver than the one that it was before.

use serde_json::Value;
use uuid::Uuid;

use super::{Making, RunEvent, RunStatus, StepContent};
use crate::{
    Error, Result, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{AgentId, AgentSessionId, ApprovalId, RunId, UserId, WorkspaceId},
    usage::ledger::Entry,
};

/// An event before it has an index.
#[derive(Clone, Debug)]
pub(super) struct EventDraft {
    pub(super) name: &'static str,
    pub(super) data: Value,
}

impl EventDraft {
    pub(super) fn new(name: &'static str, data: Value) -> Self {
        Self { name, data }
    }
}

/// Gives drafts their indexes from `first`, and their time.
pub(super) fn number(first: i32, drafts: Vec<EventDraft>) -> Vec<RunEvent> {
    let created_at = Timestamp::now();
    drafts
        .into_iter()
        .zip(first..)
        .map(|(d, index)| RunEvent { index, name: d.name.to_owned(), data: d.data, created_at })
        .collect()
}

/// Events as columns, for `unnest`.
pub(super) fn columns(events: &[RunEvent]) -> (Vec<i32>, Vec<String>, Vec<Value>) {
    let indexes = events.iter().map(|e| e.index).collect();
    let names = events.iter().map(|e| e.name.clone()).collect();
    let data = events.iter().map(|e| e.data.clone()).collect();
    (indexes, names, data)
}

/// What a driver stores at once: events, and with them a step, what the run has come to, and where it stands.
#[derive(Clone, Copy, Default)]
pub(super) struct Write<'a> {
    /// The first one's index is where the run's events end so far.
    pub(super) events: &'a [RunEvent],
    pub(super) step: Option<NewStep<'a>>,
    /// The answer, or the part of it that came.
    pub(super) output: Option<&'a str>,
    /// A model call that ended.
    pub(super) call: Option<&'a Entry>,
    /// The driver gives the run up, in this status.
    pub(super) leaves: Option<RunStatus>,
}

/// A step to be stored.
#[derive(Clone, Copy)]
pub(super) struct NewStep<'a> {
    pub(super) position: i32,
    pub(super) content: &'a StepContent,
    pub(super) approval: Option<ApprovalId>,
    /// How an answer was made, where that matters to its provider.
    pub(super) making: Option<&'a Making>,
}

/// What came of a [`Write`].
#[derive(Clone, Copy)]
pub(super) struct Written {
    /// False when somebody else has claimed the run: then nothing is stored.
    pub(super) kept: bool,
    /// The ledger has the call.
    pub(super) billed: bool,
    /// A budget limits what the run spends.
    pub(super) limited: bool,
}

/// Stores it in one statement, with the claim's number as a fence, and renews the lease.
pub(super) async fn write(
    tx: &mut TenantTx,
    run: RunId,
    attempt: i32,
    until: Timestamp,
    what: Write<'_>,
) -> Result<Written> {
    let workspace = tx.workspace().0;
    let (indexes, names, data) = columns(what.events);
    let step = what.step.map(|s| (s, columns_of(s.content)));
    let usage = what.call.map(Entry::usage).unwrap_or_default();
    Ok(sqlx::query_as!(
        Written,
        r#"WITH fence AS (
             UPDATE runs SET next_event_index = next_event_index + cardinality($6::int[]),
                    lease_owner = CASE WHEN $10::text IS NULL THEN lease_owner END,
                    lease_until = CASE WHEN $10::text IS NULL THEN $4::timestamptz END,
                    status = COALESCE($10, status),
                    ended_at = CASE WHEN $11 THEN now() END,
                    output = COALESCE($12, output), provider = COALESCE($13, provider), model = COALESCE($14, model),
                    input_tokens = input_tokens + $15, output_tokens = output_tokens + $16,
                    reasoning_tokens = reasoning_tokens + $17, cached_tokens = cached_tokens + $18,
                    cache_write_tokens = cache_write_tokens + $25,
                    -- Of a run with a call whose price nobody knows, nobody knows what it cost.
                    cost_micros = CASE WHEN $28::jsonb IS NULL THEN cost_micros WHEN model IS NULL THEN $26 ELSE cost_micros + $26 END
             WHERE workspace_id = $1 AND id = $2 AND attempt = $3 AND status = 'RUNNING'
               AND ($5::int IS NULL OR next_event_index = $5) RETURNING id, agent_id, requester_id),
           told AS (
             INSERT INTO run_events (workspace_id, run_id, index, name, data, created_at)
             SELECT $1, fence.id, e.index, e.name, e.data, $9
             FROM fence, unnest($6::int[], $7::text[], $8::jsonb[]) AS e (index, name, data)),
           achieved AS (
             INSERT INTO run_steps (workspace_id, run_id, position, kind, state, tool_call_id, approval_id, content, making, ended_at)
             SELECT $1, fence.id, $19, $20, $21, $22, $23, $24, $27, CASE WHEN $21 = 'done' THEN now() END
             FROM fence WHERE $19::int IS NOT NULL)
           SELECT EXISTS (SELECT 1 FROM fence) AS "kept!",
                  EXISTS (
                    SELECT 1 FROM budgets b, fence WHERE b.workspace_id = $1
                      AND (b.scope = 'workspace' OR (b.scope = 'agent' AND b.subject_id = fence.agent_id)
                        OR (b.scope = 'user' AND b.subject_id = fence.requester_id))) AS "limited!",
                  COALESCE((SELECT ledger_put($28) FROM fence WHERE $28::jsonb IS NOT NULL), false) AS "billed!""#,
        workspace,
        run.0,
        attempt,
        until.0,
        what.events.first().map(|e| e.index),
        &indexes,
        &names,
        &data,
        what.events.first().map_or_else(Timestamp::now, |e| e.created_at).0,
        what.leaves.map(RunStatus::as_str),
        what.leaves.is_some_and(RunStatus::is_final),
        what.output,
        what.call.map(|call| call.provider.as_str()),
        what.call.map(Entry::model),
        usage.input as i64,
        usage.output as i64,
        usage.reasoning as i64,
        usage.cache_read as i64,
        step.map(|(s, _)| s.position),
        step.map(|(_, c)| c.kind),
        step.map(|(_, c)| c.state),
        step.and_then(|(_, c)| c.call),
        step.and_then(|(s, _)| s.approval).map(|a| a.0),
        step.map(|(s, _)| serde_json::to_value(s.content)).transpose().map_err(Error::internal)?,
        usage.cache_write as i64,
        usage.cost_micros.map(|micros| micros as i64),
        step.and_then(|(s, _)| s.making).map(serde_json::to_value).transpose().map_err(Error::internal)?,
        what.call.map(serde_json::to_value).transpose().map_err(Error::internal)?,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What a step's content says of itself, for columns.
#[derive(Clone, Copy)]
struct StepColumns<'a> {
    kind: &'static str,
    state: &'static str,
    call: Option<&'a str>,
}

fn columns_of(content: &StepContent) -> StepColumns<'_> {
    match content {
        StepContent::Model { .. } => StepColumns { kind: "model", state: "done", call: None },
        StepContent::Tool { call, result } => {
            StepColumns { kind: "tool", state: if result.is_some() { "done" } else { "waiting" }, call: Some(&call.id) }
        }
    }
}

/// What a driver has to know of its run.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// Somebody has asked for it to be cancelled.
    pub(super) is_cancelled: bool,
    /// A budget limits what it spends.
    pub(super) limited: bool,
}

/// Renews the lease; `None` when somebody else has claimed the run. Nobody else does until the transaction ends.
pub(super) async fn renew(tx: &mut TenantTx, run: RunId, attempt: i32, until: Timestamp) -> Result<Option<Standing>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Standing,
        r#"UPDATE runs SET lease_until = $4 WHERE workspace_id = $1 AND id = $2 AND attempt = $3 AND status = 'RUNNING'
           RETURNING cancel_requested AS is_cancelled, budget_limits(agent_id, requester_id) AS "limited!""#,
        workspace,
        run.0,
        attempt,
        until.0,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The form that a run's answer shall have, as it was when the run began.
pub(super) async fn output_schema(tx: &mut TenantTx, run: RunId) -> Result<Option<Value>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!("SELECT output_schema FROM runs WHERE workspace_id = $1 AND id = $2", workspace, run.0)
        .fetch_one(tx.conn())
        .await?)
}

/// Stores events of a run that nobody drives; the run's row is locked until the transaction ends.
pub(super) async fn append_undriven(tx: &mut TenantTx, run: RunId, drafts: Vec<EventDraft>) -> Result<Vec<RunEvent>> {
    let workspace = tx.workspace().0;
    let next = sqlx::query_scalar!(
        "UPDATE runs SET next_event_index = next_event_index + $3 WHERE workspace_id = $1 AND id = $2 RETURNING next_event_index",
        workspace,
        run.0,
        drafts.len() as i32,
    )
    .fetch_one(tx.conn())
    .await?;
    let events = number(next - drafts.len() as i32, drafts);
    for e in &events {
        sqlx::query!(
            "INSERT INTO run_events (workspace_id, run_id, index, name, data, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            workspace,
            run.0,
            e.index,
            e.name,
            e.data,
            e.created_at.0,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(events)
}

/// Ends a waiting step.
pub(super) async fn finish_step(tx: &mut TenantTx, run: RunId, position: i32, content: &StepContent) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE run_steps SET state = 'done', content = $4, ended_at = now() WHERE workspace_id = $1 AND run_id = $2 AND position = $3",
        workspace,
        run.0,
        position,
        serde_json::to_value(content).map_err(Error::internal)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets the waiting step of a call wait for another approval.
pub(super) async fn wait_for(tx: &mut TenantTx, run: RunId, tool_call_id: &str, approval: ApprovalId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE run_steps SET approval_id = $4 WHERE workspace_id = $1 AND run_id = $2 AND tool_call_id = $3 AND state = 'waiting'",
        workspace,
        run.0,
        tool_call_id,
        approval.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A run that a worker has claimed.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) workspace: WorkspaceId,
    pub(super) id: RunId,
    pub(super) agent: AgentId,
    pub(super) session: AgentSessionId,
    pub(super) requester: UserId,
    /// The how-manieth claim of the run it is.
    pub(super) attempt: i32,
    pub(super) next_event_index: i32,
}

/// Claims runs of any workspace that nobody drives. Those of a deleted workspace rest until it is had back.
pub(super) async fn claim(tx: &mut SystemTx, node: Uuid, until: Timestamp, limit: i64) -> Result<Vec<Claimed>> {
    let rows = sqlx::query!(
        "UPDATE runs SET status = 'RUNNING', lease_owner = $1, lease_until = $2, attempt = attempt + 1
         WHERE (workspace_id, id) IN (
           SELECT workspace_id, id FROM runs WHERE (status = 'PENDING' OR (status = 'RUNNING' AND lease_until < now()))
             AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = runs.workspace_id AND w.deleted_at IS NOT NULL)
           ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING workspace_id, id, agent_id, session_id, requester_id, attempt, next_event_index",
        node,
        until.0,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Claimed {
            workspace: WorkspaceId(r.workspace_id),
            id: RunId(r.id),
            agent: AgentId(r.agent_id),
            session: AgentSessionId(r.session_id),
            requester: UserId(r.requester_id),
            attempt: r.attempt,
            next_event_index: r.next_event_index,
        })
        .collect())
}
