//! A hundred presses at once, at every door that decides, and one of them does.

use std::env;

use futures::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};

use crate::{
    doors::{CONFIRMED, Door, shown},
    queue::detail,
    support::{Caller, Reply, TestApp, id, until},
    webhooks::pressing::Presser,
};

/// More rounds for a long run, at most as many as there are customers.
const ROUNDS: &str = "HYVVE_TEST_ROUNDS";
/// Items of one page, and of one bulk decision.
const PAGE: usize = 100;
/// How often one item is decided on at once.
const PRESSES: usize = 100;
/// The doors that decide on an item as it is. Items of LangChain's Agent Inbox are decided on through these as well.
const DOORS: [Door; 11] = [
    Door::Approve,
    Door::Reject,
    Door::Bulk,
    Door::BulkReject,
    Door::Resolve,
    Door::ResolveRejected,
    Door::Continue,
    Door::ContinueRejected,
    Door::Form,
    Door::FormReject,
    Door::FormBulk,
];
/// And the buttons in a channel of Slack's.
const BUTTONS: [&str; 2] = ["approve", "reject"];

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_decisions_at_once_exactly_one_counts_and_its_effect_happens_at_most_once() {
    let app = TestApp::start_with(&[("HYVVE_MAX_CONNECTIONS", "32"), ("HYVVE_UNDO_SECONDS", "0")]).await;
    let rounds = env::var(ROUNDS).ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let user = app.sign_up("Ada").await;
    let runs = ask_for_changes(&user, rounds).await;
    let waiting = all(&user, "/api/approvals?status=pending").await;
    let (changes, mails): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|item| item["type"] == "update_record");
    assert_eq!((changes.len(), mails.len()), (rounds, rounds));

    let channel = Presser::connected(&app, &user).await;

    // Two items at once: while one waits for its lock, the other goes on.
    stream::iter(&changes).for_each_concurrent(2, |change| press(&user, &channel, id(change))).await;

    for mails in mails.chunks(PAGE) {
        let ids: Vec<&str> = mails.iter().map(id).collect();
        let reject = json!({ "ids": ids, "action": "reject", "notes": "Not now." });
        assert_eq!(user.post("/api/approvals/bulk", &reject).await.expect(200).body["errors"], json!([]));
    }
    for run in runs {
        until(&user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    }
    for change in &changes {
        let detail = user.get(&format!("/api/approvals/{}", id(change))).await;
        let decided = &detail.expect(200).body["data"];
        assert_eq!(decisions(decided).count(), 1);
        let approved = decided["status"] == "approved";
        assert_eq!(decided["effect"], if approved { json!("done") } else { Value::Null });
        let record = decided["preview"]["recordId"].as_str().expect("the record of the change");
        let record = user.get(&format!("/api/records/{record}")).await;
        assert_eq!(record.expect(200).body["data"]["record"]["version"], 1 + i64::from(approved));
    }
    assert_eq!(user.get("/api/mails").await.expect(200).body["meta"]["total"], 0);
}

/// A hundred decisions about one item at once, about half of them to approve it. Exactly one counts, and all others are told whose
/// that was.
async fn press(user: &Caller, channel: &Presser, item: &str) {
    let (item, channel) = (shown(user, item).await, channel.afresh().await);
    let presses = (0..PRESSES).map(|n| {
        let (user, channel, item) = (user.clone(), channel.clone(), item.clone());
        tokio::spawn(async move {
            let way = n % (DOORS.len() + BUTTONS.len());
            let Some(door) = DOORS.get(way).copied() else {
                channel.press(&item, BUTTONS[way - DOORS.len()]).await;
                return None;
            };
            Some((door, door.press(&user, &item).await))
        })
    });
    let replies: Vec<_> = join_all(presses).await.into_iter().filter_map(Result::unwrap).collect();
    let by_reply = replies.iter().filter(|(door, reply)| decided(*door, reply)).count();
    let said = channel.said(PRESSES - replies.len()).await;
    let (lost, won): (Vec<_>, Vec<_>) = said.iter().partition(|said| said.starts_with("Nothing is decided. "));
    assert!(lost.iter().all(|said| said.contains("Ada was first")), "{lost:?}");
    let detail = detail(user, id(&item)).await;
    let confirmed = decisions(&detail).filter(|entry| entry["note"] == CONFIRMED).count();
    assert_eq!((by_reply + won.len() + confirmed, decisions(&detail).count()), (1, 1), "exactly one decision");
}

/// Whether a press was the one that counts, as its reply has it. AgentOS's clients are not told: for them the run goes on either way,
/// and the decision says whether it was theirs.
fn decided(door: Door, reply: &Reply) -> bool {
    let is_refused = door.refusal(reply);
    match door {
        Door::Continue | Door::ContinueRejected => {
            reply.expect(200);
            return false;
        }
        Door::Approve | Door::Reject if is_refused => {
            assert_eq!(reply.expect(409).body["error"]["code"], "ALREADY_DECIDED");
            assert_eq!(reply.body["error"]["details"]["decidedBy"], "Ada");
        }
        _ => {}
    }
    let (status, first) = (reply.status.as_u16(), reply.text.contains("Ada was first"));
    assert!([200, 409].contains(&status) && is_refused == first, "{door:?} answers {status}: {}", reply.text);
    !is_refused
}

/// Starts that many runs, each about another customer, and waits until all of them wait.
pub(crate) async fn ask_for_changes(user: &Caller, count: usize) -> Vec<String> {
    let agents = user.get("/agents").await;
    let path = format!("/agents/{}/runs", id(&agents.expect(200).body[0]));
    let customers = all(user, "/api/collections/customers/records").await;
    assert!(customers.len() >= count, "there are {} customers only", customers.len());
    let asked = customers.iter().take(count).map(async |customer| {
        let name = customer["title"].as_str().expect("a name");
        let message = format!("Give {name} a 20 % discount and mail her");
        let form = [("message", message.as_str()), ("stream", "false"), ("background", "true")];
        user.post_form(&path, &form).await.expect(202).body["run_id"].as_str().expect("a run").to_owned()
    });
    let runs = join_all(asked).await;
    for run in &runs {
        until(user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "PAUSED").await;
    }
    runs
}

/// Every row of a list.
pub(crate) async fn all(user: &Caller, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for page in 1.. {
        let and = if path.contains('?') { '&' } else { '?' };
        let reply = user.get(&format!("{path}{and}page={page}&pageSize={PAGE}")).await;
        rows.extend(reply.expect(200).body["data"].as_array().expect("a list").iter().cloned());
        if reply.body["meta"]["hasMore"] != true {
            break;
        }
    }
    rows
}

fn decisions(detail: &Value) -> impl Iterator<Item = &Value> {
    let history = detail["history"].as_array().expect("a history");
    history.iter().filter(|entry| matches!(entry["what"].as_str(), Some("approved" | "rejected")))
}
