//! SQL of budgets. Rows of months are locked in the order of their budgets, so that nobody waits for somebody who waits.

use time::Date;
use uuid::Uuid;

use super::{
    Budget, NewBudget, Scope,
    ledger::{Entry, Held},
    ledger_store::Lost,
};
use crate::{
    Code, Error, Result, Timestamp,
    db::{TenantTx, violated},
    ids::{AgentId, BudgetId, UserId},
};

/// A budget from which something was held back.
pub(super) struct HeldFrom {
    pub(super) id: BudgetId,
    pub(super) scope: Scope,
    pub(super) limit: i64,
    pub(super) month: Date,
    /// What was spent or held back before.
    pub(super) gone_before: i64,
}

/// Holds an amount back from every budget that limits what an agent spends for a person.
pub(super) async fn hold(
    tx: &mut TenantTx,
    agent: AgentId,
    user: UserId,
    at: Timestamp,
    amount: i64,
) -> Result<Vec<HeldFrom>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        HeldFrom,
        r#"WITH held AS (
             INSERT INTO budget_months (workspace_id, budget_id, month, reserved)
             SELECT $1, b.id, date_trunc('month', $4::timestamptz AT TIME ZONE w.timezone)::date, $5
             FROM budgets b JOIN workspaces w ON w.id = b.workspace_id
             WHERE b.workspace_id = $1
               AND (b.scope = 'workspace' OR (b.scope = 'agent' AND b.subject_id = $2) OR (b.scope = 'user' AND b.subject_id = $3))
             ORDER BY b.id
             ON CONFLICT (workspace_id, budget_id, month) DO UPDATE SET reserved = budget_months.reserved + $5
             RETURNING budget_id, month, spent + reserved - $5 AS gone_before)
           SELECT b.id AS "id: BudgetId", b.scope AS "scope: Scope", b.limit_micros AS "limit", held.month,
                  held.gone_before AS "gone_before!"
           FROM held JOIN budgets b ON b.workspace_id = $1 AND b.id = held.budget_id ORDER BY b.id"#,
        workspace,
        agent.0,
        user.0,
        at.0,
        amount,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// A budget from which something was spent.
pub(super) struct SpentFrom {
    pub(super) id: BudgetId,
    pub(super) scope: Scope,
    pub(super) subject: Option<String>,
    pub(super) limit: i64,
    pub(super) month: Date,
    pub(super) spent: i64,
    pub(super) told: i16,
}

/// Takes from every budget that limits it what a call has cost, and gives back what was held back for it.
pub(super) async fn settle(tx: &mut TenantTx, entry: &Entry) -> Result<Vec<SpentFrom>> {
    let held = entry.held.as_ref();
    let budgets: Vec<Uuid> = held.map(|held| held.budgets.iter().map(|id| id.0).collect()).unwrap_or_default();
    spend(
        tx,
        &Spending {
            agent: entry.agent_id.0,
            user: entry.user_id.0,
            at: entry.at,
            month: held.map(|held| held.month),
            spent: entry.counted(),
            held: held.map_or(0, |held: &Held| held.amount),
            held_from: Some(&budgets),
        },
    )
    .await
}

/// The same for a call that was given up: what was held back is spent.
pub(super) async fn give_up(tx: &mut TenantTx, lost: &Lost) -> Result<Vec<SpentFrom>> {
    let spending = Spending {
        agent: lost.agent,
        user: lost.user,
        at: Timestamp(lost.at),
        month: None,
        spent: lost.amount,
        held: lost.amount,
        held_from: None,
    };
    spend(tx, &spending).await
}

struct Spending<'a> {
    agent: Uuid,
    user: Uuid,
    at: Timestamp,
    /// The month that it was held back from; `None`: that in which it began.
    month: Option<Date>,
    spent: i64,
    held: i64,
    /// The budgets that it was held back from; `None`: those that were there when it began.
    held_from: Option<&'a [Uuid]>,
}

async fn spend(tx: &mut TenantTx, spending: &Spending<'_>) -> Result<Vec<SpentFrom>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        SpentFrom,
        r#"WITH gone AS (
             INSERT INTO budget_months (workspace_id, budget_id, month, spent)
             SELECT $1, b.id, COALESCE($5, date_trunc('month', $4::timestamptz AT TIME ZONE w.timezone)::date), $6
             FROM budgets b JOIN workspaces w ON w.id = b.workspace_id
             WHERE b.workspace_id = $1
               AND (b.scope = 'workspace' OR (b.scope = 'agent' AND b.subject_id = $2) OR (b.scope = 'user' AND b.subject_id = $3))
             ORDER BY b.id
             ON CONFLICT (workspace_id, budget_id, month) DO UPDATE SET
               spent = budget_months.spent + $6,
               reserved = CASE
                 WHEN $8::uuid[] IS NULL THEN greatest(budget_months.reserved - $7, 0)
                 WHEN budget_months.budget_id = ANY($8) THEN budget_months.reserved - $7
                 ELSE budget_months.reserved END
             RETURNING budget_id, month, spent, told)
           SELECT b.id AS "id: BudgetId", b.scope AS "scope: Scope", COALESCE(a.name, u.name) AS subject, b.limit_micros AS "limit",
                  gone.month, gone.spent, gone.told
           FROM gone JOIN budgets b ON b.workspace_id = $1 AND b.id = gone.budget_id
           LEFT JOIN agents a ON a.workspace_id = $1 AND a.id = b.subject_id LEFT JOIN users u ON u.id = b.subject_id
           ORDER BY b.id"#,
        workspace,
        spending.agent,
        spending.user,
        spending.at.0,
        spending.month,
        spending.spent,
        spending.held,
        spending.held_from,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Remembers up to which share people have been told.
pub(super) async fn set_told(tx: &mut TenantTx, budget: BudgetId, month: Date, percent: i16) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE budget_months SET told = $4 WHERE workspace_id = $1 AND budget_id = $2 AND month = $3",
        workspace,
        budget.0,
        month,
        percent,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Every budget that the actor may see, or one, with what has gone in the present month.
pub(super) async fn list(tx: &mut TenantTx, only: Option<BudgetId>) -> Result<Vec<Budget>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Budget,
        r#"SELECT b.id AS "id: BudgetId", b.scope AS "scope: Scope", b.subject_id, COALESCE(a.name, u.name) AS subject,
                  b.limit_micros, COALESCE(m.spent, 0) AS "spent_micros!", COALESCE(m.reserved, 0) AS "reserved_micros!"
           FROM budgets b JOIN workspaces w ON w.id = b.workspace_id
           LEFT JOIN budget_months m ON m.workspace_id = $1 AND m.budget_id = b.id
             AND m.month = date_trunc('month', now() AT TIME ZONE w.timezone)::date
           LEFT JOIN agents a ON a.workspace_id = $1 AND a.id = b.subject_id LEFT JOIN users u ON u.id = b.subject_id
           WHERE b.workspace_id = $1 AND ($2::uuid IS NULL OR b.id = $2)
           ORDER BY array_position(ARRAY['workspace', 'agent', 'user'], b.scope), subject, b.id"#,
        workspace,
        only.map(|id| id.0) as Option<Uuid>,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Lets nobody else change budgets until the transaction ends, nor read them for that.
pub(super) async fn lock(tx: &mut TenantTx) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('budgets ' || $1::text, 0))", workspace.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Adds a budget, with what has been spent in this month so far.
pub(super) async fn insert(tx: &mut TenantTx, id: BudgetId, new: &NewBudget) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO budgets (workspace_id, id, scope, subject_id, limit_micros) VALUES ($1, $2, $3, $4, $5)",
        workspace,
        id.0,
        new.scope.as_str(),
        new.subject_id,
        new.limit_micros,
    )
    .execute(tx.conn())
    .await
    .map_err(|error| match violated(&error) {
        Some("budgets_subject") => Error::new(Code::Conflict, "There is such a budget already. Change that one."),
        _ => error.into(),
    })?;
    sqlx::query!(
        "INSERT INTO budget_months (workspace_id, budget_id, month, spent)
         SELECT $1, $2, here.month, COALESCE(sum(l.cost_micros), 0)
         FROM (SELECT timezone, date_trunc('month', now() AT TIME ZONE timezone)::date AS month FROM workspaces WHERE id = $1) here
         LEFT JOIN usage_ledger l ON l.workspace_id = $1 AND l.outcome <> 'reserved'
           AND l.at >= here.month::timestamp AT TIME ZONE here.timezone
           AND ($3 = 'workspace' OR ($3 = 'agent' AND l.agent_id = $4) OR ($3 = 'user' AND l.user_id = $4))
         GROUP BY here.month",
        workspace,
        id.0,
        new.scope.as_str(),
        new.subject_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether there is such an agent, or such a member, here.
pub(super) async fn is_here(tx: &mut TenantTx, scope: Scope, subject: Uuid) -> Result<bool> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        r#"SELECT CASE $2
             WHEN 'agent' THEN EXISTS (SELECT 1 FROM agents WHERE workspace_id = $1 AND id = $3)
             WHEN 'user' THEN EXISTS (SELECT 1 FROM workspace_members WHERE workspace_id = $1 AND user_id = $3)
             ELSE false END AS "here!""#,
        workspace,
        scope.as_str(),
        subject,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Sets another limit. People are told again of the shares that have not been reached under it.
pub(super) async fn set_limit(tx: &mut TenantTx, budget: &Budget, limit: i64, told: i16) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "WITH raised AS (UPDATE budgets SET limit_micros = $3, updated_at = now() WHERE workspace_id = $1 AND id = $2 RETURNING id)
         UPDATE budget_months m SET told = $4 FROM raised, workspaces w
         WHERE m.workspace_id = $1 AND m.budget_id = raised.id AND w.id = $1
           AND m.month = date_trunc('month', now() AT TIME ZONE w.timezone)::date",
        workspace,
        budget.id.0,
        limit,
        told,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a budget; false where there is none.
pub(super) async fn delete(tx: &mut TenantTx, id: BudgetId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "WITH months AS (DELETE FROM budget_months WHERE workspace_id = $1 AND budget_id = $2)
         DELETE FROM budgets WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
