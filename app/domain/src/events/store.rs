//! SQL of the outbox. Numbers and inserts are in `heads.rs`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Event;
use crate::{
    Actor, Result, Timestamp, Who,
    db::{SystemTx, TenantTx},
};

/// The most events that one look goes through for a filter, so that a rare type costs no more than that.
pub(super) const LOOK: i64 = 10_000;

/// What one look has found, all of it of one moment.
pub(super) struct Found {
    pub(super) events: Vec<Event>,
    /// The number of the workspace's newest event.
    pub(super) head: i64,
    /// How many events were gone through, and the number of the last of them.
    pub(super) looked: (i64, Option<i64>),
    /// Whoever looked still belongs to the workspace, in the role in which it was looked for.
    pub(super) stands: bool,
}

/// A row of a look. Without any event there is one row, of which the rest is missing.
struct Row {
    head: i64,
    looked: i64,
    last: Option<i64>,
    stands: bool,
    seq: Option<i64>,
    id: Option<Uuid>,
    name: Option<String>,
    version: Option<i16>,
    subject_kind: Option<String>,
    subject_id: Option<Uuid>,
    payload: Option<serde_json::Value>,
    created_at: Option<OffsetDateTime>,
}

impl Row {
    fn event(self) -> Option<Event> {
        Some(Event {
            seq: self.seq?,
            id: self.id?,
            name: self.name?,
            version: self.version?,
            subject_kind: self.subject_kind?,
            subject_id: self.subject_id,
            payload: self.payload?,
            created_at: Timestamp(self.created_at?),
        })
    }
}

impl Found {
    fn of(rows: Vec<Row>) -> Self {
        let first = rows.first();
        let head = first.map_or(0, |row| row.head);
        let looked = first.map_or((0, None), |row| (row.looked, row.last));
        let stands = first.is_some_and(|row| row.stands);
        Self { events: rows.into_iter().filter_map(Row::event).collect(), head, looked, stands }
    }

    /// Up to where it was looked for so many events: past those that whoever looked may not see.
    pub(super) fn reached(&self, limit: i64) -> i64 {
        let is_whole = (self.events.len() as i64) < limit;
        if is_whole { self.head } else { self.events.last().map_or(self.head, |event| event.seq) }
    }
}

/// The person and the role that have to stand; HYVVE itself and agents do by themselves.
fn person(actor: &Actor) -> (Option<Uuid>, Option<&'static str>) {
    match actor.who {
        Who::User { user, role } => (Some(user.0), Some(role.as_str())),
        Who::Agent { .. } | Who::System => (None, None),
    }
}

/// One look at the outbox: what it has found, the workspace's newest number, and whether whoever looks still stands, all of one moment.
/// `$1` is the workspace, `$2` and `$3` are the person and the role. Looks differ in what they go through (`$with`), in how much that
/// was and where it ended (`$looked`), in which events they find, as `e` (`$events`), and in their order (`""` or `" DESC"`).
macro_rules! look {
    ($tx:ident, $person:expr, [$($with:tt)*], $looked:tt, $events:tt, $order:tt, $($value:expr),+) => {{
        let workspace = $tx.workspace();
        let (user, role) = $person;
        let rows = sqlx::query_as!(
            Row,
            $($with)* + "SELECT h.event_seq AS head, " + $looked + r#",
                  ($2::uuid IS NULL OR EXISTS (
                    SELECT 1 FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
                    WHERE m.workspace_id = $1 AND m.user_id = $2 AND m.role = $3 AND w.deleted_at IS NULL)) AS "stands!",
                  e.seq AS "seq?", e.id AS "id?", e.type AS "name?", e.version AS "version?", e.subject_kind AS "subject_kind?",
                  e.subject_id, e.payload AS "payload?", e.created_at AS "created_at?"
           FROM workspace_heads h LEFT JOIN "# + $events + "ON true WHERE h.workspace_id = $1 ORDER BY e.seq" + $order,
            workspace.0,
            user,
            role,
            $($value),+
        )
        .fetch_all($tx.conn())
        .await?;
        Ok(Found::of(rows))
    }};
}

/// The same for events between two numbers that pass a filter: what is gone through is read from the index, and what fits is looked up.
macro_rules! passing {
    ($tx:ident, $person:expr, $looked:tt, $order:tt, $after:expr, $before:expr, $types:expr, $limit:expr) => {
        look!(
            $tx,
            $person,
            ["WITH looked AS MATERIALIZED (
             SELECT seq, type FROM events WHERE workspace_id = $1 AND seq > $4 AND seq < $5 ORDER BY seq" + $order + " LIMIT $6),
           fit AS (
             SELECT seq FROM looked WHERE $7::text[] = '{}'
               OR EXISTS (SELECT 1 FROM unnest($7::text[]) t WHERE type = t OR (t LIKE '%.' AND starts_with(type, t)))
             ORDER BY seq" + $order + " LIMIT $8) "],
            $looked,
            "(fit JOIN events e ON e.workspace_id = $1 AND e.seq = fit.seq) ",
            $order,
            $after,
            $before,
            LOOK,
            $types,
            $limit
        )
    };
}

/// Events after `cursor` that the actor may see, oldest first.
pub(super) async fn after(tx: &mut TenantTx, actor: &Actor, cursor: i64, limit: i64) -> Result<Found> {
    look!(
        tx,
        person(actor),
        [""],
        r#"0::bigint AS "looked!", NULL::bigint AS last"#,
        "LATERAL (
             SELECT seq, id, type, version, subject_kind, subject_id, payload, created_at FROM events
             WHERE workspace_id = $1 AND seq > $4 ORDER BY seq LIMIT $5) e ",
        "",
        cursor,
        limit
    )
}

/// Events after `cursor` that pass a filter, oldest first; at most [`LOOK`] are gone through.
pub(super) async fn passing_after(
    tx: &mut TenantTx,
    actor: &Actor,
    cursor: i64,
    types: &[String],
    limit: i64,
) -> Result<Found> {
    passing!(
        tx,
        person(actor),
        r#"(SELECT count(*) FROM looked) AS "looked!", (SELECT max(seq) FROM looked) AS last"#,
        "",
        cursor,
        i64::MAX,
        types,
        limit
    )
}

/// Events with a smaller number than `before` and a larger one than `after` that pass a filter, newest first; at most [`LOOK`] are
/// gone through. Nobody has to stand for it: whoever looks back follows nothing.
pub(super) async fn passing_before(
    tx: &mut TenantTx,
    (after, before): (i64, i64),
    types: &[String],
    limit: i64,
) -> Result<Found> {
    passing!(
        tx,
        (None::<Uuid>, None::<&str>),
        r#"(SELECT count(*) FROM looked) AS "looked!", (SELECT min(seq) FROM looked) AS last"#,
        " DESC",
        after,
        before,
        types,
        limit
    )
}

/// The number of the first event of that time on; `None`: there is none. Numbers follow times but for what nodes' clocks differ
/// by, so the smallest number of a minute is looked for.
pub(super) async fn first_since(tx: &mut TenantTx, since: Timestamp) -> Result<Option<i64>> {
    let workspace = tx.workspace();
    Ok(sqlx::query_scalar!(
        "SELECT min(seq) FROM events WHERE workspace_id = $1 AND created_at >= $2 AND created_at <
           (SELECT min(created_at) FROM events WHERE workspace_id = $1 AND created_at >= $2) + interval '1 minute'",
        workspace.0,
        since.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The number of the last event of before that time; `None`: there is none.
pub(super) async fn last_until(tx: &mut TenantTx, until: Timestamp) -> Result<Option<i64>> {
    let workspace = tx.workspace();
    Ok(sqlx::query_scalar!(
        "SELECT max(seq) FROM events WHERE workspace_id = $1 AND created_at < $2 AND created_at >
           (SELECT max(created_at) FROM events WHERE workspace_id = $1 AND created_at < $2) - interval '1 minute'",
        workspace.0,
        until.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The oldest event that is kept: its number, and when it happened. Everything before it is gone.
pub(super) async fn oldest(tx: &mut TenantTx) -> Result<Option<(i64, Timestamp)>> {
    let workspace = tx.workspace();
    let row =
        sqlx::query!("SELECT seq, created_at FROM events WHERE workspace_id = $1 ORDER BY seq LIMIT 1", workspace.0,)
            .fetch_optional(tx.conn())
            .await?;
    Ok(row.map(|r| (r.seq, Timestamp(r.created_at))))
}

/// The number of the workspace's newest event.
pub(super) async fn head(tx: &mut TenantTx) -> Result<i64> {
    let workspace = tx.workspace();
    Ok(sqlx::query_scalar!("SELECT event_seq FROM workspace_heads WHERE workspace_id = $1", workspace.0)
        .fetch_one(tx.conn())
        .await?)
}

/// Removes events older than 30 days; answers how many.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    Ok(sqlx::query!("DELETE FROM events WHERE created_at < now() - interval '30 days'")
        .execute(tx.conn())
        .await?
        .rows_affected())
}
