//! From a message to an approved change, over HTTP.

use serde_json::json;

use crate::support::{Story, TestApp, id, until};

#[tokio::test]
async fn what_is_approved_happens_once_and_what_is_rejected_does_not() {
    let app = TestApp::start().await;
    let Story { user, run, change, mail, .. } = Story::begin(&app, "Grace").await;

    let detail = user.get(&format!("/api/approvals/{}", id(&change))).await;
    let shown = &detail.expect(200).body["data"];
    assert_eq!(shown["preview"]["kind"], "record");
    assert_eq!(shown["hash"].as_str().map(str::len), Some(64));
    let record = shown["preview"]["recordId"].as_str().unwrap().to_owned();
    let before = user.get(&format!("/api/records/{record}")).await;
    assert_eq!(before.expect(200).body["data"]["record"]["version"], 1, "nothing has changed yet");

    let approved = user.post(&format!("/api/approvals/{}/approve", id(&change)), &json!({ "notes": "Fine." })).await;
    assert_eq!(approved.expect(200).body["data"]["status"], "approved");
    let rejected =
        user.post(&format!("/api/approvals/{}/reject", id(&mail)), &json!({ "reason": "She called." })).await;
    assert_eq!(rejected.expect(200).body["data"]["status"], "rejected");

    let ended = until(&user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    assert!(ended["data"]["run"]["output"].as_str().is_some_and(|said| !said.is_empty()));
    let after = user.get(&format!("/api/records/{record}")).await;
    let after = &after.expect(200).body["data"];
    assert_eq!(after["record"]["version"], 2, "changed exactly once");
    assert_eq!(after["history"][0]["approvalId"], change["id"]);
    assert_eq!(user.get("/api/mails").await.expect(200).body["meta"]["total"], 0);
    let effect = user.get(&format!("/api/approvals/{}", id(&change))).await;
    assert_eq!(effect.expect(200).body["data"]["effect"], "done");

    let log = user.get("/api/audit-log?limit=200").await;
    let told: Vec<&str> = log.expect(200).body["data"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .filter_map(|row| row["action"].as_str())
        .collect();
    for action in [
        "auth.signed_up",
        "run.started",
        "approval.requested",
        "approval.approved",
        "approval.rejected",
        "record.updated",
    ] {
        assert!(told.contains(&action), "{action} is missing from {told:?}");
    }
    let verdict = user.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verdict.expect(200).body["data"]["firstBad"], json!(null));
}

#[tokio::test]
async fn deciding_twice_says_who_was_first_and_when() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let path = format!("/api/approvals/{}/approve", id(&story.change));
    story.user.post(&path, &json!({})).await.expect(200);
    let again = story.user.post(&path, &json!({})).await;
    let error = &again.expect(409).body["error"];
    assert_eq!((&error["code"], &error["details"]["decidedBy"]), (&json!("ALREADY_DECIDED"), &json!("Grace")));
    assert!(error["details"]["decidedAt"].as_str().is_some_and(|at| at.ends_with('Z')));
}

#[tokio::test]
async fn many_are_decided_at_once_and_each_gets_its_own_answer() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let unknown = "00000000-0000-7000-8000-000000000000";
    let ids = json!([id(&story.change), unknown, id(&story.mail)]);
    let reply =
        story.user.post("/api/approvals/bulk", &json!({ "ids": ids, "action": "reject", "notes": "Not today." })).await;
    let body = &reply.expect(200).body;
    assert_eq!(body["data"].as_array().map(Vec::len), Some(2));
    assert_eq!((&body["errors"][0]["id"], &body["errors"][0]["code"]), (&json!(unknown), &json!("NOT_FOUND")));
}

#[tokio::test]
async fn a_rejection_needs_a_reason() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let path = format!("/api/approvals/{}/reject", id(&story.change));
    for body in [json!({}), json!({ "reason": "  " })] {
        assert_eq!(story.user.post(&path, &body).await.expect(400).body["error"]["code"], "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn an_agent_os_client_sees_the_run_pause_confirms_and_sees_it_go_on() {
    let app = TestApp::start().await;
    let user = app.sign_up("Grace").await;
    let agent = user.get("/agents").await.expect(200).body[0]["id"].as_str().unwrap().to_owned();
    let message = [("message", "Give Ada Lovelace a 20 % discount and mail her"), ("stream", "true")];
    let frames = user.open_form(&format!("/agents/{agent}/runs"), &message).await.rest().await;
    assert!(frames.iter().enumerate().all(|(n, frame)| frame.id == Some(n as i64) && frame.data["event_index"] == n));
    let (first, last) = (frames.first().unwrap(), frames.last().unwrap());
    assert_eq!((first.event.as_str(), last.event.as_str()), ("RunStarted", "RunPaused"));
    assert_eq!(first.data["agent_id"], agent.as_str());

    let run = first.data["run_id"].as_str().unwrap();
    let session = first.data["session_id"].as_str().unwrap();
    let path = format!("/agents/{agent}/runs/{run}/continue");
    let mut tools = last.data["tools"].as_array().unwrap().clone();
    assert_eq!(tools.len(), 2);
    tools[0]["tool_args"]["invented"] = json!(true);
    tools[0]["confirmed"] = json!(true);
    let changed = user.post_form(&path, &[("tools", &json!(tools).to_string()), ("session_id", session)]).await;
    changed.expect(422);
    tools[0]["tool_args"].as_object_mut().unwrap().remove("invented");
    tools[1]["confirmed"] = json!(false);
    let confirmed =
        [("tools", json!(tools).to_string()), ("session_id", session.to_owned()), ("stream", "true".to_owned())];
    let confirmed: Vec<(&str, &str)> = confirmed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let frames = user.open_form(&path, &confirmed).await.rest().await;
    assert_eq!(frames.last().unwrap().event, "RunCompleted");
    user.post_form(&path, &confirmed).await.expect(409);

    let whole = user.open(&format!("/agents/runs/{run}/stream")).await.rest().await;
    assert_eq!(whole.len() as i64, frames.last().unwrap().id.unwrap() + 1, "every event can be read again");
    let after =
        user.open_form(&format!("/agents/{agent}/runs/{run}/resume"), &[("last_event_index", "3")]).await.rest().await;
    assert_eq!(after.first().unwrap().id, Some(4));
    let nothing = user
        .request(reqwest::Method::GET, &format!("/agents/runs/{run}/stream"))
        .header("last-event-id", whole.len() - 1);
    assert_eq!(nothing.send().await.unwrap().status(), 204);
}
