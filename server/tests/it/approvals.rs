//! From a message to an approved change, over HTTP.

use reqwest::Method;
use serde_json::{Map, Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::{
    grants::grant_of,
    isolation::functions::call,
    routing::propose,
    support::{MailServer, Reply, Story, TestApp, cluster::superuser, id, until},
};

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
    let nothing =
        user.request(Method::GET, &format!("/agents/runs/{run}/stream")).header("last-event-id", whole.len() - 1);
    assert_eq!(nothing.send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn every_entry_about_a_proposal_says_what_would_run_and_which_policy_held() {
    let mails = MailServer::start().await;
    let url = format!("smtp://127.0.0.1:{}", mails.port);
    let settings =
        [("SMTP_URL", url.as_str()), ("SMTP_FROM", "HYVVE <hyvve@example.com>"), ("HYVVE_UNDO_SECONDS", "60")];
    let app = TestApp::start_with(&settings).await;
    let grace = app.sign_up("Grace").await;
    let thresholds = json!({ "auto": 85, "quick": 60, "target": 0.9, "sample": 1 });
    let policy = json!({ "tool": "update_record", "thresholds": thresholds, "rules": [] });
    let holds = Reply::of(grace.request(Method::PUT, "/api/approval-policies").json(&policy)).await;
    assert_eq!(holds.expect(200).body["data"]["version"], 1);
    let story = Story::of(grace).await;
    let user = &story.user;

    // A mail is handed over, changed, approved and sent; a change is rejected; another one is approved and taken back.
    let path = format!("/api/approvals/{}", id(&story.mail));
    let session = user.get("/api/auth/session").await.expect(200).body.clone();
    let care = json!({ "assigneeId": session["user"]["id"] });
    Reply::of(user.request(Method::PATCH, &path).json(&care)).await.expect(200);
    let mut arguments = user.get(&path).await.expect(200).body["data"]["arguments"].clone();
    arguments["body"] = json!("Dear Ada, thank you.");
    let edited = user.post(&format!("{path}/edit"), &json!({ "arguments": arguments })).await;
    let edited = edited.expect(200).body["data"].clone();
    until(user, &format!("/api/approvals/{}", id(&edited)), |body| body["data"]["effect"] == "done").await;
    let reject = format!("/api/approvals/{}/reject", id(&story.change));
    user.post(&reject, &json!({ "reason": "No." })).await.expect(200);
    let undone = propose(&story, 35).await;
    let form = format!("id={}&verdict=approve&hash={}", id(&undone), undone["hash"].as_str().unwrap());
    call(user, "approvals/decide", form).await.expect(200);
    call(user, "approvals/undo", format!("id={}", id(&undone))).await.expect(200);

    // One that a grant covers, which is revoked before anybody could let it through: whoever does that sees nothing.
    let granted = user.post("/api/approval-grants", &grant_of(&story.agent)).await;
    let grant = granted.expect(201).body["data"].clone();
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let blind = "REVOKE SELECT (review) ON approval_items FROM hyvve_system";
    sqlx::query(blind).execute(&mut root).await.unwrap();
    let held = propose(&story, 2).await;
    assert_eq!((&held["status"], &held["review"]), (&json!("pending"), &json!("auto")));
    let path = format!("/api/approval-grants/{}", id(&grant));
    Reply::of(user.request(Method::DELETE, &path)).await.expect(200);
    let waits = user.get(&format!("/api/approvals/{}", id(&held))).await;
    assert_eq!(waits.expect(200).body["data"]["review"], "quick");
    let routed = user.get("/api/events?types=approval.routed").await.expect(200).body["data"].clone();
    assert_eq!((routed.as_array().map(Vec::len), &routed[0]["subjectId"]), (Some(1), &held["id"]));

    let log = user.get("/api/audit-log?limit=200").await.expect(200).body["data"].clone();
    let rows = log.as_array().unwrap();
    let of = |item: &Value| rows.iter().rev().filter(|row| row["subjectId"] == item["id"]).collect::<Vec<_>>();
    for (item, version, actions) in [
        (&story.mail, 0, &["approval.requested", "approval.assigned", "approval.edited"][..]),
        (&edited, 0, &["approval.requested", "approval.approved", "effect.executing", "effect.done"][..]),
        (&story.change, 1, &["approval.requested", "approval.rejected"][..]),
        (&undone, 1, &["approval.requested", "approval.approved", "approval.withdrawn"][..]),
        (&held, 1, &["approval.requested", "approval.routed"][..]),
    ] {
        let own = of(item);
        let said: Vec<_> = own.iter().filter_map(|row| row["action"].as_str()).collect();
        assert_eq!(said, actions);
        for row in own {
            let details = &row["details"];
            assert_eq!((&details["hash"], &details["policyVersion"]), (&item["hash"], &json!(version)), "{row}");
            assert_eq!((&details["tool"], &details["run"]), (&item["type"], &item["runId"]), "{row}");
        }
    }
    // The factors stand in it once; those of what may go on by itself as soon as nobody is asked to look without them.
    let factors = |item: &Value, n: usize| of(item)[n]["details"]["routing"]["factors"].as_object().map_or(0, Map::len);
    assert_eq!((factors(&story.change, 0), factors(&story.change, 1)), (8, 0));
    assert!(of(&story.change)[1]["details"].get("score").is_some(), "others name the score");
    assert_eq!((factors(&held, 0), factors(&held, 1)), (0, 8));
    assert!(of(&held)[0]["details"].get("score").is_none());
    assert_eq!(of(&held)[1]["details"]["grant"], grant["id"]);
    let verdict = user.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verdict.expect(200).body["data"]["firstBad"], Value::Null);
}
