//! SQL of agents, and of conversations with them.

use super::{Agent, AgentSession};
use crate::{
    Error, Result, Timestamp,
    db::{TenantTx, violated},
    ids::{AgentId, AgentSessionId, ProviderId, UserId},
};

/// All agents, by name.
pub(super) async fn agents(tx: &mut TenantTx, only: Option<AgentId>) -> Result<Vec<Agent>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT id, name, description, instructions, provider_id, model, falls_back, tools, output_schema, created_at FROM agents
         WHERE workspace_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY name, id",
        workspace,
        only.map(|a| a.0),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Agent {
            id: AgentId(r.id),
            name: r.name,
            description: r.description,
            instructions: r.instructions,
            provider_id: r.provider_id.map(ProviderId),
            model: r.model,
            falls_back: r.falls_back,
            tools: r.tools,
            output_schema: r.output_schema,
            created_at: Timestamp(r.created_at),
        })
        .collect())
}

/// Adds an agent on the workspace's default provider.
pub(super) async fn insert_agent(
    tx: &mut TenantTx,
    name: &str,
    description: &str,
    instructions: &str,
    tools: &[String],
) -> Result<AgentId> {
    let (workspace, id) = (tx.workspace().0, AgentId::new());
    sqlx::query!(
        "INSERT INTO agents (workspace_id, id, name, description, instructions, tools) VALUES ($1, $2, $3, $4, $5, $6)",
        workspace,
        id.0,
        name,
        description,
        instructions,
        tools,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Writes what an agent runs on and the form of its answers, unless somebody else did since it was read; answers whether it did.
pub(super) async fn set_agent(tx: &mut TenantTx, before: &Agent, after: &Agent) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE agents SET provider_id = $5, model = $6, falls_back = $7, output_schema = $8, updated_at = now()
         WHERE workspace_id = $1 AND id = $2 AND provider_id IS NOT DISTINCT FROM $3 AND model IS NOT DISTINCT FROM $4
           AND output_schema IS NOT DISTINCT FROM $9 AND falls_back = $10",
        workspace,
        before.id.0,
        before.provider_id.map(|id| id.0) as Option<uuid::Uuid>,
        before.model.as_deref() as Option<&str>,
        after.provider_id.map(|id| id.0) as Option<uuid::Uuid>,
        after.model.as_deref() as Option<&str>,
        after.falls_back,
        after.output_schema.clone(),
        before.output_schema.clone(),
        before.falls_back,
    )
    .execute(tx.conn())
    .await
    .map_err(|error| match violated(&error) {
        // It was deleted a moment ago.
        Some("agents_workspace_id_provider_id_fkey") => Error::not_found("AI provider"),
        _ => error.into(),
    })?;
    Ok(done.rows_affected() == 1)
}

/// A person's conversations, newest first, or one of them.
pub(super) async fn sessions(
    tx: &mut TenantTx,
    user: UserId,
    only: Option<AgentSessionId>,
) -> Result<Vec<AgentSession>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT s.id, s.agent_id, a.name AS agent, s.user_id, s.title, s.created_at, s.updated_at
         FROM agent_sessions s JOIN agents a ON a.workspace_id = s.workspace_id AND a.id = s.agent_id
         WHERE s.workspace_id = $1 AND s.user_id = $2 AND ($3::uuid IS NULL OR s.id = $3) ORDER BY s.updated_at DESC LIMIT 100",
        workspace,
        user.0,
        only.map(|s| s.0),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| AgentSession {
            id: AgentSessionId(r.id),
            agent_id: AgentId(r.agent_id),
            agent: r.agent,
            user_id: UserId(r.user_id),
            title: r.title,
            created_at: Timestamp(r.created_at),
            updated_at: Timestamp(r.updated_at),
        })
        .collect())
}
