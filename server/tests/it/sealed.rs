//! What a provider seals goes back to it with the results of its calls, after it was stored; and to nobody else.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

use crate::support::{Caller, Reply, TestApp, id, listing};

/// What stands in every seal; a seal is told to nobody but its provider.
const SEAL: &str = "c2VhbGVk";
/// Where another provider of the same kind is, which only talks.
const OTHER: &str = "other";

/// Providers of all formats, and what each was asked, in order.
#[derive(Clone, Default)]
struct Providers(Arc<Mutex<Vec<(String, Value)>>>);

impl Providers {
    async fn start() -> (Self, String) {
        let providers = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/late/chat/completions", post(answer_late))
            .route("/{*path}", get(list).post(answer))
            .with_state(providers.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (providers, at)
    }

    fn asked(&self, kind: &str) -> Vec<Value> {
        self.0.lock().unwrap().iter().filter(|(of, _)| of == kind).map(|(_, body)| body.clone()).collect()
    }
}

/// What whoever adds one asks.
async fn list() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], listing(&["gemini-3-x", "m"])).into_response()
}

/// Thinks for longer than a lease before it says anything.
async fn answer_late(providers: State<Providers>, uri: Uri, body: Json<Value>) -> Response {
    sleep(Duration::from_millis(2_500)).await;
    answer(providers, uri, body).await
}

/// First a call with the thoughts that led to it, then words.
async fn answer(State(providers): State<Providers>, uri: Uri, Json(body): Json<Value>) -> Response {
    let mut path = uri.path().split('/').skip(1);
    let provider = path.next().unwrap().to_owned();
    let kind = if provider == OTHER { path.next().unwrap() } else { &provider };
    let first = provider != OTHER && providers.asked(&provider).is_empty();
    providers.0.lock().unwrap().push((provider.clone(), body));
    let events = match kind {
        "anthropic" => anthropic(first),
        "openai" => openai(first),
        "gemini" => gemini(first),
        _ => completions(kind, first),
    };
    let stream = events.iter().fold(String::new(), |stream, event| stream + &format!("data: {event}\n\n"));
    ([(header::CONTENT_TYPE, "text/event-stream")], stream).into_response()
}

fn arguments() -> Value {
    json!({ "collection": "customers", "query": "Ada" })
}

fn anthropic(first: bool) -> Vec<Value> {
    let blocks = if first {
        vec![
            json!({"type": "thinking", "thinking": "Who?", "signature": SEAL}),
            json!({"type": "redacted_thinking", "data": SEAL}),
            json!({"type": "tool_use", "id": "toolu_1", "name": "search_records", "input": arguments()}),
        ]
    } else {
        vec![json!({"type": "text", "text": "Done."})]
    };
    let usage = json!({"input_tokens": 3, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 100});
    let mut events = vec![json!({"type": "message_start", "message": {"model": "claude-x", "usage": usage}})];
    for (index, block) in blocks.into_iter().enumerate() {
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    let reason = if first { "tool_use" } else { "end_turn" };
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 7}}));
    events.push(json!({"type": "message_stop"}));
    events
}

fn openai(first: bool) -> Vec<Value> {
    let items = if first {
        vec![
            json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SEAL}),
            json!({"type": "function_call", "call_id": "call_1", "name": "search_records", "arguments": arguments().to_string()}),
        ]
    } else {
        vec![json!({"type": "message", "content": [{"type": "output_text", "text": "Done."}]})]
    };
    let mut events = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        events.push(json!({"type": "response.output_item.added", "output_index": index, "item": item}));
        events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
    }
    events.push(json!({"type": "response.completed", "response": {"status": "completed"}}));
    events
}

fn gemini(first: bool) -> Vec<Value> {
    let call = json!({"functionCall": {"id": "fc_1", "name": "search_records", "args": arguments()}, "thoughtSignature": SEAL});
    let parts = if first { json!([call]) } else { json!([{"text": "Done."}]) };
    vec![json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}], "modelVersion": "gemini-x"})]
}

fn completions(kind: &str, first: bool) -> Vec<Value> {
    let mut delta = if first {
        json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
            "function": {"name": "search_records", "arguments": arguments().to_string()}}]})
    } else {
        json!({"content": "Done."})
    };
    if first && kind == "openrouter" {
        delta["reasoning_details"] = json!([{"type": "reasoning.encrypted", "data": SEAL, "index": 0}]);
    } else if first {
        delta["reasoning_content"] = json!(SEAL);
    }
    let reason = if first { "tool_calls" } else { "stop" };
    let usage = json!({"prompt_tokens": 9, "completion_tokens": 7, "cost": 0.25});
    vec![json!({"model": "m", "choices": [{"delta": delta, "finish_reason": reason}], "usage": usage})]
}

/// What of a request has the seal in it.
fn sealed(kind: &str, request: &Value) -> Value {
    let (list, pointer) = match kind {
        "anthropic" => ("/messages", "/content"),
        "openai" => ("/input", ""),
        "gemini" => ("/contents", "/parts"),
        _ => ("/messages", ""),
    };
    let messages = request.pointer(list).and_then(Value::as_array).unwrap();
    let found = messages.iter().find(|message| message.to_string().contains(SEAL));
    found.and_then(|message| message.pointer(pointer)).cloned().unwrap_or_default()
}

/// Answers with its address in the API.
async fn add(user: &Caller, kind: &str, at: &str) -> String {
    let new = json!({ "provider": kind, "baseUrl": format!("{at}/{kind}"), "apiKey": "sk-0123456789",
        "defaultModel": "gemini-3-x", "makeDefault": true });
    let added = user.post("/api/ai-providers", &new).await;
    format!("/api/ai-providers/{}", id(&added.expect(201).body["data"]))
}

/// Says something, and answers with the run's last event.
async fn say(user: &Caller, agent: &str, session: Option<&str>) -> Value {
    let mut form = vec![("message", "Find Ada"), ("stream", "true")];
    form.extend(session.map(|session| ("session_id", session)));
    let frames = user.open_form(&format!("/agents/{agent}/runs"), &form).await.rest().await;
    let last = frames.last().unwrap();
    assert_eq!(last.event, "RunCompleted", "{frames:?}");
    last.data.clone()
}

#[tokio::test]
async fn thoughts_come_back_to_the_provider_that_sealed_them_and_to_no_other() {
    let (providers, at) = Providers::start().await;
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    let agents = user.get("/agents").await;
    let agent = agents.body[0]["id"].as_str().unwrap();
    let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SEAL});
    let call = json!({"id": "fc_1", "name": "search_records", "args": arguments()});
    for (kind, expected) in [
        (
            "anthropic",
            json!([
                {"type": "thinking", "thinking": "Who?", "signature": SEAL},
                {"type": "redacted_thinking", "data": SEAL},
                {"type": "tool_use", "id": "toolu_1", "name": "search_records", "input": arguments()},
            ]),
        ),
        ("openai", reasoning),
        ("gemini", json!([{"functionCall": call, "thoughtSignature": SEAL}])),
        ("deepseek", Value::Null),
        ("openrouter", Value::Null),
        ("openai_compatible", Value::Null),
    ] {
        let provider = add(&user, kind, &at).await;
        let run = say(&user, agent, None).await;
        let session = run["session_id"].as_str().unwrap();
        say(&user, agent, Some(session)).await;
        let asked = providers.asked(kind);
        assert_eq!(asked.len(), 3, "{kind}");
        assert!(!asked[0].to_string().contains(SEAL), "{kind}");
        for (nth, request) in asked.iter().enumerate().skip(1) {
            // A thought that is proven goes back within its run; calls keep what is on them, and some servers want plain reasoning.
            if nth == 2 && matches!(kind, "anthropic" | "openai" | "openrouter") {
                assert!(!request.to_string().contains(SEAL), "{kind}: {request}");
                continue;
            }
            let seal = sealed(kind, request);
            match kind {
                "openrouter" => assert_eq!(seal["reasoning_details"][0]["data"], SEAL),
                "deepseek" | "openai_compatible" => assert_eq!(seal["reasoning_content"], SEAL),
                _ => assert_eq!(seal, expected, "{kind}"),
            }
        }

        // With another key it may be another account, which has sealed nothing.
        let change = user.request(Method::PATCH, &provider).json(&json!({ "apiKey": "sk-9876543210" }));
        Reply::of(change).await.expect(200);
        say(&user, agent, Some(session)).await;
        let request = providers.asked(kind).pop().unwrap();
        assert!(request.to_string().contains("Find Ada") && !request.to_string().contains(SEAL), "{kind}: {request}");

        // The same conversation with another provider, though its model has the same name.
        add(&user, kind, &format!("{at}/{OTHER}")).await;
        say(&user, agent, Some(session)).await;
        let other = providers.asked(OTHER).pop().unwrap();
        assert!(other.to_string().contains("Find Ada") && !other.to_string().contains(SEAL), "{kind}: {other}");
        providers.0.lock().unwrap().clear();

        let run = user.get(&format!("/api/runs/{}", run["run_id"].as_str().unwrap())).await;
        let usage = &run.expect(200).body["data"]["run"]["usage"];
        match kind {
            "anthropic" => {
                let cache = (&usage["cache_read"], &usage["cache_write"]);
                assert_eq!((&usage["input"], cache), (&json!(246), (&json!(40), &json!(200))));
            }
            "openrouter" => assert_eq!(usage["cost_micros"], 500_000),
            _ => {}
        }
        let shown = matches!(kind, "deepseek" | "openai_compatible");
        assert_eq!(run.text.contains(SEAL), shown, "{kind}: {}", run.text);
    }
}

#[tokio::test]
async fn a_model_that_thinks_for_longer_than_a_lease_is_asked_once() {
    let (providers, at) = Providers::start().await;
    let app = TestApp::start_with(&[("HYVVE_LEASE_SECONDS", "1")]).await;
    let user = app.sign_up("Ada").await;
    let new = json!({ "provider": "openai_compatible", "baseUrl": format!("{at}/late"), "defaultModel": "m",
        "makeDefault": true });
    user.post("/api/ai-providers", &new).await.expect(201);
    let agents = user.get("/agents").await;
    let run = say(&user, agents.body[0]["id"].as_str().unwrap(), None).await;
    assert_eq!(providers.asked("late").len(), 2, "a call, and the answer to its result");
    let run = user.get(&format!("/api/runs/{}", run["run_id"].as_str().unwrap())).await;
    assert_eq!(run.expect(200).body["data"]["run"]["attempt"], 1);
}
