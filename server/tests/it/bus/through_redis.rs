//! What is particular to Redis: it is told of events by one node at a time, knows nothing of their content, and may lose all of it.

use std::time::{Duration, Instant};

use hyvve_domain::Timestamp;
use tokio::time::{interval, sleep};

use super::stage::{Kind, Manner, RECORDER, Stage, pace, without_looking};

/// Who leads is whoever holds the lock.
const LEADER: &str =
    "SELECT coalesce(max(pid), 0)::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND ((classid::bigint << 32) | objid::bigint) = hashtextextended('events are published', 0)";

/// The moment so many days ago, as Redis numbers entries.
fn days_ago(days: u64) -> i64 {
    Timestamp::now().minus(Duration::from_hours(24 * days)).unix_millis()
}

/// Waits until somebody leads who is not this one.
async fn leader_but(stage: &mut Stage, not: i64) -> i64 {
    let since = Instant::now();
    loop {
        let pid = stage.count(LEADER).await;
        if pid != 0 && pid != not {
            return pid;
        }
        assert!(since.elapsed() < Duration::from_secs(10), "nobody leads");
        sleep(Duration::from_millis(20)).await;
    }
}

/// How many entries there are.
fn length(stage: &mut Stage) -> i64 {
    stage.redis().answer("XLEN hyvve:events")[0].trim_start_matches(':').parse().unwrap()
}

/// Waits until every event is in the stream, and checks that each is once.
async fn all_published(stage: &mut Stage) {
    let all = stage.count("SELECT count(*) FROM events").await;
    let since = Instant::now();
    while length(stage) < all {
        assert!(since.elapsed() < Duration::from_secs(10), "{} of {all} events are published", length(stage));
        sleep(Duration::from_millis(20)).await;
    }
    sleep(Duration::from_millis(200)).await;
    assert_eq!(length(stage), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_wiped_while_things_happen_it_loses_nothing() {
    let mut stage = Stage::set(Kind::Redis).await;
    let (mut one, mut other) = (stage.node("one", pace()).await, stage.node("other", pace()).await);
    one.consume(&mut stage, &Manner::default()).await;
    other.consume(&mut stage, &Manner::default()).await;
    let tenants = [one.workspace("ada@example.com").await, one.workspace("grace@example.com").await];
    // A hundred a second, at both nodes and in both workspaces.
    let happening = async {
        let mut ticks = interval(Duration::from_millis(10));
        for n in 0..600_usize {
            ticks.tick().await;
            let node = if n % 2 == 0 { &one } else { &other };
            node.happen(&tenants[n / 2 % 2], 1).await;
        }
    };
    let redis = stage.redis();
    let trouble = async {
        sleep(Duration::from_secs(1)).await;
        redis.tell("FLUSHALL");
        sleep(Duration::from_secs(1)).await;
        redis.kill();
        sleep(Duration::from_millis(1_500)).await;
        redis.restart().await;
        sleep(Duration::from_millis(1_500)).await;
        redis.tell("FLUSHALL");
    };
    tokio::join!(happening, trouble);
    stage.all_recorded(&tenants).await;
    assert_eq!(stage.count("SELECT count(*) FROM event_dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_has_forgotten_is_told_again() {
    let mut stage = Stage::set(Kind::Redis).await;
    let node = stage.node("one", without_looking()).await;
    let ada = node.workspace("ada@example.com").await;
    node.happen(&ada, 300).await;
    all_published(&mut stage).await;
    stage.redis().tell("FLUSHALL");
    node.happen(&ada, 1).await;
    all_published(&mut stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_node_publishes_when_the_one_that_did_is_gone() {
    let mut stage = Stage::set(Kind::Redis).await;
    let mut other = stage.node("other", without_looking()).await;
    let first = leader_but(&mut stage, 0).await;
    let one = stage.node("one", without_looking()).await;
    other.consume(&mut stage, &Manner::default()).await;
    let ada = other.workspace("ada@example.com").await;
    other.happen(&ada, 50).await;
    stage.all_recorded(&[ada]).await;
    other.die().await;
    let mut third = stage.node("third", without_looking()).await;
    leader_but(&mut stage, first).await;
    third.consume(&mut stage, &Manner::default()).await;
    one.happen(&ada, 50).await;
    stage.all_recorded(&[ada]).await;
    all_published(&mut stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_knows_numbers_and_no_content_and_forgets_what_is_older_than_the_outbox() {
    let mut stage = Stage::set(Kind::Redis).await;
    let mut node = stage.node("one", without_looking()).await;
    node.consume(&mut stage, &Manner::default()).await;
    // Thirty-one days ago, and enough that trimming is worth it.
    let old = days_ago(31);
    for n in 1..=300 {
        stage.redis().answer(&format!("XADD hyvve:events {old}-{n} workspace x seq 1 event x"));
    }
    let ada = node.workspace("ada@example.com").await;
    node.happen_with(&ada, &["a secret of Ada Lovelace"]).await;
    stage.all_recorded(&[ada]).await;
    let all = stage.redis().answer("XRANGE hyvve:events - +").join(" ");
    assert!(all.contains(&ada.workspace.to_string()) && !all.contains("Lovelace") && !all.contains("secret"), "{all}");
    let kept = length(&mut stage);
    assert!(kept < 300, "{kept} entries, of which 300 are too old");
    let names = stage.redis().keys();
    assert!(names.iter().all(|name| name.starts_with("hyvve:events")), "{names:?}");
    let groups = stage.redis().answer("XINFO GROUPS hyvve:events");
    assert!(groups.iter().any(|word| word == RECORDER), "{groups:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_wake_each_other_through_it_and_without_it() {
    let mut stage = Stage::set(Kind::Redis).await;
    let (one, other) = (stage.node("one", without_looking()).await, stage.node("other", without_looking()).await);
    let ada = one.workspace("ada@example.com").await;
    let since = Instant::now();
    while stage.redis().answer("PUBSUB NUMSUB hyvve").last().is_none_or(|n| n != ":2") {
        assert!(since.elapsed() < Duration::from_secs(10), "the nodes do not listen");
        sleep(Duration::from_millis(20)).await;
    }
    sleep(Duration::from_millis(300)).await;
    for is_there in [true, false] {
        if !is_there {
            stage.redis().kill();
        }
        let mut woken = other.services().hub.follow_workspace(ada.workspace);
        woken.mark_unchanged();
        one.happen(&ada, 1).await;
        let woke = tokio::time::timeout(Duration::from_secs(4), woken.changed()).await;
        assert!(woke.is_ok(), "the other node is not woken; Redis is there: {is_there}");
    }
}
