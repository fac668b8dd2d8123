//! Answers as JSON of a schema: what reaches models, what goes back to them, and what comes of those that never get it right.

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

use crate::{
    isolation::functions::call,
    support::{Caller, Reply, TestApp, id, take_over, until},
};

/// Said to a model that answers in words at first.
const LEARNS: &str = "You will learn it.";
/// Said to one that always does.
const STUBBORN: &str = "You will never learn it.";
/// Said to one that takes its time, when it is asked for the first time.
const SLOWLY: &str = "Think about it slowly.";

/// What models were asked.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<Value>>>);

impl Asked {
    async fn start() -> (Self, String) {
        let asked = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let models = async || Json(json!({ "data": [{ "id": "m" }] }));
        let router = Router::new()
            .route("/v1/models", get(models))
            .route("/v1/chat/completions", post(Self::answer))
            .route("/v1/messages", post(Self::answer))
            .with_state(asked.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (asked, at)
    }

    fn all(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    fn last(&self) -> Value {
        self.all().pop().unwrap()
    }

    async fn answer(State(asked): State<Self>, uri: Uri, Json(body): Json<Value>) -> Response {
        let is_first = {
            let mut all = asked.0.lock().unwrap();
            all.push(body.clone());
            let slow = |asked: &&Value| asked["messages"].to_string().contains(SLOWLY);
            all.iter().filter(slow).count() == 1 && slow(&&body)
        };
        if is_first {
            sleep(Duration::from_secs(3)).await;
        }
        let all = body["messages"].to_string();
        let last = body["messages"].as_array().unwrap().last().unwrap().to_string();
        let text = match schema(&body) {
            Value::Null => "Words.",
            _ if all.contains(STUBBORN) || last.contains(LEARNS) => "Seven.",
            schema if schema["properties"]["colour"].is_object() => r#"{"colour":"red"}"#,
            _ => r#"{"n":7}"#,
        };
        let events = if uri.path().ends_with("/messages") {
            vec![
                json!({ "type": "message_start", "message": { "model": "m", "usage": { "input_tokens": 1, "output_tokens": 1 } } }),
                json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
                json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } }),
                json!({ "type": "content_block_stop", "index": 0 }),
                json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 2 } }),
                json!({ "type": "message_stop" }),
            ]
        } else {
            let (one, other) = text.split_at(3);
            vec![
                json!({ "model": "m", "choices": [{ "delta": { "content": one } }] }),
                json!({ "choices": [{ "delta": { "content": other } }] }),
                json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }], "usage": { "prompt_tokens": 1, "completion_tokens": 1 } }),
            ]
        };
        let events = events.iter().map(|event| format!("data: {event}\n\n")).collect::<Vec<_>>().concat();
        ([(header::CONTENT_TYPE, "text/event-stream")], events + "data: [DONE]\n\n").into_response()
    }
}

/// The schema that a request of either kind asks for.
fn schema(asked: &Value) -> Value {
    let completions = asked["response_format"]["json_schema"]["schema"].clone();
    if completions.is_null() { asked["output_config"]["format"]["schema"].clone() } else { completions }
}

fn of_one(name: &str, kind: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": kind } } })
}

/// As it is told: with every object closed.
fn closed(mut schema: Value) -> Value {
    let names: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    schema["required"] = json!(names);
    schema["additionalProperties"] = json!(false);
    schema
}

async fn choose(user: &Caller, provider: &str, at: &str) {
    let new = json!({
        "provider": provider, "name": provider, "baseUrl": at, "apiKey": "sk-0123456789abcdef", "defaultModel": "m", "makeDefault": true,
    });
    user.post("/api/ai-providers", &new).await.expect(201);
}

async fn set(user: &Caller, agent: &str, schema: &Value) -> Reply {
    let body = json!({ "outputSchema": schema });
    Reply::of(user.request(Method::PATCH, &format!("/api/agents/{agent}")).json(&body)).await
}

async fn send(user: &Caller, agent: &str, fields: &[(&str, &str)]) -> Reply {
    Reply::of(user.request(Method::POST, &format!("/agents/{agent}/runs")).form(fields)).await
}

/// Says it, and waits for the answer, as AgentOS's clients do that want no stream.
async fn say(user: &Caller, agent: &str, message: &str, more: &[(&str, &str)]) -> Value {
    let mut fields = vec![("message", message), ("stream", "false")];
    fields.extend_from_slice(more);
    send(user, agent, &fields).await.expect(200).body.clone()
}

async fn stored(user: &Caller, run: &Value) -> Value {
    user.get(&format!("/api/runs/{}", run["run_id"].as_str().unwrap())).await.expect(200).body["data"].clone()
}

#[tokio::test]
async fn an_answer_that_does_not_fit_goes_back_to_the_model_and_only_what_fits_is_shown() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let agent = id(&ada.get("/agents").await.body[0]).to_owned();
    let (asked, at) = Asked::start().await;
    let number = of_one("n", "integer");
    assert_eq!(set(&ada, &agent, &number).await.expect(200).body["data"]["outputSchema"], number);

    // The Sandbox says that it cannot.
    let scripted = stored(&ada, &say(&ada, &agent, "How many?", &[]).await).await["run"].clone();
    assert_eq!((&scripted["status"], &scripted["structured"]), (&json!("ERROR"), &json!(true)), "{scripted:#}");
    assert!(scripted["error"]["said"].as_str().unwrap().contains("script"), "{scripted:#}");

    choose(&ada, "openai_compatible", &at).await;
    let streamed = send(&ada, &agent, &[("message", LEARNS)]).await.expect(200).text.clone();
    assert!(!streamed.contains("Seven."), "{streamed}");
    assert!(streamed.contains("answer_refused"), "{streamed}");
    assert_eq!(streamed.matches(r#""content":{"n":7}"#).count(), 2, "{streamed}");
    assert_eq!(streamed.matches(r#""content_type":"dict""#).count(), 2, "{streamed}");
    let all = asked.all();
    assert_eq!(all.len(), 2);
    let format = json!({ "name": "answer", "schema": closed(number.clone()), "strict": true });
    for asked in &all {
        assert_eq!(asked["response_format"], json!({ "type": "json_schema", "json_schema": format }));
    }
    let told = all[1]["messages"].as_array().unwrap();
    let [.., answered, why] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&answered["role"], &answered["content"]), (&json!("assistant"), &json!("Seven.")));
    assert!(why["role"] == "user" && why["content"].as_str().unwrap().contains("not valid JSON"), "{why}");

    let run = ada.get(&format!("/agents/{agent}/runs")).await.expect(200).body[0].clone();
    assert_eq!((&run["content"], &run["run_response_format"]), (&json!({ "n": 7 }), &json!("json")));
    let run =
        ada.get(&format!("/agents/{agent}/runs/{}", run["run_id"].as_str().unwrap())).await.expect(200).body.clone();
    assert_eq!((&run["content"], &run["content_type"]), (&json!({ "n": 7 }), &json!("dict")));
    let detail = stored(&ada, &run).await;
    assert_eq!((&detail["run"]["output"], detail["steps"].as_array().map(Vec::len)), (&json!(r#"{"n":7}"#), Some(2)));
    let slug = ada.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let page = ada.get(&format!("/w/{slug}/runs/{}", run["run_id"].as_str().unwrap())).await;
    assert!(page.expect(200).text.contains("class=\"json\""), "{}", page.text);

    // The conversation goes on with another provider, and without what did not count.
    choose(&ada, "anthropic", &at).await;
    let next = say(&ada, &agent, "And now?", &[("session_id", run["session_id"].as_str().unwrap())]).await;
    assert_eq!(next["content"], json!({ "n": 7 }), "{next:#}");
    assert_eq!(schema(&asked.last()), closed(number));
    let told = asked.last()["messages"].to_string();
    assert!(told.contains(LEARNS) && !told.contains("Seven.") && !told.contains("answer again"), "{told}");

    // One that never gets it right.
    let before = asked.all().len();
    let failed = say(&ada, &agent, STUBBORN, &[]).await;
    assert_eq!(asked.all().len() - before, 4);
    assert_eq!((&failed["status"], &failed["content_type"]), (&json!("ERROR"), &json!("str")));
    let failed = stored(&ada, &failed).await["run"].clone();
    assert_eq!((&failed["error"]["type"], &failed["output"]), (&json!("invalid_output"), &json!("Seven.")));
    assert!(failed["error"]["message"].as_str().unwrap().contains("not valid JSON"), "{failed:#}");

    set(&ada, &agent, &Value::Null).await.expect(200);
    assert_eq!(say(&ada, &agent, "And in words?", &[]).await["content"], "Words.");
    assert_eq!(schema(&asked.last()), Value::Null);
}

#[tokio::test]
async fn a_run_keeps_its_schema_one_may_come_with_a_message_and_what_is_none_is_refused_at_its_field() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let agent = id(&ada.get("/agents").await.body[0]).to_owned();
    let (asked, at) = Asked::start().await;
    choose(&ada, "openai_compatible", &at).await;
    let (number, colour) = (of_one("n", "integer"), of_one("colour", "string"));
    let endless = json!({ "type": "object", "anyOf": [{ "$ref": "#" }] });
    let long = json!({ "type": "object", "description": "x".repeat(20_000) });
    for bad in [json!([]), json!("object"), json!({ "type": "array" }), endless.clone(), long] {
        let refused = set(&ada, &agent, &bad).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], "outputSchema", "{bad}");
    }
    let endless = endless.to_string();
    for bad in ["{", "7", endless.as_str()] {
        let refused = send(&ada, &agent, &[("message", "Hello"), ("stream", "false"), ("output_schema", bad)]).await;
        assert!(refused.expect(400).text.contains("output_schema"), "{}", refused.text);
    }
    assert_eq!(ada.get("/api/runs").await.expect(200).body["meta"]["total"], 0, "what was refused has begun nothing");
    let refused = call(&ada, "agents/answers", format!("id={agent}&output_schema=%7B")).await;
    assert_eq!(refused.expect(400).body["details"]["field"], "outputSchema");
    set(&eve, &agent, &number).await.expect(404);

    // Its server is believed dead while the model thinks, and the agent has another schema meanwhile.
    let typed = "%7B%22type%22%3A%22object%22%2C%22properties%22%3A%7B%22n%22%3A%7B%22type%22%3A%22integer%22%7D%7D%7D";
    call(&ada, "agents/answers", format!("id={agent}&output_schema={typed}")).await.expect(200);
    let sent = send(&ada, &agent, &[("message", SLOWLY), ("stream", "false"), ("background", "true")]).await;
    let slow = sent.expect(202).body["run_id"].as_str().unwrap().to_owned();
    while asked.all().is_empty() {
        sleep(Duration::from_millis(20)).await;
    }
    set(&ada, &agent, &colour).await.expect(200);
    take_over(&app).await;
    let ended = |body: &Value| matches!(body["data"]["run"]["status"].as_str(), Some("COMPLETED" | "ERROR"));
    let ended = until(&ada, &format!("/api/runs/{slow}"), ended).await["data"]["run"].clone();
    assert_eq!((&ended["attempt"], &ended["output"]), (&json!(2), &json!(r#"{"n":7}"#)), "{ended:#}");
    let told: Vec<Value> = asked.all().iter().map(schema).collect();
    assert_eq!(told, [closed(number.clone()), closed(number.clone())]);

    assert_eq!(say(&ada, &agent, "Which?", &[]).await["content"], json!({ "colour": "red" }));
    let own = number.to_string();
    let answered = say(&ada, &agent, "How many?", &[("output_schema", own.as_str())]).await;
    assert_eq!((&answered["content"], &answered["content_type"]), (&json!({ "n": 7 }), &json!("dict")));
    assert_eq!(schema(&asked.last()), closed(number));

    let slug = ada.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let page = ada.get(&format!("/w/{slug}/agents/{agent}")).await;
    assert!(page.expect(200).text.contains("agents/answers") && page.text.contains("colour"), "{}", page.text);
}
