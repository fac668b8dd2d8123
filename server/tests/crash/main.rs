//! The crash sweep: the server is killed at every named point of a run's life, again and again, while runs are started and
//! decided, by a person or by a grant. At the end nothing is lost, and no effect happened twice.
//!
//! `CRASH_RUNS` and `CRASH_SEED` choose how many runs and in which order; `cargo xtask crash --runs N --seed S` sets them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed expectation is this test's way of failing"
)]

#[path = "../support/mail_server.rs"]
mod mail_server;
#[path = "../support/plan.rs"]
mod plan;
#[path = "../support/mod.rs"]
mod support;
mod sweep;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use hyvve_domain::crash::POINTS;
use plan::{Plan, setting};
use serde_json::Value;
use support::process::EMAIL;
use sweep::Sweep;

/// Runs that are started in one life of the server.
const PER_LIFE: usize = 8;
/// Runs in each of the lives at the end, and how often those are tried for one point.
const FEW: usize = 2;
const TRIES: usize = 5;
/// How long one life lasts when its point is never reached.
const LIFE: Duration = Duration::from_secs(3);
/// How long everything may take to come to rest at the end.
const SETTLE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_crash_loses_a_run_or_repeats_an_effect() {
    let (runs, seed) = (setting("CRASH_RUNS", 200) as usize, setting("CRASH_SEED", 1));
    let mut plan = Plan(seed);
    let mut world = Sweep::new().await;
    let (customers, invoices) = world.prepare(runs).await;
    let mut acknowledged = Vec::new();
    let mut deaths: BTreeMap<&str, usize> = BTreeMap::new();

    for (life, wishes) in customers.chunks(PER_LIFE).enumerate() {
        // Every point in turn, then again with another visit.
        let point = POINTS[life % POINTS.len()];
        let visit = 1 + plan.next(PER_LIFE);
        if live(&mut world, &format!("{point}:{visit}"), wishes, &mut acknowledged).await {
            *deaths.entry(point).or_default() += 1;
        }
    }
    // Some visits never came. At its first one each point that is left has its death as well.
    let mut few = invoices.chunks(FEW);
    for point in POINTS {
        for _ in 0..TRIES {
            if deaths.contains_key(point) {
                break;
            }
            let wishes = few.next().expect("enough invoices for all lives");
            if live(&mut world, &format!("{point}:1"), wishes, &mut acknowledged).await {
                deaths.insert(*point, 1);
            }
        }
    }

    world.start(None).await;
    let until = Instant::now() + SETTLE;
    while !world.at_rest().await {
        assert!(Instant::now() < until, "something never came to rest: {:#?}", world.unrest().await);
        world.approve_pending().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    judge(&world, &acknowledged).await;
    println!("{} runs acknowledged, killed at: {deaths:?}", acknowledged.len());
    let spared: Vec<_> = POINTS.iter().filter(|point| !deaths.contains_key(*point)).collect();
    assert!(spared.is_empty(), "no server died at {spared:?}");
    world.kill();
}

/// One life of the server, with some runs. Answers whether it died at its point.
async fn live(world: &mut Sweep, at: &str, wishes: &[String], acknowledged: &mut Vec<String>) -> bool {
    world.start(Some(at)).await;
    acknowledged.extend(world.ask(wishes).await);
    let until = Instant::now() + LIFE;
    while Instant::now() < until && world.is_alive() {
        world.approve_pending().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.kill()
}

async fn judge(world: &Sweep, acknowledged: &[String]) {
    let runs = world.all("/api/runs").await;
    let known: HashMap<&str, &Value> = runs.iter().map(|r| (r["id"].as_str().unwrap(), r)).collect();
    for id in acknowledged {
        assert!(known.contains_key(id.as_str()), "run {id} was acknowledged and is lost");
    }
    for run in &runs {
        assert_eq!(run["status"], "COMPLETED", "{run:#}");
    }

    let items = world.all("/api/approvals").await;
    let allowed = items.iter().filter(|item| item["status"] == "auto_approved").count();
    let approved = items.len() - allowed;
    for (wanted, count) in
        [("", items.len()), ("&status=approved", approved), ("&status=auto_approved", allowed), ("&status=pending", 0)]
    {
        let list = world.get(&format!("/api/approvals?pageSize=1{wanted}")).await.expect("a list answers");
        assert_eq!(list["meta"]["total"], count, "the count that is kept is not what is there{wanted}");
    }
    let (mut changes, mut sent, mut unknown) = (0, 0, 0);
    for item in &items {
        assert!(matches!(item["status"].as_str(), Some("approved" | "auto_approved")), "{item:#}");
        match (item["type"].as_str().unwrap(), item["effect"].as_str().unwrap()) {
            ("update_record", "done") => changes += 1,
            ("send_email", "done") => sent += 1,
            ("send_email", "unknown") => unknown += 1,
            other => panic!("an effect ended as {other:?}: {item:#}"),
        }
    }
    let grants = world.get("/api/approval-grants").await.expect("a list answers");
    assert_eq!(grants["data"][0]["used"], allowed, "the grant and the items disagree");
    assert!(allowed * 4 > changes, "{allowed} of {changes} changes went on by themselves");
    // Each run asks for one change of a record of its own, so a second one would show as version 3.
    let mut records = world.all("/api/collections/customers/records").await;
    records.extend(world.all("/api/collections/invoices/records").await);
    let versions: Vec<i64> = records.iter().map(|r| r["version"].as_i64().unwrap()).collect();
    assert!(versions.iter().all(|v| *v <= 2), "a record was changed twice");
    assert_eq!(versions.iter().filter(|v| **v == 2).count(), changes, "the ledger and the records disagree");

    let letters = world.mail.letters();
    let ids: HashSet<&str> = letters.iter().map(|letter| message_id(letter)).collect();
    assert_eq!(ids.len(), letters.len(), "a mail left twice: {ids:?}");
    // HYVVE itself writes as well: that something waits, and that nobody knows whether a mail has left.
    let left = letters.iter().filter(|letter| !is_to(letter, EMAIL)).count();
    assert!(
        (sent..=sent + unknown).contains(&left),
        "{left} mails left; the ledger says {sent} done and {unknown} unknown"
    );

    let verdict = world.post("/api/audit-log/verify", serde_json::json!({})).await.expect("the log can be verified");
    assert_eq!(verdict["data"]["firstBad"], Value::Null, "{verdict:#}");
    println!(
        "{} runs, {changes} changes ({allowed} by themselves), {sent} mails, {unknown} of unknown outcome",
        runs.len()
    );
}

fn message_id(letter: &str) -> &str {
    header(letter, "Message-ID:").expect("each letter has an id")
}

fn is_to(letter: &str, address: &str) -> bool {
    header(letter, "To:").is_some_and(|to| to.contains(address))
}

fn header<'l>(letter: &'l str, name: &str) -> Option<&'l str> {
    letter.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(name)).map(str::trim)
}
