//! The outbox as those read it who see little of it.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "support/mod.rs"]
mod support;

use hyvve_domain::{
    Actor, Role, events,
    ids::UserId,
    workspaces::{WorkspaceChanges, service},
};
use sqlx::AssertSqlSafe;
use support::World;

#[tokio::test]
async fn a_follower_goes_on_past_what_it_may_not_see() {
    let world = World::new().await;
    let (s, owner) = (&world.services, &world.owner);
    let (guest, workspace) = (UserId::new(), owner.workspace);
    let joins = format!(
        "INSERT INTO users (id, email, name) VALUES ('{guest}', 'guest@example.com', 'Guest');
         INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ('{workspace}', '{guest}', 'guest')"
    );
    sqlx::raw_sql(AssertSqlSafe(joins)).execute(&mut world.root().await).await.unwrap();
    let guest = Actor::user(workspace, guest, Role::Guest);
    for name in ["One", "Two", "Three"] {
        let changes = WorkspaceChanges { name: Some(name.into()), ..WorkspaceChanges::default() };
        service::update(s, owner, changes).await.unwrap();
    }
    let head = events::service::head(s, owner).await.unwrap();
    let (seen, reached) = events::service::after(s, owner, 0).await.unwrap();
    assert_eq!((seen.len() as i64, seen.last().unwrap().seq, reached), (head, head, head));
    let (seen, reached) = events::service::after(s, &guest, 0).await.unwrap();
    assert_eq!((seen, reached), (vec![], head));
    // Whoever stands at the end finds nothing, and stays there.
    assert_eq!(events::service::after(s, owner, head).await.unwrap(), (vec![], head));
}
