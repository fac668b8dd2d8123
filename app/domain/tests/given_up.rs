//! Requests are given up at any moment: a browser leaves a page, a proxy loses patience. What they began does not live on.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "support/mod.rs"]
mod support;

use std::time::Duration;

use hyvve_domain::workspaces;
use support::World;
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

/// Gives a future up after it was looked at a number of times.
async fn give_up(after: usize, work: impl Future) {
    let patience = async {
        for _ in 0..after {
            yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = work => {}
        () = patience => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_beginner_is_gone_is_no_longer_open() {
    let world = World::new().await;
    let (s, actor) = (&world.services, &world.owner);
    let user = actor.user_id().unwrap();
    for round in 0..400 {
        give_up(round % 80, s.db.tenant(actor)).await;
        give_up(round % 80, s.db.user(user)).await;
        give_up(round % 80, s.db.system("given up")).await;
        give_up(round % 80, workspaces::service::memberships(s, user)).await;
    }
    let mut root = world.root().await;
    let settled = async {
        loop {
            let open: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'hyvve%' AND state LIKE 'idle in transaction%'",
            )
            .fetch_one(&mut root)
            .await
            .unwrap();
            if open == 0 {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), settled).await.unwrap();
}
