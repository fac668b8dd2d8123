//! What holds with either back end.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use futures::future::join_all;
use hyvve_domain::{PageRequest, events::dead_letters};
use tokio::time::sleep;

use super::stage::{FINE, Kind, Manner, Stage, pace};

macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod with_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Kind::Postgres).await;
            })+
        }
        mod with_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Kind::Redis).await;
            })+
        }
    };
}

on_both!(
    every_event_takes_effect_once_and_in_order,
    a_new_consumer_hears_of_what_happens_from_then_on,
    what_cannot_be_dealt_with_is_a_dead_letter_and_the_rest_goes_on,
    what_a_node_had_in_hand_when_it_died_is_dealt_with_by_another,
    what_takes_longer_than_others_wait_does_not_take_effect_twice,
    a_node_goes_on_where_another_one_ended,
    a_deleted_workspace_rests,
);

async fn every_event_takes_effect_once_and_in_order(kind: Kind) {
    let mut stage = Stage::set(kind).await;
    let (mut one, mut other) = (stage.node("one", pace()).await, stage.node("other", pace()).await);
    one.consume(&mut stage, &Manner::default()).await;
    other.consume(&mut stage, &Manner::default()).await;
    let mut tenants = Vec::new();
    for email in ["ada@example.com", "grace@example.com", "mia@example.com"] {
        tenants.push(one.workspace(email).await);
    }
    let (nodes, all) = ([&one, &other], &tenants);
    join_all(nodes.into_iter().flat_map(|node| all.iter().map(move |tenant| node.happen(tenant, 700)))).await;
    stage.all_recorded(&tenants).await;
    assert_eq!(stage.count("SELECT count(*) FROM event_dead_letters").await, 0);
}

async fn a_new_consumer_hears_of_what_happens_from_then_on(kind: Kind) {
    let mut stage = Stage::set(kind).await;
    let mut node = stage.node("one", pace()).await;
    let old = node.workspace("ada@example.com").await;
    node.happen(&old, 10).await;
    let before = stage.count("SELECT count(*) FROM events").await;
    node.consume(&mut stage, &Manner::default()).await;
    node.happen(&old, 5).await;
    let new = node.workspace("grace@example.com").await;
    node.happen(&new, 5).await;
    stage.all_recorded(&[new]).await;
    stage.all_recorded_but(&[old], &(1..=before).collect::<Vec<_>>()).await;
}

async fn what_cannot_be_dealt_with_is_a_dead_letter_and_the_rest_goes_on(kind: Kind) {
    let mut stage = Stage::set(kind).await;
    let mut node = stage.node("one", pace()).await;
    let manner = Manner::default();
    node.consume(&mut stage, &manner).await;
    let (ada, grace) = (node.workspace("ada@example.com").await, node.workspace("grace@example.com").await);
    node.happen(&ada, 150).await;
    let bad = ["refused", "panics", "breaks the transaction"];
    let mut texts = vec![FINE; 30];
    for (n, bad) in bad.iter().enumerate() {
        texts.insert(7 * (n + 1), bad);
    }
    let first = stage.count("SELECT max(event_seq) FROM workspace_heads").await;
    node.happen_with(&ada, &texts).await;
    node.happen(&grace, 20).await;
    node.happen(&ada, 50).await;
    let dead = [first + 8, first + 15, first + 22];
    stage.all_recorded_but(&[ada, grace], &dead).await;

    let s = node.services();
    let letters = dead_letters::service::list(s, &ada, PageRequest::default()).await.unwrap().items;
    let mut seqs: Vec<i64> = letters.iter().map(|letter| letter.event.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, dead);
    assert!(
        letters.iter().all(|letter| letter.tries == 5 && letter.consumer == "recorder" && letter.next_try_at.is_none())
    );
    let refused = letters.iter().find(|letter| letter.event.payload["tool"] == "refused").unwrap();
    assert_eq!(refused.error, "This cannot be dealt with. (UNPROCESSABLE)");
    assert!(!letters.iter().any(|letter| letter.error.contains("division") || letter.error.contains("is broken")));
    assert_eq!(dead_letters::service::list(s, &grace, PageRequest::default()).await.unwrap().total, 0);
    assert_eq!(stage.count("SELECT count(*) FROM audit_log WHERE action = 'event.dead_lettered'").await, 3);

    // Put back too early, it comes back; cured, it takes effect, once; and what is discarded does not.
    dead_letters::service::requeue(s, &ada, letters[0].id).await.unwrap();
    let since = Instant::now();
    loop {
        let letter = dead_letters::service::get(s, &ada, letters[0].id).await.unwrap();
        if letter.next_try_at.is_none() && letter.tries == 5 && letter.died_at > letters[0].died_at {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "it does not come back: {letter:?}");
        sleep(Duration::from_millis(50)).await;
    }
    manner.cured.store(true, Ordering::SeqCst);
    dead_letters::service::discard(s, &ada, letters[1].id).await.unwrap();
    for letter in [&letters[0], &letters[2]] {
        dead_letters::service::requeue(s, &ada, letter.id).await.unwrap();
    }
    let since = Instant::now();
    while stage.count("SELECT count(*) FROM event_dead_letters").await > 0 {
        assert!(since.elapsed() < Duration::from_secs(20), "dead letters stay dead");
        sleep(Duration::from_millis(50)).await;
    }
    let recorded = stage.recorded().await;
    let often = |seq: i64| recorded.iter().filter(|(id, n, _)| (*id, *n) == (ada.workspace.0, seq)).count();
    let seen: Vec<usize> = letters.iter().map(|letter| often(letter.event.seq)).collect();
    assert_eq!(seen, [1, 0, 1]);
}

async fn what_a_node_had_in_hand_when_it_died_is_dealt_with_by_another(kind: Kind) {
    let mut stage = Stage::set(kind).await;
    let (mut one, mut other) = (stage.node("one", pace()).await, stage.node("other", pace()).await);
    let hangs = Manner { hangs: true, ..Manner::default() };
    one.consume(&mut stage, &hangs).await;
    let ada = one.workspace("ada@example.com").await;
    one.happen(&ada, 1_000).await;
    let since = Instant::now();
    // An error is no number.
    let in_hand = |stage: &Stage| match &stage.redis {
        None => hangs.asked.load(Ordering::SeqCst) > 0,
        Some(redis) => {
            let pending = redis.answer("XPENDING hyvve:events recorder");
            pending.first().and_then(|n| n.strip_prefix(':')?.parse::<u32>().ok()).is_some_and(|n| n >= 1_000)
        }
    };
    while !in_hand(&stage) {
        assert!(since.elapsed() < Duration::from_secs(10), "the first node is told of nothing");
        sleep(Duration::from_millis(20)).await;
    }
    other.consume(&mut stage, &Manner::default()).await;
    sleep(Duration::from_millis(300)).await;
    assert!(stage.recorded().await.is_empty(), "as long as one is at it, nobody else is");
    one.die().await;
    stage.all_recorded(&[ada]).await;
    assert!(stage.recorded().await.iter().all(|(_, _, node)| node == "other"));
    // Redis as well knows that nothing is in anybody's hands.
    let since = Instant::now();
    while stage.redis.as_ref().is_some_and(|redis| redis.answer("XPENDING hyvve:events recorder") != [":0"]) {
        assert!(since.elapsed() < Duration::from_secs(10), "what the dead node was told of is not claimed");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn what_takes_longer_than_others_wait_does_not_take_effect_twice(kind: Kind) {
    let mut stage = Stage::set(kind).await;
    let (mut one, mut other) = (stage.node("one", pace()).await, stage.node("other", pace()).await);
    let slow = Manner { slow: 4 * pace().idle, ..Manner::default() };
    one.consume(&mut stage, &slow).await;
    other.consume(&mut stage, &slow).await;
    let ada = one.workspace("ada@example.com").await;
    one.happen(&ada, 30).await;
    stage.all_recorded(&[ada]).await;
    // Nor later, when whoever claimed it has waited.
    sleep(2 * pace().idle).await;
    stage.all_recorded(&[ada]).await;
    let turns = stage.count("SELECT count(DISTINCT xmin::text) FROM recorded").await;
    assert_eq!(slow.asked.load(Ordering::SeqCst) as i64, turns, "nobody begins what somebody else is at");
}

async fn a_node_goes_on_where_another_one_ended(kind: Kind) {
    let mut stage = Stage::set(kind).await;
    let mut one = stage.node("one", pace()).await;
    one.consume(&mut stage, &Manner::default()).await;
    let ada = one.workspace("ada@example.com").await;
    let mut other = stage.node("other", pace()).await;
    other.consume(&mut stage, &Manner::default()).await;
    one.happen(&ada, 300).await;
    one.die().await;
    other.happen(&ada, 300).await;
    stage.all_recorded(&[ada]).await;
    let last = stage.recorded().await.pop().unwrap();
    assert_eq!(last.2, "other");
}

async fn a_deleted_workspace_rests(kind: Kind) {
    let mut stage = Stage::set(kind).await;
    let mut node = stage.node("one", pace()).await;
    node.consume(&mut stage, &Manner::default()).await;
    let ada = node.workspace("ada@example.com").await;
    node.happen(&ada, 5).await;
    stage.all_recorded(&[ada]).await;
    assert_eq!(stage.change("UPDATE workspaces SET deleted_at = now()").await, 1);
    node.happen(&ada, 5).await;
    sleep(3 * pace().look).await;
    let before = stage.recorded().await.len() as i64;
    assert_eq!(stage.count("SELECT count(*) FROM events").await, before + 5);
    assert_eq!(stage.change("UPDATE workspaces SET deleted_at = NULL").await, 1);
    stage.all_recorded(&[ada]).await;
}
