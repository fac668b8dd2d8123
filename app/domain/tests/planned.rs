//! What the planner knows of tables that were filled just now.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "support/mod.rs"]
mod support;

use std::sync::Arc;

use hyvve_domain::{
    db,
    ids::WorkspaceId,
    services::{Services, Settings},
};
use sqlx::PgConnection;
use support::{World, member_of_a_new_workspace};

/// How many rows the planner expects of the collection that was filled, and how many there are.
async fn invoices(root: &mut PgConnection, empty: WorkspaceId) -> (f64, f64) {
    let one = "SELECT collection_id FROM records WHERE workspace_id <> $1 GROUP BY collection_id ORDER BY count(*) DESC LIMIT 1";
    let collection: uuid::Uuid = sqlx::query_scalar(one).bind(empty.0).fetch_one(&mut *root).await.unwrap();
    let question = "SELECT id FROM records WHERE collection_id = $1";
    let there = sqlx::query(question).bind(collection).fetch_all(&mut *root).await.unwrap().len() as f64;
    let explain = format!("EXPLAIN (FORMAT JSON) SELECT id FROM records WHERE collection_id = '{collection}'");
    let plan: serde_json::Value = sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_one(root).await.unwrap();
    (plan[0]["Plan"]["Plan Rows"].as_f64().unwrap(), there)
}

#[tokio::test]
async fn a_workspace_that_was_filled_just_now_is_planned_by_what_is_there() {
    let world = World::new().await;
    let settings = Settings { sample_data: true, ..Settings::default() };
    let s = Services { settings: Arc::new(settings), ..world.services.clone() };
    member_of_a_new_workspace(&s, "grace@example.com").await;
    let mut root = world.root().await;
    let (expected, there) = invoices(&mut root, world.owner.workspace).await;
    assert!(there > 500.0 && expected < there / 10.0, "nothing is known yet: {expected} of {there}");

    let owner = world.url("hyvve_owner");
    assert!(db::analyze(&owner).await.unwrap() > 10, "whatever holds rows");
    let (expected, there) = invoices(&mut root, world.owner.workspace).await;
    assert!((expected - there).abs() < there / 10.0, "{expected} of {there}");
    assert_eq!(db::analyze(&owner).await.unwrap(), 0, "once is enough; from there on PostgreSQL goes on by itself");
}
