//! What is kept of people is forgotten in time, and not before.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[expect(dead_code, reason = "nobody acts here but HYVVE itself")]
#[path = "support/mod.rs"]
mod support;

use hyvve_domain::{auth, mail, workspaces};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};
use support::World;

async fn count(root: &mut PgConnection, sql: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {sql}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(root).await.unwrap()
}

#[tokio::test]
async fn sessions_links_and_devices_go_when_they_are_over_however_many_there_are() {
    let world = World::new().await;
    let mut root = world.root().await;
    root.execute(
        "DELETE FROM sessions; DELETE FROM known_devices;
         INSERT INTO sessions (id, user_id, token_hash, ip, user_agent, expires_at)
           SELECT gen_random_uuid(), u.id, sha256(n::text::bytea), '192.0.2.7', 'x', now() - interval '1 minute' FROM users u, generate_series(1, 2500) n;
         INSERT INTO sessions (id, user_id, token_hash, expires_at) SELECT gen_random_uuid(), id, sha256('live'), now() + interval '1 minute' FROM users;
         INSERT INTO one_time_tokens (id, kind, user_id, email, token_hash, expires_at, used_at)
           SELECT gen_random_uuid(), 'reset_password', u.id, u.email, sha256(n::text::bytea), now() - n * interval '13 hours', now()
           FROM users u, generate_series(0, 3) n;
         INSERT INTO known_devices (user_id, fingerprint, last_used_at)
           SELECT u.id, sha256(n::text::bytea), now() - n * interval '200 days' FROM users u, generate_series(0, 3) n;",
    )
    .await
    .unwrap();
    let gone = auth::forgotten::purge(&world.services).await.unwrap();
    assert_eq!(gone, 2_500 + 2 + 2);
    for (what, left) in [("sessions", 1), ("one_time_tokens", 2), ("known_devices", 2)] {
        assert_eq!(count(&mut root, what).await, left, "{what}");
    }
    assert_eq!(auth::forgotten::purge(&world.services).await.unwrap(), 0, "once");

    // Whoever was away for years is still told of a new device.
    root.execute("UPDATE known_devices SET last_used_at = last_used_at - interval '3 years'").await.unwrap();
    assert_eq!(auth::forgotten::purge(&world.services).await.unwrap(), 1);
    assert_eq!(count(&mut root, "known_devices").await, 1);
}

#[tokio::test]
async fn invitations_that_ended_a_month_ago_go_with_their_addresses() {
    let world = World::new().await;
    let mut root = world.root().await;
    root.execute(
        "INSERT INTO invitations (workspace_id, id, email, role, token_hash, invited_by, status, expires_at, ended_at)
           SELECT w.id, gen_random_uuid(), n || '@example.com', 'viewer', sha256(n::text::bytea), w.created_by,
                  CASE WHEN n < 3 THEN 'canceled' ELSE 'pending' END,
                  now() - (ARRAY[0, 0, 29, 31, -1])[n] * interval '1 day', CASE n WHEN 1 THEN now() - interval '29 days' WHEN 2 THEN now() - interval '31 days' END
           FROM workspaces w, generate_series(1, 5) n",
    )
    .await
    .unwrap();
    assert_eq!(workspaces::invitations::purge(&world.services).await.unwrap(), 2);
    assert_eq!(count(&mut root, "invitations WHERE email IN ('2@example.com', '4@example.com')").await, 0);
    assert_eq!(count(&mut root, "invitations").await, 3);
}

#[tokio::test]
async fn a_letter_that_nobody_passed_on_loses_its_text_after_a_day() {
    let world = World::new().await;
    let mut root = world.root().await;
    root.execute(
        "INSERT INTO letters (id, cause, recipient, subject, sealed, state, ended_at)
           SELECT gen_random_uuid(), n::text, 'ada@example.com', 'x', 'x', 'kept', now() - n * interval '1 hour' FROM unnest(ARRAY[23, 25]) n",
    )
    .await
    .unwrap();
    mail::letters::purge(&world.services).await.unwrap();
    assert_eq!(count(&mut root, "letters WHERE cause = '23' AND state = 'kept' AND sealed IS NOT NULL").await, 1);
    assert_eq!(count(&mut root, "letters WHERE cause = '25' AND state = 'failed' AND sealed IS NULL").await, 1);
}
