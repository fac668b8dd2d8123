//! A model that holds every thought to the words that it followed, as newer models of Claude do: whatever changes in a conversation,
//! nothing goes back to it that it would refuse.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::net::TcpListener;

use crate::support::{Caller, Reply, TestApp, cluster::superuser, id, until};

/// Does not know its own thoughts again.
const FORGETS: &str = "claude-forgets";

/// What came of the thoughts that went back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Seen {
    known: usize,
    refused: usize,
}

/// Thinks before everything, then calls what it is told to call, and answers when that has answered.
#[derive(Clone, Default)]
struct Claude(Arc<Mutex<Seen>>);

impl Claude {
    async fn start() -> (Self, String) {
        let claude = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let models = async || Json(json!({ "data": [{ "id": "claude-x" }, { "id": FORGETS }] }));
        let router = Router::new()
            .route("/v1/models", get(models))
            .route("/v1/messages", post(async |claude: State<Self>, body: Json<Value>| Self::answer(&claude, &body)))
            .with_state(claude.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (claude, at)
    }

    fn seen(&self) -> Seen {
        *self.0.lock().unwrap()
    }

    fn answer(State(claude): &State<Self>, Json(body): &Json<Value>) -> Response {
        let messages = body["messages"].as_array().unwrap();
        for (at, message) in messages.iter().enumerate() {
            let blocks = message["content"].as_array().unwrap();
            for (n, block) in blocks.iter().enumerate().filter(|(_, block)| block["type"] == "thinking") {
                if block["signature"] != before(body, &messages[..at], &blocks[..n]) {
                    claude.0.lock().unwrap().refused += 1;
                    let message = format!(
                        "messages.{at}.content.{n}: Invalid `signature` in `thinking` block. The block is bound to a different conversation."
                    );
                    let error = json!({ "type": "invalid_request_error", "message": message });
                    return (StatusCode::BAD_REQUEST, Json(json!({ "type": "error", "error": error }))).into_response();
                }
                claude.0.lock().unwrap().known += 1;
            }
        }
        let last = messages.last().and_then(|message| message["content"].as_array()?.last()).unwrap();
        let call = match last["text"].as_str() {
            Some(text) if text.contains("Search") => {
                Some(("search_records", json!({ "collection": "customers", "query": "Ada" })))
            }
            Some(text) if text.contains("Mail") => {
                Some(("send_email", json!({ "to": "ada@example.com", "subject": "Hello", "body": "Hello." })))
            }
            _ => None,
        };
        let signature = if body["model"] == FORGETS { "forgotten".to_owned() } else { before(body, messages, &[]) };
        let events = stream(&signature, call);
        ([(header::CONTENT_TYPE, "text/event-stream")], events).into_response()
    }
}

/// What stands before a thought, in short; marks of caches are no part of it.
fn before(body: &Value, messages: &[Value], blocks: &[Value]) -> String {
    let mut before = json!([body["system"], body["tools"], messages, blocks]);
    unmark(&mut before);
    let mut hasher = DefaultHasher::new();
    before.to_string().hash(&mut hasher);
    format!("{:x}", hasher.finish())
}

fn unmark(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("cache_control");
            fields.values_mut().for_each(unmark);
        }
        Value::Array(items) => items.iter_mut().for_each(unmark),
        _ => {}
    }
}

/// A thought, and then a call or a word.
fn stream(signature: &str, call: Option<(&str, Value)>) -> String {
    let start =
        |index: u64, block: Value| json!({ "type": "content_block_start", "index": index, "content_block": block });
    let delta = |index: u64, delta: Value| json!({ "type": "content_block_delta", "index": index, "delta": delta });
    let stop = |index: u64| json!({ "type": "content_block_stop", "index": index });
    let reason = if call.is_some() { "tool_use" } else { "end_turn" };
    let second = if let Some((name, input)) = call {
        let made = json!({ "type": "tool_use", "id": "toolu_1", "name": name, "input": {} });
        let input = json!({ "type": "input_json_delta", "partial_json": input.to_string() });
        [start(1, made), delta(1, input), stop(1)]
    } else {
        let text = json!({ "type": "text_delta", "text": "Done." });
        [start(1, json!({ "type": "text", "text": "" })), delta(1, text), stop(1)]
    };
    let usage = json!({ "input_tokens": 10, "output_tokens": 5 });
    let first = [
        json!({ "type": "message_start", "message": { "model": "claude-x", "usage": usage } }),
        start(0, json!({ "type": "thinking", "thinking": "", "signature": "" })),
        delta(0, json!({ "type": "thinking_delta", "thinking": "Hm." })),
        delta(0, json!({ "type": "signature_delta", "signature": signature })),
        stop(0),
    ];
    let end = [
        json!({ "type": "message_delta", "delta": { "stop_reason": reason }, "usage": usage }),
        json!({ "type": "message_stop" }),
    ];
    let events = first.iter().chain(&second).chain(&end).map(|event| format!("data: {event}\n\n"));
    events.collect::<Vec<_>>().concat()
}

/// Somebody whose agent asks it.
struct World {
    app: TestApp,
    user: Caller,
    agent: String,
    claude: Claude,
}

impl World {
    async fn new(model: &str) -> Self {
        let app = TestApp::start().await;
        let user = app.sign_up("Ada").await;
        let (claude, at) = Claude::start().await;
        let provider = json!({
            "provider": "anthropic", "name": "Claude", "baseUrl": at, "apiKey": "sk-0123456789abcdef", "defaultModel": model, "makeDefault": true,
        });
        user.post("/api/ai-providers", &provider).await.expect(201);
        let agent = id(&user.get("/agents").await.body[0]).to_owned();
        Self { app, user, agent, claude }
    }

    /// Says something in a conversation, or begins one; answers the run as soon as it rests, and the conversation.
    async fn say(&self, message: &str, session: Option<&str>) -> (Value, String) {
        let mut fields = vec![("message", message), ("stream", "false"), ("background", "true")];
        fields.extend(session.map(|session| ("session_id", session)));
        let accepted = self.user.post_form(&format!("/agents/{}/runs", self.agent), &fields).await;
        let told = &accepted.expect(202).body;
        let run = self.rests(told["run_id"].as_str().unwrap(), &["PAUSED", "COMPLETED", "ERROR"]).await;
        (run, told["session_id"].as_str().unwrap().to_owned())
    }

    async fn rests(&self, run: &str, so: &[&str]) -> Value {
        let rests = |body: &Value| body["data"]["run"]["status"].as_str().is_some_and(|status| so.contains(&status));
        until(&self.user, &format!("/api/runs/{run}"), rests).await["data"]["run"].clone()
    }
}

#[tokio::test]
async fn thoughts_go_back_within_their_run_and_only_after_what_they_followed() {
    let world = World::new("claude-x").await;
    let (first, session) = world.say("Search for her.", None).await;
    assert_eq!((&first["status"], &first["output"]), (&json!("COMPLETED"), &json!("Done.")), "{first:#}");
    assert_eq!(world.claude.seen(), Seen { known: 1, refused: 0 }, "with the result of its call");

    // While a person decides, somebody words the agent's instructions anew.
    let (paused, _) = world.say("Mail her.", Some(&session)).await;
    assert_eq!(paused["status"], "PAUSED", "{paused:#}");
    let mut root = PgConnection::connect(&superuser(world.app.setting("DATABASE_URL"))).await.unwrap();
    sqlx::query("UPDATE agents SET instructions = 'Be brief.'").execute(&mut root).await.unwrap();
    let waiting = world.user.get("/api/approvals?status=pending").await;
    let reject = format!("/api/approvals/{}/reject", id(&waiting.expect(200).body["data"][0]));
    world.user.post(&reject, &json!({ "reason": "She called." })).await.expect(200);
    let resumed = world.rests(id(&paused), &["COMPLETED", "ERROR"]).await;
    assert_eq!(resumed["status"], "COMPLETED", "{resumed:#}");
    assert_eq!(world.claude.seen(), Seen { known: 1, refused: 0 });

    // The conversation goes on, and its tools change too.
    let open = format!("/api/workspaces/{}/openness", world.user.workspace());
    let hosts = json!({ "requestHosts": ["example.com"] });
    Reply::of(world.user.request(Method::PATCH, &open).json(&hosts)).await.expect(200);
    let (last, _) = world.say("Search again.", Some(&session)).await;
    assert_eq!(last["status"], "COMPLETED", "{last:#}");
    assert_eq!(world.claude.seen(), Seen { known: 2, refused: 0 });
}

#[tokio::test]
async fn a_thought_that_is_refused_all_the_same_costs_its_own_run_and_no_other() {
    let world = World::new(FORGETS).await;
    let (failed, session) = world.say("Search for her.", None).await;
    assert_eq!((&failed["status"], &failed["error"]["type"]), (&json!("ERROR"), &json!("refused")), "{failed:#}");
    assert!(failed["error"]["said"].as_str().unwrap().contains("Invalid `signature`"), "{failed:#}");
    let (next, _) = world.say("Thank you.", Some(&session)).await;
    assert_eq!((&next["status"], &next["output"]), (&json!("COMPLETED"), &json!("Done.")), "{next:#}");
    assert_eq!(world.claude.seen(), Seen { known: 0, refused: 1 });
}
