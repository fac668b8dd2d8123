//! Numbers for audit entries and events, from the workspace's one head row, locked last in the transaction.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Actor, Result, Timestamp,
    audit::{Entry, chain},
    events::Draft,
    ids::EventId,
};

/// Writes entries and events with the next numbers of the actor's workspace, and moves its head.
pub(crate) async fn append(conn: &mut PgConnection, actor: &Actor, entries: &[Entry], events: &[Draft]) -> Result<()> {
    let workspace = actor.workspace;
    let head = sqlx::query!(
        "SELECT event_seq, audit_seq, audit_hash FROM workspace_heads WHERE workspace_id = $1 FOR UPDATE",
        workspace.0,
    )
    .fetch_one(&mut *conn)
    .await?;

    let at = Timestamp::now();
    let links = chain::link(actor, at, head.audit_seq, &head.audit_hash, entries)?;
    if !links.is_empty() {
        append_audit(conn, actor, &links).await?;
    }
    if !events.is_empty() {
        append_events(conn, actor, at, head.event_seq, events).await?;
    }
    sqlx::query!(
        "UPDATE workspace_heads SET event_seq = event_seq + $2, audit_seq = audit_seq + $3, audit_hash = $4 WHERE workspace_id = $1",
        workspace.0,
        events.len() as i64,
        links.len() as i64,
        links.last().map_or(head.audit_hash.as_slice(), |l| l.hash.as_slice()),
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn append_audit(conn: &mut PgConnection, actor: &Actor, links: &[chain::Link<'_>]) -> Result<()> {
    let seqs: Vec<i64> = links.iter().map(|l| l.seq).collect();
    let actions: Vec<String> = links.iter().map(|l| l.entry.action.to_owned()).collect();
    let kinds: Vec<String> = links.iter().map(|l| l.entry.subject_kind.to_owned()).collect();
    let subjects: Vec<Option<Uuid>> = links.iter().map(|l| l.entry.subject_id).collect();
    let details: Vec<serde_json::Value> = links.iter().map(|l| l.entry.details.clone()).collect();
    let personal: Vec<Option<Vec<u8>>> = links.iter().map(|l| l.personal.as_ref().map(|p| p.hash.to_vec())).collect();
    let prev: Vec<Vec<u8>> = links.iter().map(|l| l.prev_hash.to_vec()).collect();
    let hashes: Vec<Vec<u8>> = links.iter().map(|l| l.hash.to_vec()).collect();
    sqlx::query!(
        r#"INSERT INTO audit_log (workspace_id, seq, at, actor_kind, actor_id, action, subject_kind, subject_id, details, personal_hash, prev_hash, hash)
           SELECT $1, l.seq, $2, $3, $4, l.action, l.kind, l.subject, l.details, l.personal, l.prev, l.hash
           FROM unnest($5::bigint[], $6::text[], $7::text[], $8::uuid[], $9::jsonb[], $10::bytea[], $11::bytea[], $12::bytea[])
             AS l (seq, action, kind, subject, details, personal, prev, hash)"#,
        actor.workspace.0,
        links[0].at.0,
        actor.kind(),
        actor.id(),
        &seqs,
        &actions,
        &kinds,
        &subjects as &[Option<Uuid>],
        &details,
        &personal as &[Option<Vec<u8>>],
        &prev,
        &hashes,
    )
    .execute(&mut *conn)
    .await?;
    for link in links {
        if let Some(p) = &link.personal {
            sqlx::query!(
                "INSERT INTO audit_personal (workspace_id, seq, salt, data) VALUES ($1, $2, $3, $4)",
                actor.workspace.0,
                link.seq,
                p.salt.as_slice(),
                p.data,
            )
            .execute(&mut *conn)
            .await?;
        }
    }
    Ok(())
}

async fn append_events(
    conn: &mut PgConnection,
    actor: &Actor,
    at: Timestamp,
    head: i64,
    events: &[Draft],
) -> Result<()> {
    let ids: Vec<Uuid> = events.iter().map(|_| EventId::new().0).collect();
    let names: Vec<String> = events.iter().map(|e| e.name.to_owned()).collect();
    let kinds: Vec<String> = events.iter().map(|e| e.subject_kind.to_owned()).collect();
    let subjects: Vec<Option<Uuid>> = events.iter().map(|e| e.subject_id).collect();
    let payloads: Vec<serde_json::Value> = events.iter().map(|e| e.payload.clone()).collect();
    let audiences: Vec<Option<Uuid>> = events.iter().map(|e| e.audience.map(|u| u.0)).collect();
    sqlx::query!(
        r#"INSERT INTO events (workspace_id, seq, id, type, subject_kind, subject_id, payload, audience, created_at)
           SELECT $1, $2 + e.n, e.id, e.name, e.kind, e.subject, e.payload, e.audience, $3
           FROM unnest($4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::jsonb[], $9::uuid[])
             WITH ORDINALITY AS e (id, name, kind, subject, payload, audience, n)"#,
        actor.workspace.0,
        head,
        at.0,
        &ids,
        &names,
        &kinds,
        &subjects as &[Option<Uuid>],
        &payloads,
        &audiences as &[Option<Uuid>],
    )
    .execute(conn)
    .await?;
    Ok(())
}
