//! SQL of deliveries and their tries.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Delivery, Format, State, Try, call::Answer, rules, store::format};
use crate::{
    Error, PageRequest, Result, Timestamp,
    db::{SystemTx, TenantTx},
    events::{Event, filter},
    ids::{WebhookDeliveryId, WebhookId, WorkspaceId},
};

/// How many tries of a delivery are shown.
const SHOWN: i64 = 12;

/// An endpoint, as far as events have to know it to be told to it.
pub(super) struct Listener {
    pub(super) told_seq: i64,
    pub(super) events: Vec<String>,
    pub(super) replay_until: i64,
    pub(super) replay_events: Vec<String>,
    pub(super) format: Format,
    /// Its messages have buttons.
    pub(super) takes_answers: bool,
}

impl Listener {
    /// Whether it is told of an event: by its filter, and of what it is told once more, by the replay's.
    pub(super) fn hears(&self, event: &Event) -> bool {
        let again = event.seq <= self.replay_until;
        rules::passes(&self.events, &event.name) && (!again || filter::passes(&self.replay_events, &event.name))
    }
}

/// Locks an endpoint that is enabled; `None` also where another server is at it.
pub(super) async fn listener(tx: &mut TenantTx, id: WebhookId) -> Result<Option<Listener>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT told_seq, events, replay_until, replay_events, format, signing_secret IS NOT NULL AS "takes_answers!"
           FROM webhook_endpoints
           WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NULL FOR NO KEY UPDATE SKIP LOCKED"#,
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Listener {
            told_seq: r.told_seq,
            events: r.events,
            replay_until: r.replay_until,
            replay_events: r.replay_events,
            format: format(&r.format)?,
            takes_answers: r.takes_answers,
        })
    })
    .transpose()
}

/// Events after a number, oldest first; for HYVVE itself, which sees all.
pub(super) async fn events_after(tx: &mut TenantTx, seq: i64, limit: i64) -> Result<Vec<Event>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT seq, id, type AS name, version, subject_kind, subject_id, payload, created_at FROM events
         WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        workspace,
        seq,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Event {
            seq: r.seq,
            id: r.id,
            name: r.name,
            version: r.version,
            subject_kind: r.subject_kind,
            subject_id: r.subject_id,
            payload: r.payload,
            created_at: Timestamp(r.created_at),
        })
        .collect())
}

/// Deliveries that are to be written, by column.
#[derive(Default)]
pub(super) struct New {
    pub(super) ids: Vec<Uuid>,
    pub(super) events: Vec<Uuid>,
    pub(super) seqs: Vec<i64>,
    pub(super) names: Vec<String>,
    pub(super) bodies: Vec<String>,
}

impl New {
    /// One more, of this event.
    pub(super) fn push(&mut self, event: &Event, body: String) {
        self.ids.push(WebhookDeliveryId::new().0);
        self.events.push(event.id);
        self.seqs.push(event.seq);
        self.names.push(event.name.clone());
        self.bodies.push(body);
    }
}

/// Adds deliveries, each due at once; those that were there already begin anew. Then the endpoint has been told up to `seq`.
pub(super) async fn spread(tx: &mut TenantTx, endpoint: WebhookId, new: &New, seq: i64) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO webhook_deliveries (workspace_id, endpoint_id, id, event_id, seq, type, body)
         SELECT $1, $2, * FROM unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::text[])
         ON CONFLICT ON CONSTRAINT webhook_deliveries_once
         DO UPDATE SET state = 'waiting', begun_at = now(), due_at = now(), attempts = webhook_deliveries.attempts + 1,
           begun_at_attempt = webhook_deliveries.attempts + 1",
        workspace,
        endpoint.0,
        &new.ids,
        &new.events,
        &new.seqs,
        &new.names,
        &new.bodies,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE webhook_endpoints SET told_seq = $3 WHERE workspace_id = $1 AND id = $2",
        workspace,
        endpoint.0,
        seq,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds a test, which whoever adds it sends at once.
pub(super) async fn insert_test(
    tx: &mut TenantTx,
    (endpoint, id): (WebhookId, WebhookDeliveryId),
    event: Uuid,
    name: &str,
    body: &str,
    given_up: Timestamp,
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO webhook_deliveries (workspace_id, endpoint_id, id, event_id, type, body, due_at, attempts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1)",
        workspace,
        endpoint.0,
        id.0,
        event,
        name,
        body,
        given_up.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A delivery that this server is to send.
#[derive(Clone, Copy)]
pub(super) struct Claimed {
    pub(super) workspace: WorkspaceId,
    pub(super) endpoint: WebhookId,
    pub(super) id: WebhookDeliveryId,
    /// Whoever claims it after this one has another number.
    pub(super) attempt: i32,
}

/// Claims deliveries of an endpoint that are due, `limit` at most. Until `given_up` they are this server's.
pub(super) async fn claim(
    tx: &mut SystemTx,
    workspace: WorkspaceId,
    endpoint: WebhookId,
    limit: i64,
    given_up: Timestamp,
) -> Result<Vec<Claimed>> {
    let rows = sqlx::query!(
        r#"WITH taken AS (
             SELECT one.id FROM webhook_deliveries one
             JOIN webhook_endpoints e ON e.workspace_id = one.workspace_id AND e.id = one.endpoint_id AND e.disabled_at IS NULL
             JOIN workspaces w ON w.id = one.workspace_id AND w.deleted_at IS NULL
             WHERE one.workspace_id = $1 AND one.endpoint_id = $2 AND one.state = 'waiting' AND one.due_at <= now()
             ORDER BY one.due_at, one.seq LIMIT $3 FOR UPDATE OF one SKIP LOCKED)
           UPDATE webhook_deliveries d SET due_at = $4, attempts = attempts + 1 FROM taken
           WHERE d.workspace_id = $1 AND d.id = taken.id RETURNING d.id AS "id: WebhookDeliveryId", d.attempts AS attempt"#,
        workspace.0,
        endpoint.0,
        limit,
        given_up.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| Claimed { workspace, endpoint, id: r.id, attempt: r.attempt }).collect())
}

/// Lets an endpoint have its next job when the next of its deliveries is due, if there is one that [`claim`] would give then. Whoever
/// has had a turn waits behind those who have not, however long its deliveries have been due.
pub(super) async fn due_again(tx: &mut SystemTx, workspace: WorkspaceId, endpoint: WebhookId) -> Result<()> {
    sqlx::query!(
        "SELECT job_at('webhook', $1, $2, greatest(min(d.due_at), now()), true) FROM webhook_deliveries d
         JOIN webhook_endpoints e ON e.workspace_id = d.workspace_id AND e.id = d.endpoint_id AND e.disabled_at IS NULL
         JOIN workspaces w ON w.id = d.workspace_id AND w.deleted_at IS NULL
         WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.state = 'waiting' HAVING min(d.due_at) IS NOT NULL",
        workspace.0,
        endpoint.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What is sent, where, and with which secrets, the present one first, it is signed.
pub(super) struct Parcel {
    pub(super) url: String,
    /// The address as it is sealed, where `url` has only some of it.
    pub(super) address: Option<Vec<u8>>,
    pub(super) event: Uuid,
    pub(super) is_test: bool,
    pub(super) body: String,
    pub(super) begun_at: Timestamp,
    /// How often it was tried since then, this time included.
    pub(super) tries: i32,
    pub(super) sealed: Vec<Vec<u8>>,
}

/// A delivery as it is sent now; `None` where it is not to be sent any more.
pub(super) async fn parcel(tx: &mut TenantTx, claimed: &Claimed) -> Result<Option<Parcel>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT e.url, e.address, d.event_id, d.seq, d.body, d.begun_at, d.attempts - d.begun_at_attempt AS "tries!", e.secret,
                CASE WHEN e.old_secret_until > now() THEN e.old_secret END AS old_secret
         FROM webhook_deliveries d JOIN webhook_endpoints e ON e.workspace_id = d.workspace_id AND e.id = d.endpoint_id
         WHERE d.workspace_id = $1 AND d.id = $2 AND d.state = 'waiting' AND d.attempts = $3"#,
        workspace,
        claimed.id.0,
        claimed.attempt,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Parcel {
        url: r.url,
        address: r.address,
        event: r.event_id,
        is_test: r.seq.is_none(),
        body: r.body,
        begun_at: Timestamp(r.begun_at),
        tries: r.tries,
        sealed: [Some(r.secret), r.old_secret].into_iter().flatten().collect(),
    }))
}

/// Writes down what came of a try, and how far the delivery has come with it, unless somebody else is at it by now.
pub(super) async fn settle(
    tx: &mut TenantTx,
    claimed: &Claimed,
    answer: &Answer,
    state: State,
    due: Option<Timestamp>,
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE webhook_deliveries SET state = $4, due_at = coalesce($5, due_at)
         WHERE workspace_id = $1 AND id = $2 AND state = 'waiting' AND attempts = $3",
        workspace,
        claimed.id.0,
        claimed.attempt,
        state.as_str(),
        due.map(|due| due.0),
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO webhook_tries (workspace_id, delivery_id, id, at, duration_ms, status, error, reply)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        workspace,
        claimed.id.0,
        Uuid::now_v7(),
        answer.at.0,
        i32::try_from(answer.took.as_millis()).unwrap_or(i32::MAX),
        answer.status.map(i32::from),
        answer.error,
        answer.reply,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins a delivery anew; whether it is there.
pub(super) async fn begin_again(tx: &mut TenantTx, endpoint: WebhookId, id: WebhookDeliveryId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE webhook_deliveries SET state = 'waiting', begun_at = now(), due_at = now(), attempts = attempts + 1,
           begun_at_attempt = attempts + 1
         WHERE workspace_id = $1 AND endpoint_id = $2 AND id = $3",
        workspace,
        endpoint.0,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An endpoint's deliveries, the newest first, and how many there are; or one of them.
pub(super) async fn page(
    tx: &mut TenantTx,
    endpoint: WebhookId,
    only: Option<WebhookDeliveryId>,
    page: PageRequest,
) -> Result<(Vec<Delivery>, i64)> {
    let workspace = tx.workspace().0;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM webhook_deliveries WHERE workspace_id = $1 AND endpoint_id = $2"#,
        workspace,
        endpoint.0,
    )
    .fetch_one(tx.conn())
    .await?;
    let rows = sqlx::query!(
        "SELECT id, event_id, seq, type AS name, state, begun_at, due_at FROM webhook_deliveries
         WHERE workspace_id = $1 AND endpoint_id = $2 AND (id = $3 OR $3::uuid IS NULL)
         ORDER BY begun_at DESC, id DESC LIMIT $4 OFFSET $5",
        workspace,
        endpoint.0,
        only.map(|id| id.0),
        page.size,
        page.offset(),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut deliveries = Vec::with_capacity(rows.len());
    for r in rows {
        let state = state(&r.state)?;
        deliveries.push(Delivery {
            id: WebhookDeliveryId(r.id),
            event_id: r.event_id,
            seq: r.seq,
            name: r.name,
            state,
            begun_at: Timestamp(r.begun_at),
            next_try_at: (state == State::Waiting).then_some(Timestamp(r.due_at)),
            tries: Vec::new(),
        });
    }
    add_tries(tx, &mut deliveries).await?;
    Ok((deliveries, total))
}

async fn add_tries(tx: &mut TenantTx, deliveries: &mut [Delivery]) -> Result<()> {
    let workspace = tx.workspace().0;
    let ids: Vec<Uuid> = deliveries.iter().map(|delivery| delivery.id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT t.delivery_id AS "delivery_id!", t.at AS "at!: OffsetDateTime", t.duration_ms AS "duration_ms!", t.status, t.error,
                  t.reply AS "reply!"
           FROM unnest($2::uuid[]) AS of (id) CROSS JOIN LATERAL (
             SELECT delivery_id, id, at, duration_ms, status, error, reply FROM webhook_tries
             WHERE workspace_id = $1 AND delivery_id = of.id ORDER BY id DESC LIMIT $3) t
           ORDER BY t.id DESC"#,
        workspace,
        &ids,
        SHOWN,
    )
    .fetch_all(tx.conn())
    .await?;
    for r in rows {
        let one =
            Try { at: Timestamp(r.at), duration_ms: r.duration_ms, status: r.status, error: r.error, reply: r.reply };
        if let Some(delivery) = deliveries.iter_mut().find(|delivery| delivery.id.0 == r.delivery_id) {
            delivery.tries.push(one);
        }
    }
    Ok(())
}

fn state(word: &str) -> Result<State> {
    let all = [State::Waiting, State::Delivered, State::Failed, State::Cancelled];
    all.into_iter().find(|state| state.as_str() == word).ok_or_else(|| Error::internal("a delivery in no known state"))
}

/// Removes deliveries that began a month ago, with their tries; answers how many.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM webhook_deliveries WHERE begun_at < now() - interval '30 days'")
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
