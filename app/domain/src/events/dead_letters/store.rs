//! SQL of dead letters, as people deal with them. How they come to be is in `bus/store.rs`.

use serde::Deserialize as _;
use serde_json::Value;
use uuid::Uuid;

use super::{DeadLetter, KEPT_DAYS};
use crate::{
    PageRequest, Result, Timestamp,
    db::{SystemTx, TenantTx},
    events::Event,
    ids::DeadLetterId,
};

/// The workspace's dead letters, or one of them, the newest first; and how many there are.
pub(super) async fn page(
    tx: &mut TenantTx,
    only: Option<DeadLetterId>,
    page: PageRequest,
) -> Result<(Vec<DeadLetter>, i64)> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT id, consumer, event_id, event, error, tries, died_at, due_at FROM event_dead_letters
         WHERE workspace_id = $1 AND (id = $2 OR $2::uuid IS NULL) ORDER BY died_at DESC, id DESC LIMIT $3 OFFSET $4",
        workspace,
        only.map(|id| id.0),
        page.size,
        page.offset(),
    )
    .fetch_all(tx.conn())
    .await?;
    let total =
        sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM event_dead_letters WHERE workspace_id = $1"#, workspace)
            .fetch_one(tx.conn())
            .await?;
    let letters = rows.into_iter().map(|r| DeadLetter {
        id: DeadLetterId(r.id),
        consumer: r.consumer,
        event: event(r.event_id, r.event, Timestamp(r.died_at)),
        error: r.error,
        tries: r.tries,
        died_at: Timestamp(r.died_at),
        next_try_at: r.due_at.map(Timestamp),
    });
    Ok((letters.collect(), total))
}

/// The event as it is kept. One that does not read as an event any more is shown all the same, with whatever is there as its payload:
/// somebody has to be able to look at it, and to discard it.
fn event(id: Uuid, kept: Value, died_at: Timestamp) -> Event {
    Event::deserialize(&kept).unwrap_or_else(|_| Event {
        seq: 0,
        id,
        name: kept.get("type").and_then(Value::as_str).unwrap_or("unknown").to_owned(),
        version: 1,
        subject_kind: "event".to_owned(),
        subject_id: None,
        payload: kept,
        created_at: died_at,
    })
}

/// Has one tried again; whether it is there.
pub(super) async fn requeue(tx: &mut TenantTx, id: DeadLetterId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE event_dead_letters SET due_at = now(), tries = 0 WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes one; whether it was there.
pub(super) async fn delete(tx: &mut TenantTx, id: DeadLetterId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!("DELETE FROM event_dead_letters WHERE workspace_id = $1 AND id = $2", workspace, id.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes those that nobody has looked after for long; answers how many.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    let done =
        sqlx::query!("DELETE FROM event_dead_letters WHERE died_at < now() - make_interval(days => $1)", KEPT_DAYS)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected())
}
