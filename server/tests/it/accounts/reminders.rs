//! Letters about what waits for a decision.

use std::time::Duration;

use serde_json::json;

use super::{World, audit_actions};
use crate::{
    assignment::in_database,
    isolation::functions::call,
    support::{Story, id},
};

#[tokio::test]
async fn who_decides_is_written_to_once_and_can_do_without() {
    let world = World::with(&[("HYVVE_REMIND_SECONDS", "1")]).await;
    let (ada, bob) = (world.app.sign_up("Ada").await, world.app.sign_up("Bob").await);
    let off = call(&bob, "account/reminders", String::new()).await;
    assert!(off.status.is_success(), "{}", off.text);
    let story = Story::of(ada).await;
    Story::of(bob.clone()).await;
    // What is looked for every minute is looked for now.
    let look = async || in_database(world.app.setting("DATABASE_URL"), "SELECT jobs.add_job('remind')").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    look().await;

    let letter = world.letter("ada@example.com", "2 actions wait for a decision").await;
    assert!(letter.contains(story.change["title"].as_str().unwrap()), "{letter}");
    assert!(letter.contains("/approvals"), "{letter}");
    // Looks go on, letters do not: not about the same, and not within the hour.
    story
        .user
        .post(&format!("/api/approvals/{}/reject", id(&story.mail)), &json!({ "reason": "No." }))
        .await
        .expect(200);
    Story::of(story.user.clone()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    look().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.letters("ada@example.com", "for a decision", 1).await;
    assert!(world.all("bob@example.com", "for a decision").is_empty());
    assert!(audit_actions(&bob.get("/api/audit-log").await).contains(&"account.updated"));
}
