//! A hundred people press at once, and one of them decides.

use std::env;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Story, TestApp, id, until};

/// More rounds for a long run.
const ROUNDS: &str = "HYVVE_TEST_ROUNDS";

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_decisions_at_once_exactly_one_counts_and_its_effect_happens_at_most_once() {
    let app = TestApp::start().await;
    let rounds = env::var(ROUNDS).ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    for round in 0..rounds {
        let name = format!("Ada{round}");
        let story = Story::begin(&app, &name).await;
        let user = &story.user;
        let item = id(&story.change).to_owned();
        let presses = (0..100).map(|n| {
            let (user, item) = (user.clone(), item.clone());
            tokio::spawn(async move {
                let (verb, body) =
                    if n % 2 == 0 { ("approve", json!({})) } else { ("reject", json!({ "reason": "No." })) };
                user.post(&format!("/api/approvals/{item}/{verb}"), &body).await
            })
        });
        let replies: Vec<_> = join_all(presses).await.into_iter().map(Result::unwrap).collect();
        let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!(won.len(), 1, "exactly one decision");
        for reply in lost {
            assert_eq!(reply.expect(409).body["error"]["code"], "ALREADY_DECIDED");
            assert_eq!(reply.body["error"]["details"]["decidedBy"], name.as_str());
        }
        user.post(&format!("/api/approvals/{}/reject", id(&story.mail)), &json!({ "reason": "Not now." }))
            .await
            .expect(200);
        until(user, &format!("/api/runs/{}", story.run), |body| body["data"]["run"]["status"] == "COMPLETED").await;

        let detail = user.get(&format!("/api/approvals/{item}")).await;
        let decided = &detail.expect(200).body["data"];
        assert_eq!(decisions(decided), 1);
        let approved = decided["status"] == "approved";
        assert_eq!(decided["effect"], if approved { json!("done") } else { Value::Null });
        let record = decided["preview"]["recordId"].as_str().expect("the record of the change");
        let record = user.get(&format!("/api/records/{record}")).await;
        assert_eq!(record.expect(200).body["data"]["record"]["version"], 1 + i64::from(approved));
        assert_eq!(user.get("/api/mails").await.expect(200).body["meta"]["total"], 0);
    }
}

fn decisions(detail: &Value) -> usize {
    let history = detail["history"].as_array().expect("a history");
    history.iter().filter(|entry| matches!(entry["what"].as_str(), Some("approved" | "rejected"))).count()
}
