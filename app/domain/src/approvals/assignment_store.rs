//! SQL of who is asked, and of turns.

use crate::{Error, Result, Role, db::TenantTx, ids::UserId};

/// A member's name; `None` of whoever has left.
pub(super) async fn name(tx: &mut TenantTx, user: UserId) -> Result<Option<String>> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        "SELECT u.name FROM users u JOIN workspace_members m ON m.user_id = u.id AND m.workspace_id = $1 WHERE u.id = $2",
        workspace,
        user.0,
    );
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// The number of a role's next turn; nobody else gets one until the transaction ends.
pub(super) async fn count_turn(tx: &mut TenantTx, role: Role) -> Result<i64> {
    let workspace = tx.workspace().0;
    let turn = sqlx::query_scalar!(
        "INSERT INTO approval_rounds (workspace_id, role, turns) VALUES ($1, $2, 1)
         ON CONFLICT (workspace_id, role) DO UPDATE SET turns = approval_rounds.turns + 1 RETURNING turns",
        workspace,
        role.as_str(),
    );
    Ok(turn.fetch_one(tx.conn()).await?)
}

/// Whose last turn is longest ago, of these; whoever had none yet comes first.
pub(super) async fn longest_ago(tx: &mut TenantTx, role: Role, of: &[UserId]) -> Result<UserId> {
    let workspace = tx.workspace().0;
    let ids: Vec<_> = of.iter().map(|user| user.0).collect();
    let found = sqlx::query_scalar!(
        r#"SELECT u.id AS "id!" FROM unnest($3::uuid[]) AS u (id)
           LEFT JOIN approval_turns t ON t.workspace_id = $1 AND t.role = $2 AND t.user_id = u.id
           ORDER BY COALESCE(t.turn, 0), u.id LIMIT 1"#,
        workspace,
        role.as_str(),
        &ids,
    );
    found.fetch_optional(tx.conn()).await?.map(UserId).ok_or_else(|| Error::internal("a turn of nobody"))
}

/// Writes down whose turn it was.
pub(super) async fn take_turn(tx: &mut TenantTx, role: Role, user: UserId, turn: i64) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO approval_turns (workspace_id, role, user_id, turn) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, role, user_id) DO UPDATE SET turn = $4",
        workspace,
        role.as_str(),
        user.0,
        turn,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
