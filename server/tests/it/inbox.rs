//! LangChain's Agent Inbox in both forms.

use serde_json::{Value, json};

use crate::{
    support::{Caller, Reply, TestApp, id},
    workspaces::join,
};

/// Who decides, and the member in whose name a program asks.
pub(crate) async fn people(app: &TestApp) -> (Caller, Caller) {
    let (owner, member) = (app.sign_up("Grace").await, app.sign_up("Mia").await);
    join(&owner, &member, "member").await;
    let member = member.in_workspace(owner.workspace());
    (owner, member)
}

/// The interrupt's id, and those of its items.
async fn interrupt(of: &Caller, body: &Value) -> (String, Vec<String>) {
    let made = of.post("/api/inbox/interrupts", body).await.expect(201).body["data"].clone();
    let ids = made["approvalIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    (id(&made).to_owned(), ids)
}

async fn answer(of: &Caller, interrupt: &str, seconds: u64) -> Value {
    let reply = of.get(&format!("/api/inbox/interrupts/{interrupt}?waitSeconds={seconds}")).await;
    reply.expect(200).body["data"]["reply"].clone()
}

async fn say(owner: &Caller, item: &str, how: &str, body: Value) -> Reply {
    owner.post(&format!("/api/approvals/{item}/{how}"), &body).await
}

fn older(action: &str, allowed: [bool; 4]) -> Value {
    let [accept, edit, respond, ignore] = allowed;
    json!({
        "action_request": { "action": action, "args": { "to": "ada@example.com" } },
        "config": { "allow_accept": accept, "allow_edit": edit, "allow_respond": respond, "allow_ignore": ignore },
        "description": "A mail to Ada.",
    })
}

pub(crate) fn all_of(action: &str) -> Value {
    older(action, [true; 4])
}

#[tokio::test]
async fn an_older_interrupt_is_answered_in_its_words() {
    let app = TestApp::start().await;
    let (owner, member) = people(&app).await;
    let (one, items) = interrupt(&member, &all_of("send_mail")).await;
    let shown = owner.get(&format!("/api/approvals/{}", items[0])).await.expect(200).body["data"].clone();
    assert_eq!((&shown["title"], &shown["reason"]), (&json!("send_mail"), &json!("A mail to Ada.")));
    assert_eq!(answer(&member, &one, 0).await, Value::Null);
    say(&owner, &items[0], "approve", json!({})).await.expect(200);
    assert_eq!(answer(&member, &one, 20).await, json!([{ "type": "accept", "args": null }]));

    let list = json!([all_of("a"), all_of("b"), all_of("c"), older("d", [true, true, true, false])]);
    let (all, items) = interrupt(&member, &list).await;
    assert_eq!(items.len(), 4);
    say(&owner, &items[3], "reject", json!({ "reason": "Not him." })).await.expect(200);
    say(&owner, &items[2], "ask", json!({ "question": "To whom?" })).await.expect(200);
    say(&owner, &items[1], "reject", json!({ "reason": "No." })).await.expect(200);
    assert_eq!(answer(&member, &all, 0).await, Value::Null, "one still waits");
    let changed = json!({ "action": "a", "arguments": { "to": "grace@example.com" }, "reversible": false });
    say(&owner, &items[0], "edit", json!({ "arguments": changed })).await.expect(200);
    let expected = json!([
        { "type": "edit", "args": { "action": "a", "args": { "to": "grace@example.com" } } },
        { "type": "ignore", "args": null },
        { "type": "response", "args": "To whom?" },
        { "type": "response", "args": "Not him." },
    ]);
    assert_eq!(answer(&member, &all, 20).await, expected);
}

#[tokio::test]
async fn a_newer_interrupt_gets_a_decision_for_every_action_in_its_order() {
    let app = TestApp::start().await;
    let (owner, member) = people(&app).await;
    let any = ["approve", "edit", "reject", "respond"];
    let schema = json!({ "type": "object", "properties": { "amount": { "type": "number", "maximum": 100 } } });
    let body = json!({
        "action_requests": [
            { "name": "refund", "args": { "amount": 20 }, "description": "Money back" },
            { "name": "mail", "args": { "to": "ada@example.com" } },
            { "name": "refund", "args": { "amount": 30 } },
            { "name": "close", "args": {} },
        ],
        "review_configs": [
            { "action_name": "refund", "allowed_decisions": any, "args_schema": schema },
            { "action_name": "mail", "allowed_decisions": ["approve", "reject"] },
            { "action_name": "close", "allowed_decisions": any },
        ],
    });
    let (all, items) = interrupt(&member, &body).await;
    let edit = |action: &str, arguments: Value| json!({ "arguments": { "action": action, "arguments": arguments, "reversible": false } });
    say(&owner, &items[1], "edit", edit("mail", json!({ "to": "x" }))).await.expect(422);
    say(&owner, &items[1], "ask", json!({ "question": "Why?" })).await.expect(422);
    say(&owner, &items[0], "edit", edit("refund", json!({ "amount": 500 }))).await.expect(400);
    say(&owner, &items[0], "edit", edit("refund", json!({ "amount": 5 }))).await.expect(200);
    say(&owner, &items[3], "ask", json!({ "question": "Really?" })).await.expect(200);
    say(&owner, &items[2], "reject", json!({ "reason": "Too much." })).await.expect(200);
    say(&owner, &items[1], "approve", json!({})).await.expect(200);
    let expected = json!({ "decisions": [
        { "type": "edit", "edited_action": { "name": "refund", "args": { "amount": 5 } } },
        { "type": "approve" },
        { "type": "reject", "message": "Too much." },
        { "type": "respond", "message": "Really?" },
    ] });
    assert_eq!(answer(&member, &all, 20).await, expected);
    let done = member.get(&format!("/api/approvals/{}/decision", items[0])).await.expect(200).body["data"].clone();
    let outcome = json!({ "happened": true, "hash": done["hash"] });
    say(&member, &items[0], "outcome", outcome).await.expect(200);
}

#[tokio::test]
async fn what_is_no_interrupt_makes_no_items() {
    let app = TestApp::start().await;
    let (_, member) = people(&app).await;
    let action = |name: &str| json!({ "name": name, "args": {} });
    let config = json!({ "action_name": "a", "allowed_decisions": ["approve"] });
    for body in [
        json!({}),
        json!([]),
        json!({ "action_requests": [], "review_configs": [] }),
        json!({ "action_requests": [action("a"), action("b")], "review_configs": [config] }),
        json!({ "action_requests": [action("a"), action("")], "review_configs": [config, { "action_name": "", "allowed_decisions": [] }] }),
        json!({ "action_requests": [action("a")], "review_configs": [{ "action_name": "a", "allowed_decisions": ["maybe"] }] }),
        json!({ "action_requests": [action("a")], "review_configs": [{ "action_name": "a", "allowed_decisions": ["edit"], "args_schema": { "type": 7 } }] }),
        json!({ "action_requests": [action("a")], "review_configs": [{ "action_name": "a", "allowed_decisions": ["edit"], "args_schema": { "title": "x".repeat(70_000) } }] }),
        json!({ "action_requests": vec![action("a"); 51], "review_configs": [config] }),
    ] {
        let refused = member.post("/api/inbox/interrupts", &body).await;
        assert_eq!(refused.expect(400).body["error"]["code"], "VALIDATION_ERROR", "{body}");
    }
    assert_eq!(member.get("/api/approvals").await.expect(200).body["meta"]["total"], 0);
}
