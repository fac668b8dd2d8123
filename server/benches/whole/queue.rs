//! Deciding: how soon somebody else sees it, how many decisions a server takes in with audit and outbox, and what it costs to learn
//! from one.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use hyvve_domain::approvals::routing::calibration::{BANDS, Cell, Tally};
use serde_json::{Value, json};

use crate::{
    load,
    probe::{probe, processor_of},
    report::{Report, Times},
    support::process::{EMAIL, PASSWORD, World},
};

/// Decisions that somebody else waits for, one after the other.
const WATCHED: usize = 300;
/// People who decide at once, and how many decisions of theirs are measured.
const LOADS: [(usize, usize); 3] = [(1, 600), (8, 1_600), (32, 3_200)];
/// Decisions before the first that counts.
const WARM_UP: usize = 200;
/// Proposals that are made at once.
const PROPOSING: usize = 16;
/// Decisions that a calibration learns from.
const LEARNED: u32 = 1_000_000;

/// A workspace in which one proposes and another decides.
struct Queue {
    world: World,
    workspace: String,
    /// Whoever proposes, as the cookie of a session.
    proposer: String,
}

pub(crate) async fn measure(report: &mut Report) {
    let mut queue = Queue::begin().await;
    let items = queue.propose(WARM_UP).await;
    queue.decide(8, &items).await;
    let watched = queue.propose(WATCHED).await;
    let before = probe();
    let times = Times::new(queue.watch(&watched).await);
    report.row(
        "seen",
        &[
            ("decisions", times.count() as f64),
            ("p50", times.at(0.5)),
            ("p99", times.at(0.99)),
            ("probe", f64::midpoint(before, probe())),
        ],
    );
    for (at_once, count) in LOADS {
        let items = queue.propose(count).await;
        let id = queue.world.child().expect("a running server").id();
        let (before, worked) = (probe(), processor_of(id));
        let (times, took) = queue.decide(at_once, &items).await;
        let (worked, machine) = (processor_of(id).saturating_sub(worked), f64::midpoint(before, probe()));
        report.row(
            "decisions",
            &[
                ("at once", at_once as f64),
                ("failed", (count - times.count()) as f64),
                ("a second", times.count() as f64 / took.as_secs_f64()),
                ("a second of the server's processor", times.count() as f64 / worked.as_secs_f64()),
                ("p50", times.at(0.5)),
                ("p99", times.at(0.99)),
                ("probe", machine),
            ],
        );
    }
    learning(report);
}

impl Queue {
    async fn begin() -> Self {
        let mut world = crate::world(Vec::new()).await;
        world.start(None).await;
        let account = json!({ "name": "Second Person", "email": format!("second.{EMAIL}"), "password": PASSWORD });
        let reply = world.client.post(world.url("/api/auth/sign-up/email")).json(&account).send().await.unwrap();
        let cookie = reply.error_for_status().unwrap().headers()["set-cookie"].to_str().unwrap().to_owned();
        let proposer = cookie.split(';').next().unwrap().to_owned();
        let workspaces = world.get("/api/workspaces").await.expect("workspaces");
        let workspace = workspaces["data"][0]["id"].as_str().expect("a workspace").to_owned();
        let path = format!("/api/workspaces/{workspace}/invitations");
        let invited = world.post(&path, json!({ "role": "member" })).await.expect("an invitation");
        let link = invited["data"]["link"].as_str().expect("its link");
        let queue = Self { world, workspace, proposer };
        let accept = json!({ "token": link.rsplit('/').next() });
        queue.ask(&queue.proposer, "/api/invitations/accept", &accept).await.expect("one more member");
        queue
    }

    async fn ask(&self, cookie: &str, path: &str, body: &Value) -> Option<Value> {
        let request = self.world.client.post(self.world.url(path)).header("cookie", cookie);
        let reply = request.header("x-workspace-id", &self.workspace).json(body).send().await.ok()?;
        reply.error_for_status().ok()?.json().await.ok()
    }

    /// Things that a program outside wants to do; answers their ids.
    async fn propose(&self, count: usize) -> Vec<String> {
        let (made, _) = load::repeat(PROPOSING, count, async |n| {
            let body = json!({ "action": "refund_payment", "arguments": { "payment": format!("p-{n}"), "amount": n } });
            let made = self.ask(&self.proposer, "/api/approvals", &body).await?;
            made["data"]["id"].as_str().map(str::to_owned)
        })
        .await;
        made.into_iter().map(|id| id.expect("a proposal")).collect()
    }

    async fn approve(&self, id: &str) -> Option<Duration> {
        let began = Instant::now();
        let decided = self.ask(&self.world.cookie, &format!("/api/approvals/{id}/approve"), &json!({})).await?;
        (decided["data"]["status"] != "pending").then(|| began.elapsed())
    }

    async fn decide(&self, at_once: usize, items: &[String]) -> (Times, Duration) {
        let (seen, took) = load::repeat(at_once, items.len(), async |n| self.approve(&items[n]).await).await;
        (Times::new(seen.into_iter().flatten().collect()), took)
    }

    /// From the moment at which somebody presses Approve to the moment at which another one, whose stream said that something
    /// happened, has read that it is approved.
    async fn watch(&self, items: &[String]) -> Vec<Duration> {
        let client = reqwest::Client::new();
        let stream = client.get(self.world.url(&format!("/api/stream?workspace={}", self.workspace)));
        let mut stream = stream.header("cookie", &self.proposer).send().await.unwrap().error_for_status().unwrap();
        let heard = Mutex::new(String::new());
        let mut times = Vec::new();
        for id in items {
            let began = Instant::now();
            let seen = async {
                loop {
                    let bytes = stream.chunk().await.unwrap().expect("the stream goes on");
                    let mut heard = heard.lock().unwrap();
                    heard.push_str(&String::from_utf8_lossy(&bytes));
                    if heard.contains(id.as_str()) {
                        heard.clear();
                        break;
                    }
                }
                self.reads_as_approved(id).await;
                began.elapsed()
            };
            let (decided, seen) = tokio::join!(self.approve(id), seen);
            decided.expect("a decision");
            times.push(seen);
        }
        times
    }

    async fn reads_as_approved(&self, id: &str) {
        let url = self.world.url(&format!("/api/approvals/{id}"));
        let request = self.world.client.get(url).header("cookie", &self.proposer);
        let reply = request.header("x-workspace-id", &self.workspace).send().await.unwrap();
        let item: Value = reply.json().await.unwrap();
        assert_ne!(item["data"]["status"], "pending", "it was said before it was so");
    }
}

/// What a calibration learns from one decision, and what it says of the next proposal after that.
fn learning(report: &mut Report) {
    let (mut cell, mut all) = (Cell::default(), Tally::default());
    let machine = probe();
    let began = Instant::now();
    let mut sure = 0.0;
    for n in 0..LEARNED {
        let (band, agreed) = (n as usize % BANDS, n % 50 != 0);
        cell.learn(band, agreed, 0.95);
        *(if agreed { &mut all.agreed } else { &mut all.disagreed }) += 1;
        sure += cell.estimate(all, band).at_least;
    }
    let each = began.elapsed().as_secs_f64() * 1e6 / f64::from(LEARNED);
    report.row("refit", &[("µs", each), ("mean bound", sure / f64::from(LEARNED)), ("probe", machine)]);
}
