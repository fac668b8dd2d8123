//! A hundred people press at once, and one of them decides.

use std::env;

use futures::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};

use crate::support::{Caller, TestApp, id, until};

/// More rounds for a long run, at most as many as there are customers.
const ROUNDS: &str = "HYVVE_TEST_ROUNDS";
/// Items of one page, and of one bulk decision.
const PAGE: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_decisions_at_once_exactly_one_counts_and_its_effect_happens_at_most_once() {
    let app = TestApp::start_with(&[("HYVVE_MAX_CONNECTIONS", "32")]).await;
    let rounds = env::var(ROUNDS).ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let user = app.sign_up("Ada").await;
    let runs = ask_for_changes(&user, rounds).await;
    let waiting = all(&user, "/api/approvals?status=pending").await;
    let (changes, mails): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|item| item["type"] == "update_record");
    assert_eq!((changes.len(), mails.len()), (rounds, rounds));

    // Two items at once: while one waits for its lock, the other goes on.
    stream::iter(&changes).for_each_concurrent(2, |change| press(&user, id(change))).await;

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
        assert_eq!(decisions(decided), 1);
        let approved = decided["status"] == "approved";
        assert_eq!(decided["effect"], if approved { json!("done") } else { Value::Null });
        let record = decided["preview"]["recordId"].as_str().expect("the record of the change");
        let record = user.get(&format!("/api/records/{record}")).await;
        assert_eq!(record.expect(200).body["data"]["record"]["version"], 1 + i64::from(approved));
    }
    assert_eq!(user.get("/api/mails").await.expect(200).body["meta"]["total"], 0);
}

/// A hundred decisions about one item at once, half of them to approve it.
async fn press(user: &Caller, item: &str) {
    let presses = (0..100).map(|n| {
        let (user, item) = (user.clone(), item.to_owned());
        tokio::spawn(async move {
            let (verb, body) = if n % 2 == 0 { ("approve", json!({})) } else { ("reject", json!({ "reason": "No." })) };
            user.post(&format!("/api/approvals/{item}/{verb}"), &body).await
        })
    });
    let replies: Vec<_> = join_all(presses).await.into_iter().map(Result::unwrap).collect();
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1, "exactly one decision");
    for reply in lost {
        assert_eq!(reply.expect(409).body["error"]["code"], "ALREADY_DECIDED");
        assert_eq!(reply.body["error"]["details"]["decidedBy"], "Ada");
    }
}

/// Starts that many runs, each about another customer, and waits until all of them wait.
async fn ask_for_changes(user: &Caller, count: usize) -> Vec<String> {
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
async fn all(user: &Caller, path: &str) -> Vec<Value> {
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

fn decisions(detail: &Value) -> usize {
    let history = detail["history"].as_array().expect("a history");
    history.iter().filter(|entry| matches!(entry["what"].as_str(), Some("approved" | "rejected"))).count()
}
