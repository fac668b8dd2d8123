//! Every way to say yes, against every rule: whatever one presses, the rule holds, and the item stays as it was.

use std::time::Duration;

use hyvve_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    assignment::{hold, person},
    isolation::functions::call,
    queue::{admin, detail, put},
    support::{Caller, Reply, Story, TestApp, id, until},
    webhooks::pressing::Presser,
};

/// The ways in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Door {
    Approve,
    Reject,
    Edit,
    Ask,
    Bulk,
    BulkReject,
    /// AgentOS's.
    Resolve,
    ResolveRejected,
    /// AgentOS's as well: its clients confirm a call, and the run goes on. Only what an agent proposed has this door.
    Continue,
    ContinueRejected,
    /// The page's own.
    Form,
    FormReject,
    FormEdit,
    FormAsk,
    FormBulk,
}

/// What somebody says who confirms a call, or does not.
pub(crate) const CONFIRMED: &str = "Through a client of AgentOS.";

const DOORS: [Door; 15] = [
    Door::Approve,
    Door::Reject,
    Door::Edit,
    Door::Ask,
    Door::Bulk,
    Door::BulkReject,
    Door::Resolve,
    Door::ResolveRejected,
    Door::Continue,
    Door::ContinueRejected,
    Door::Form,
    Door::FormReject,
    Door::FormEdit,
    Door::FormAsk,
    Door::FormBulk,
];

/// Those that say yes to an item as it is.
const YES: [Door; 6] = [Door::Approve, Door::Bulk, Door::Resolve, Door::Continue, Door::Form, Door::FormBulk];

/// And the buttons in a channel of Slack's, for whoever is connected with a user of it.
const BUTTONS: [&str; 2] = ["approve", "reject"];

impl Door {
    /// Presses it, as somebody to whom the item was [`shown`] as `item`.
    pub(crate) async fn press(self, who: &Caller, item: &Value) -> Reply {
        let (id, hash) = (id(item), item["hash"].as_str().unwrap());
        let rest = |how: &str| format!("/api/approvals/{id}/{how}");
        let resolve = format!("/approvals/{id}/resolve");
        match self {
            Self::Approve => who.post(&rest("approve"), &json!({})).await,
            Self::Reject => who.post(&rest("reject"), &json!({ "reason": "No." })).await,
            Self::Edit => {
                let mut arguments = item["arguments"].clone();
                if let Some(changes) = arguments.get_mut("changes") {
                    changes["discount_percent"] = json!(3);
                } else {
                    arguments["amount"] = json!(3);
                }
                who.post(&rest("edit"), &json!({ "arguments": arguments, "hash": hash })).await
            }
            Self::Ask => who.post(&rest("ask"), &json!({ "question": "Why?" })).await,
            Self::Bulk => who.post("/api/approvals/bulk", &json!({ "ids": [id], "action": "approve" })).await,
            Self::BulkReject => {
                let body = json!({ "ids": [id], "action": "reject", "notes": "No." });
                who.post("/api/approvals/bulk", &body).await
            }
            Self::Resolve => who.post(&resolve, &json!({ "status": "approved" })).await,
            Self::ResolveRejected => who.post(&resolve, &json!({ "status": "rejected" })).await,
            Self::Continue => go_on(who, item, true).await,
            Self::ContinueRejected => go_on(who, item, false).await,
            Self::Form => call(who, "approvals/decide", format!("id={id}&verdict=approve&hash={hash}")).await,
            Self::FormReject => {
                call(who, "approvals/decide", format!("id={id}&verdict=reject&note=No.&hash={hash}")).await
            }
            Self::FormEdit => call(who, "approvals/edit", format!("id={id}&hash={hash}")).await,
            Self::FormAsk => call(who, "approvals/ask", format!("id={id}&question=Why")).await,
            Self::FormBulk => call(who, "approvals/bulk", format!("verdict=approve&picked[]={id}.{hash}")).await,
        }
    }

    /// Whether this item has it.
    fn leads_to(self, item: &Value) -> bool {
        !matches!(self, Self::Continue | Self::ContinueRejected) || item["runId"].is_string()
    }

    /// What the reply says of the one item: several are answered with 200, and the refusal is inside.
    pub(crate) fn refusal(self, reply: &Reply) -> bool {
        match self {
            Self::Bulk | Self::BulkReject => reply.status != 200 || reply.body["errors"][0]["code"].is_string(),
            Self::FormBulk => reply.status != 200 || reply.body["refused"][0]["why"].is_string(),
            _ => !reply.status.is_success(),
        }
    }
}

/// AgentOS's `continue`, with what its clients say of the call that waits for the item.
async fn go_on(who: &Caller, item: &Value, confirmed: bool) -> Reply {
    let [agent, run, call] = ["agentId", "runId", "callId"].map(|what| item[what].as_str().expect("an item of a run"));
    let tools = json!([{ "tool_call_id": call, "confirmed": confirmed, "confirmation_note": CONFIRMED }]).to_string();
    let form = [("tools", tools.as_str()), ("stream", "false")];
    who.post_form(&format!("/agents/{agent}/runs/{run}/continue"), &form).await
}

/// An item as its card shows it, and, if an agent proposed it, which one, and in which call.
pub(crate) async fn shown(who: &Caller, item: &str) -> Value {
    let mut shown = detail(who, item).await;
    let Some(run) = shown["runId"].as_str().map(str::to_owned) else { return shown };
    let approval = who.get(&format!("/approvals/{item}")).await;
    let agent = approval.expect(200).body["agent_id"].as_str().expect("the run's agent");
    let run = who.get(&format!("/agents/{agent}/runs/{run}")).await;
    let calls = run.expect(200).body["tools"].as_array().expect("the run's calls");
    let call = calls.iter().find(|call| call["approval_id"] == item).expect("the call that waits for it");
    shown["agentId"] = json!(agent);
    shown["callId"] = call["tool_call_id"].clone();
    shown
}

/// What must not change.
async fn state(of: &Caller, item: &str) -> [Value; 5] {
    let item = detail(of, item).await;
    let votes = &item["agreement"]["agreed"];
    [&item["status"], &item["hash"], votes, &item["effect"], &item["editedTo"]].map(Value::clone)
}

/// Presses a button about an item, and is told that nothing came of it.
async fn in_vain(rule: &str, slack: &Presser, item: &Value, button: &str) {
    let slack = slack.afresh().await;
    slack.press(item, button).await;
    let said = slack.said(1).await.remove(0);
    assert!(said.starts_with("Nothing is decided"), "{rule}: {button} in Slack answers {said}");
}

/// Every door is shut for this person, also for the user of Slack who is connected with him or her, and nothing of the item changes as
/// `owner` sees it.
async fn shut(rule: &str, (who, slack): (&Caller, Option<&Presser>), item: &Value, owner: &Caller, statuses: &[u16]) {
    let before = state(owner, id(item)).await;
    for door in DOORS.into_iter().filter(|door| door.leads_to(item)) {
        let reply = door.press(who, item).await;
        // Whoever confirms what is decided is not refused, and decides nothing: the run goes on either way.
        let comes_back = matches!(door, Door::Continue | Door::ContinueRejected) && before[0] != "pending";
        assert!(comes_back || door.refusal(&reply), "{rule}: {door:?} answers {}: {}", reply.status, reply.text);
        let status = reply.status.as_u16();
        assert!(status == 200 || statuses.contains(&status), "{rule}: {door:?} answers {status}: {}", reply.text);
        assert_eq!(state(owner, id(item)).await, before, "{rule}: {door:?} changed something");
    }
    for (slack, button) in slack.into_iter().flat_map(|slack| BUTTONS.map(|button| (slack, button))) {
        in_vain(rule, slack, item, button).await;
        assert_eq!(state(owner, id(item)).await, before, "{rule}: {button} in Slack changed something");
    }
}

/// Takes the role from somebody who had one that decides.
async fn becomes_member(owner: &Caller, who: &Caller) {
    let path = format!("/api/workspaces/{}/members/{}", owner.workspace(), person(who).await);
    Reply::of(owner.request(Method::PATCH, &path).json(&json!({ "role": "member" }))).await.expect(200);
}

#[tokio::test]
async fn no_door_leads_around_any_rule() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let (ada, zoe) = (admin(&app, &grace, "Ada").await, admin(&app, &grace, "Zoe").await);
    let mia = admin(&app, &grace, "Mia").await;
    let in_slack = Presser::connected(&app, &grace).await;
    let (zoe_in_slack, stranger) = (Presser::connected(&app, &zoe).await, Presser::unknown(&app, &grace).await);
    // Who is connected decides with the role of the moment.
    let mia_in_slack = Presser::connected(&app, &mia).await;
    becomes_member(&grace, &mia).await;

    let refund = json!({ "action": "refund", "arguments": { "amount": 20 } });
    let own = grace.post("/api/approvals", &refund).await.expect(201).body["data"].clone();
    let own = detail(&grace, id(&own)).await;
    shut("one's own proposal", (&grace, Some(&in_slack)), &own, &ada, &[403]).await;

    let hers = mia.post("/api/approvals", &refund).await.expect(201).body["data"].clone();
    let hers = detail(&mia, id(&hers)).await;
    shut("a member does not decide", (&mia, Some(&mia_in_slack)), &hers, &grace, &[403]).await;

    let story = Story::of(grace.clone()).await;
    let (change, mail) = (shown(&grace, id(&story.change)).await, shown(&grace, id(&story.mail)).await);
    shut("a member does not see it", (&mia, Some(&mia_in_slack)), &change, &grace, &[404]).await;
    let path = format!("/api/workspaces/{}/api-keys", grace.workspace());
    let key = grace.post(&path, &json!({ "name": "ci", "scopes": ["read", "propose"] })).await;
    let program = grace.clone().with_key(key.expect(201).body["data"]["secret"].as_str().unwrap());
    shut("a key that may only propose", (&program, None), &change, &grace, &[401, 403]).await;
    shut("a stranger", (&app.sign_up("Eve").await, Some(&stranger)), &change, &grace, &[404]).await;
    let eve = app.sign_up("Mallory").await.in_workspace(grace.workspace());
    shut("a stranger who names the workspace", (&eve, None), &change, &grace, &[404]).await;
    shut("nobody", (&app.anonymous(), None), &change, &grace, &[400, 401]).await;
    let zoe_is = format!("/api/workspaces/{}/members/{}", grace.workspace(), person(&zoe).await);
    Reply::of(grace.request(Method::DELETE, &zoe_is)).await.expect(200);
    shut("an admin who was removed", (&zoe, Some(&zoe_in_slack)), &change, &grace, &[404]).await;

    let anybody = (&grace, Some(&in_slack));
    ada.post(&format!("/api/approvals/{}/reject", id(&change)), &json!({ "reason": "No." })).await.expect(200);
    shut("it is decided", anybody, &change, &grace, &[409]).await;
    ada.post(&format!("/api/approvals/{}/ask", id(&mail)), &json!({ "question": "Why?" })).await.expect(200);
    shut("it was answered with a question", anybody, &mail, &grace, &[409]).await;

    let late = Story::of(grace.clone()).await;
    let late = shown(&grace, id(&late.change)).await;
    let due = json!({ "dueAt": Timestamp::now().plus(Duration::from_millis(400)) });
    let path = format!("/api/approvals/{}", id(&late));
    Reply::of(grace.request(Method::PATCH, &path).json(&due)).await.expect(200);
    until(&grace, &path, |body| body["data"]["status"] == "timed_out").await;
    shut("its time is over", anybody, &late, &grace, &[409]).await;
}

#[tokio::test]
async fn whoever_asked_for_it_finds_every_door_shut_where_the_policy_says_so() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let in_slack = Presser::connected(&app, &grace).await;
    let of_ada = Presser::connected(&app, &ada).await;
    hold(&grace, &ada, "update_record", json!({ "requesterBarred": true, "ladder": [] })).await;

    let story = Story::of(grace.clone()).await;
    let change = shown(&grace, id(&story.change)).await;
    assert!(change["blocked"].as_str().is_some_and(|why| why.contains("asked for this")), "{change:#}");
    shut("whoever asked for it", (&grace, Some(&in_slack)), &change, &ada, &[403]).await;
    // Somebody else opens any of them.
    of_ada.press(&change, "approve").await;
    let said = of_ada.said(1).await.remove(0);
    assert!(said.starts_with("You have approved"), "{said}");
    assert_eq!(state(&ada, id(&change)).await[0], "approved");
}

#[tokio::test]
async fn where_two_have_to_agree_one_person_opens_no_door_however_often_they_press() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let in_slack = Presser::connected(&app, &grace).await;
    let changed = put(&grace, json!({ "quorum": 2 })).await;
    let proposal = changed.expect(200).body["data"]["approvalId"].as_str().unwrap().to_owned();
    ada.post(&format!("/api/approvals/{proposal}/approve"), &json!({})).await.expect(200);
    let held = |body: &Value| body["data"].as_array().is_some_and(|all| all.len() == 2);
    until(&ada, "/api/approval-policies", held).await;

    let story = Story::of(grace).await;
    let item = shown(&story.user, id(&story.change)).await;
    for door in YES.into_iter().chain([Door::Approve, Door::Form]) {
        door.press(&story.user, &item).await;
        in_vain("two have to agree", &in_slack, &item, "approve").await;
        let [status, hash, votes, effect, _] = state(&ada, id(&item)).await;
        assert_eq!((status, votes, effect), (json!("pending"), json!(1), Value::Null), "{door:?}");
        assert_eq!(hash, item["hash"]);
    }
    // What somebody changes begins anew, and is one voice again.
    let edited = Door::Edit.press(&story.user, &item).await.expect(200).body["data"].clone();
    let edited = shown(&story.user, id(&edited)).await;
    for door in YES {
        door.press(&story.user, &edited).await;
        let [status, _, votes, effect, _] = state(&ada, id(&edited)).await;
        assert_eq!((status, votes, effect), (json!("pending"), json!(1), Value::Null), "{door:?}");
    }
    let second = Door::Form.press(&ada, &edited).await;
    second.expect(200);
    assert_eq!(state(&ada, id(&edited)).await[0], "approved");
}

#[tokio::test]
async fn where_an_owner_has_to_be_among_them_no_door_is_opened_by_admins_or_by_the_owner_alone() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let (ada, alan) = (admin(&app, &grace, "Ada").await, admin(&app, &grace, "Alan").await);
    let (of_ada, of_alan) = (Presser::connected(&app, &ada).await, Presser::connected(&app, &alan).await);
    let of_grace = Presser::connected(&app, &grace).await;
    let an_owner = json!([{ "role": "owner", "atLeast": 1 }]);
    hold(&grace, &ada, "update_record", json!({ "quorum": 2, "groups": an_owner, "ladder": [] })).await;

    let story = Story::of(grace.clone()).await;
    let item = shown(&grace, id(&story.change)).await;
    for door in YES {
        door.press(&grace, &item).await;
        in_vain("an owner is one only", &of_grace, &item, "approve").await;
        let [status, _, agreed, effect, _] = state(&ada, id(&item)).await;
        assert_eq!((status, agreed, effect), (json!("pending"), json!(1), Value::Null), "{door:?}");
    }
    // Whoever says no is one only as well, and that is enough.
    Door::Reject.press(&alan, &item).await.expect(200);

    let story = Story::of(grace.clone()).await;
    let item = shown(&grace, id(&story.change)).await;
    for (votes, who, slack) in [(1, &ada, &of_ada), (2, &alan, &of_alan), (2, &ada, &of_ada)] {
        for door in YES {
            door.press(who, &item).await;
            in_vain("an owner has to be among them", slack, &item, "approve").await;
            let [status, hash, agreed, effect, _] = state(&grace, id(&item)).await;
            assert_eq!((status, agreed, effect), (json!("pending"), json!(votes), Value::Null), "{door:?}");
            assert_eq!(hash, item["hash"]);
        }
    }
    // What an admin changes has the voice of that admin, and the owner is missing as before.
    let edited = Door::Edit.press(&ada, &item).await.expect(200).body["data"].clone();
    let item = shown(&grace, id(&edited)).await;
    Door::FormBulk.press(&alan, &item).await.expect(200);
    let [status, _, agreed, effect, _] = state(&grace, id(&item)).await;
    assert_eq!((status, agreed, effect), (json!("pending"), json!(2), Value::Null));
    Door::Form.press(&grace, &item).await.expect(200);
    assert_eq!(state(&grace, id(&item)).await[0], "approved");
}
