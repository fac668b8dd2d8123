//! A hundred decisions a second, at two servers, while their Redis dies and comes back empty.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};
use hyvve_domain::Actor;
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{interval, sleep, timeout},
};

use super::stage::{Kind, Manner, Stage, pace};
use crate::{
    inbox::people,
    races::{all, ask_for_changes},
    support::{Caller, Sse, id, until},
};

/// Runs, each of which waits for two decisions: on a change and on a mail.
const RUNS: usize = 50;
/// What a program outside has proposed besides.
const OUTSIDE: usize = 500;
/// All that is decided, a hundred a second. Every so manyth is of a run, so that those are decided throughout.
const DECISIONS: usize = OUTSIDE + 2 * RUNS;
const OF_A_RUN: usize = DECISIONS / (2 * RUNS);
const EVERY: Duration = Duration::from_millis(10);
/// After so many decisions Redis is killed.
const KILLED: usize = 200;
/// After so many it is there again, with nothing in it.
const BACK: usize = 350;
/// After so many it forgets everything once more.
const WIPED: usize = 500;
/// How many are under way at once, at most: a slow machine decides less often, and turns nobody away.
const AT_ONCE: usize = 16;
/// How long whatever follows from the last decision may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A decision as it will be taken.
struct Plan {
    item: Value,
    is_yes: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_killed_and_wiped_under_a_hundred_decisions_a_second_loses_none() {
    let mut stage = Stage::set(Kind::Redis).await;
    let mut node = stage.node("recorder", pace()).await;
    node.consume(&mut stage, &Manner::default()).await;
    let (one, two) = (stage.server().await, stage.server().await);
    let (grace, mia) = people(&one).await;
    let runs = ask_for_changes(&grace, RUNS).await;
    stream::iter(0..OUTSIDE).for_each_concurrent(AT_ONCE, |n| propose(&mia, n)).await;
    let plans = plans(all(&grace, "/api/approvals?status=pending").await);
    let reader = tokio::spawn(decisions_heard(grace.clone().at(&two).open("/api/stream").await));

    decide(&mut stage, &plans, [&grace, &grace.clone().at(&two)]).await;

    for run in runs {
        until(&grace, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    }
    let settled = async {
        while stage.count("SELECT count(*) FROM effects WHERE state = 'intended'").await > 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, settled).await.expect("effects begin");
    // Each was decided once, and as it was sent.
    let yes = |tool: &str| plans.iter().filter(|plan| plan.is_yes && plan.item["type"] == tool).count() as i64;
    let approved = plans.iter().filter(|plan| plan.is_yes).count() as i64;
    for (what, expected) in [
        ("SELECT count(*) FROM approval_items WHERE status = 'approved'", approved),
        ("SELECT count(*) FROM approval_items WHERE status = 'rejected'", DECISIONS as i64 - approved),
        ("SELECT count(*) FROM approval_decisions", DECISIONS as i64),
        ("SELECT count(DISTINCT approval_id) FROM approval_decisions", DECISIONS as i64),
        // Each effect began once, and happened once.
        ("SELECT count(*) FROM effects", approved),
        ("SELECT count(*) FROM effects WHERE state = 'executing' AND tool = 'external'", yes("external")),
        ("SELECT count(*) FROM effects WHERE state = 'done'", yes("update_record") + yes("send_email")),
        ("SELECT sum(version - 1) FROM records", yes("update_record")),
        ("SELECT count(*) FROM records WHERE version > 1", yes("update_record")),
        ("SELECT count(*) FROM mails", yes("send_email")),
    ] {
        assert_eq!(stage.count(what).await, expected, "{what}");
    }
    // Each was told of once, to the consumer and to whoever reads the stream.
    stage.all_recorded(&[Actor::system(grace.workspace().parse().unwrap())]).await;
    let recorded = "SELECT count(*) FROM recorded r JOIN events e ON e.id = r.event_id
                    WHERE e.type IN ('approval.approved', 'approval.rejected')";
    assert_eq!(stage.count(recorded).await, DECISIONS as i64);
    assert_eq!(stage.count("SELECT count(*) FROM event_dead_letters").await, 0);
    let heard = timeout(PATIENCE, reader).await.expect("the stream tells of all").unwrap();
    assert!(heard.is_sorted_by(|(before, _), (after, _)| before < after), "in order, and nothing twice");
    let mut items: Vec<_> = heard.into_iter().map(|(_, item)| item).collect();
    items.sort_unstable();
    items.dedup();
    assert_eq!(items.len(), DECISIONS);
}

/// Something that a program outside wants to do.
async fn propose(member: &Caller, n: usize) {
    let body = json!({ "action": "refund_payment", "arguments": { "payment": format!("p-{n}"), "amount": n } });
    member.post("/api/approvals", &body).await.expect(201);
}

/// In which order items are decided on, and how: one in five is rejected.
fn plans(items: Vec<Value>) -> Vec<Plan> {
    assert_eq!(items.len(), DECISIONS);
    let (outside, of_runs): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| item["type"] == "external");
    let (mut outside, mut of_runs) = (outside.into_iter(), of_runs.into_iter());
    let mut next = |n: usize| if n.is_multiple_of(OF_A_RUN) { of_runs.next() } else { outside.next() };
    (0..DECISIONS).map(|n| Plan { item: next(n).expect("an item of that kind"), is_yes: n % 5 != 4 }).collect()
}

/// Takes all decisions at both servers, a hundred a second, and lets Redis die in the middle. Each is answered as if nothing were.
async fn decide(stage: &mut Stage, plans: &[Plan], at: [&Caller; 2]) {
    let (mut ticks, mut under_way) = (interval(EVERY), JoinSet::new());
    let places = Arc::new(Semaphore::new(AT_ONCE));
    for (n, Plan { item, is_yes }) in plans.iter().enumerate() {
        ticks.tick().await;
        match n {
            KILLED => stage.redis().kill(),
            BACK => stage.redis().restart().await,
            WIPED => stage.redis().tell("FLUSHALL"),
            _ => {}
        }
        let (who, place) = (at[n / 7 % 2].clone(), Arc::clone(&places).acquire_owned().await.unwrap());
        let (verb, body) = if *is_yes { ("approve", json!({})) } else { ("reject", json!({ "reason": "No." })) };
        let path = format!("/api/approvals/{}/{verb}", id(item));
        under_way.spawn(async move {
            who.post(&path, &body).await.expect(200);
            drop(place);
        });
    }
    while let Some(decided) = under_way.join_next().await {
        decided.unwrap();
    }
}

/// Numbers and items of the decisions that a stream tells of, once it has told of enough.
async fn decisions_heard(mut stream: Sse) -> Vec<(i64, String)> {
    let mut heard = Vec::new();
    while heard.len() < DECISIONS {
        let frame = stream.next_of("event").await;
        if matches!(frame.data["type"].as_str(), Some("approval.approved" | "approval.rejected")) {
            let item = frame.data["subjectId"].as_str().expect("what it is about").to_owned();
            heard.push((frame.id.expect("its number"), item));
        }
    }
    heard
}
