//! SQL of letters.

use sqlx::PgConnection;

use crate::{Result, Timestamp, db::SystemTx, ids::LetterId};

/// Adds a letter, unless there was one for this cause.
pub(super) async fn insert(
    conn: &mut PgConnection,
    id: LetterId,
    cause: &str,
    recipient: &str,
    subject: &str,
    sealed: &[u8],
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO letters (id, cause, recipient, subject, sealed) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        id.0,
        cause,
        recipient,
        subject,
        sealed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A letter that this node is to send.
pub(super) struct Due {
    pub(super) id: LetterId,
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) sealed: Vec<u8>,
    pub(super) attempts: i32,
}

/// Takes a letter that waits and is due. Until `given_up` it is this node's.
pub(super) async fn claim(tx: &mut SystemTx, id: LetterId, given_up: Timestamp) -> Result<Option<Due>> {
    let row = sqlx::query!(
        r#"UPDATE letters SET state = 'sending', attempts = attempts + 1, due_at = $2
           WHERE id = $1 AND state = 'waiting' AND due_at <= now()
           RETURNING recipient, subject, sealed AS "sealed!", attempts"#,
        id.0,
        given_up.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Due { id, recipient: r.recipient, subject: r.subject, sealed: r.sealed, attempts: r.attempts }))
}

/// Keeps one that cannot leave, as it is sealed.
pub(super) async fn keep(tx: &mut SystemTx, id: LetterId) -> Result<()> {
    sqlx::query!(
        "UPDATE letters SET state = 'kept', error = NULL, ended_at = now() WHERE id = $1 AND state = 'sending'",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A letter that is kept.
pub(super) struct Kept {
    pub(super) id: LetterId,
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) sealed: Vec<u8>,
    pub(super) at: Timestamp,
}

/// Those that were kept within a day, the newest first.
pub(super) async fn kept(tx: &mut SystemTx, limit: i64) -> Result<Vec<Kept>> {
    let rows = sqlx::query!(
        r#"SELECT id, recipient, subject, sealed AS "sealed!", created_at AS "at: Timestamp" FROM letters
           WHERE state = 'kept' AND ended_at > now() - interval '24 hours' ORDER BY ended_at DESC, id DESC LIMIT $1"#,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let letter = |id, recipient, subject, sealed, at| Kept { id: LetterId(id), recipient, subject, sealed, at };
    Ok(rows.into_iter().map(|r| letter(r.id, r.recipient, r.subject, r.sealed, r.at)).collect())
}

/// Erases the texts of those that were kept for a day.
pub(super) async fn forget_kept(tx: &mut SystemTx) -> Result<()> {
    sqlx::query!(
        "UPDATE letters SET state = 'failed', sealed = NULL, error = 'This server sends no mail, and it was kept for a day.'
         WHERE state = 'kept' AND ended_at <= now() - interval '24 hours'"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes letters that ended a month ago.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    let done =
        sqlx::query!("DELETE FROM letters WHERE ended_at < now() - interval '30 days'").execute(tx.conn()).await?;
    Ok(done.rows_affected())
}

/// Lets a letter that is under way have its job when it would be given up: whoever sends it may be at it still.
pub(super) async fn look_again(tx: &mut SystemTx, id: LetterId) -> Result<()> {
    sqlx::query!("SELECT job_at('letter', NULL, id, due_at) FROM letters WHERE id = $1 AND state = 'sending'", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Gives up a letter that has been under way for too long; whether it was.
pub(super) async fn give_up(tx: &mut SystemTx, id: LetterId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE letters SET state = 'unknown', sealed = NULL, ended_at = now(), error = 'The server stopped while it was sent.'
         WHERE id = $1 AND state = 'sending' AND due_at < now()",
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What came of sending one, unless it was given up meanwhile. Its text is erased.
pub(super) async fn end(tx: &mut SystemTx, id: LetterId, state: &str, error: Option<&str>) -> Result<()> {
    sqlx::query!(
        "UPDATE letters SET state = $2, error = $3, sealed = NULL, ended_at = now() WHERE id = $1 AND state = 'sending'",
        id.0,
        state,
        error,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts one back for later.
pub(super) async fn put_off(tx: &mut SystemTx, id: LetterId, until: Timestamp, error: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE letters SET state = 'waiting', due_at = $2, error = $3 WHERE id = $1 AND state = 'sending'",
        id.0,
        until.0,
        error,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Texts of some letters after one, in order, that begin otherwise; they are locked until the transaction ends.
pub(super) async fn stale(
    tx: &mut SystemTx,
    prefix: &[u8],
    after: Option<LetterId>,
) -> Result<Vec<(LetterId, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"SELECT id, sealed AS "sealed!" FROM letters
           WHERE sealed IS NOT NULL AND substring(sealed FROM 1 FOR 5) <> $1 AND ($2::uuid IS NULL OR id > $2)
           ORDER BY id LIMIT 100 FOR UPDATE"#,
        prefix,
        after.map(|id| id.0),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (LetterId(r.id), r.sealed)).collect())
}

/// Keeps a letter's text as it is sealed anew.
pub(super) async fn reseal(tx: &mut SystemTx, id: LetterId, sealed: &[u8]) -> Result<()> {
    sqlx::query!("UPDATE letters SET sealed = $2 WHERE id = $1", id.0, sealed).execute(tx.conn()).await?;
    Ok(())
}
