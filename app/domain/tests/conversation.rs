//! However much was said, a conversation shows what has ended as ended, to its last word, and says what it leaves out.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "support/mod.rs"]
mod support;

use std::time::Duration;

use hyvve_domain::agents::{
    RunStatus, TurnItem,
    service::{NewRun, TURNS, agents, conversation, run, start},
};
use sqlx::{AssertSqlSafe, Executor as _};
use support::World;

/// More than two reads of events.
const PIECES: i64 = 10_500;

#[tokio::test]
async fn a_long_answer_is_whole_and_what_does_not_show_is_counted() {
    let world = World::new().await;
    let (s, owner) = (&world.services, &world.owner);
    let agent = agents(s, owner).await.unwrap().remove(0);
    let new = NewRun {
        run_id: None,
        agent_id: agent.id,
        session_id: None,
        message: "Good morning".into(),
        images: Vec::new(),
        output_schema: None,
    };
    let first = start(s, owner, new).await.unwrap();
    while run(s, owner, first.id).await.unwrap().run.status != RunStatus::Completed {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let talk = conversation(s, owner, first.session_id).await.unwrap();
    assert_eq!((talk.turns.len(), talk.earlier), (1, 0));

    let mut root = world.root().await;
    // Its answer becomes one of very many pieces, and it ends after the last.
    root.execute(AssertSqlSafe(format!(
        "DELETE FROM run_events WHERE index > 0;
         INSERT INTO run_events (workspace_id, run_id, index, name, data, created_at)
           SELECT r.workspace_id, r.id, n, CASE WHEN n <= {PIECES} THEN 'RunContent' ELSE 'RunCompleted' END, '{{\"content\": \"x\"}}', now()
           FROM runs r, generate_series(1, {PIECES} + 1) n"
    )))
    .await
    .unwrap();
    let turn = conversation(s, owner, first.session_id).await.unwrap().turns.remove(0);
    assert_eq!(turn.status, RunStatus::Completed);
    let said: usize =
        turn.items.iter().map(|item| if let TurnItem::Text { text } = item { text.len() } else { 0 }).sum();
    assert_eq!(i64::try_from(said).unwrap(), PIECES);

    // What has ended is over, whatever its events say.
    root.execute(AssertSqlSafe(format!("DELETE FROM run_events WHERE index > {PIECES}"))).await.unwrap();
    let turn = conversation(s, owner, first.session_id).await.unwrap().turns.remove(0);
    assert_eq!(turn.status, RunStatus::Completed);

    root.execute(AssertSqlSafe(format!(
        "INSERT INTO runs (workspace_id, id, agent_id, session_id, requester_id, status, input, created_at)
         SELECT workspace_id, gen_random_uuid(), agent_id, session_id, requester_id, 'COMPLETED', n::text, created_at + n * interval '1 second'
         FROM runs, generate_series(1, {TURNS} + 2) n"
    )))
    .await
    .unwrap();
    let talk = conversation(s, owner, first.session_id).await.unwrap();
    assert_eq!((talk.turns.len() as i64, talk.earlier), (TURNS, 3));
    assert_eq!((talk.turns[0].input.as_str(), talk.turns.last().unwrap().input.as_str()), ("3", "52"));
}
