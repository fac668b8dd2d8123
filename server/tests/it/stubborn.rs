//! A model that calls tools in ways that do not fit is told so, and may try again: not for ever.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    support::{TestApp, id, until},
    usage::{add, start},
};

/// Gets it right at the fourth try.
const LEARNS: &str = "learns";

/// Counts how often it was asked.
#[derive(Clone, Default)]
struct Model(Arc<Mutex<usize>>);

impl Model {
    async fn start() -> (Self, String) {
        let model = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}/v1", listener.local_addr().unwrap());
        let models = async || Json(json!({ "data": [{ "id": "stubborn" }, { "id": LEARNS }] }));
        let router = Router::new()
            .route("/v1/models", get(models))
            .route(
                "/v1/chat/completions",
                post(async |model: State<Self>, body: Json<Value>| Self::answer(&model, &body)),
            )
            .with_state(model.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (model, at)
    }

    fn asked(&self) -> usize {
        *self.0.lock().unwrap()
    }

    fn answer(State(model): &State<Self>, Json(body): &Json<Value>) -> Response {
        let time = {
            let mut asked = model.0.lock().unwrap();
            *asked += 1;
            *asked
        };
        let (name, arguments) = match time {
            1 => ("search_records", r#"{"collection": 7}"#),
            2 => ("no_such_tool", "{}"),
            3 => ("search_records", r#"{"collection": "customers", "query": "\u0000"}"#),
            4 if body["model"] == LEARNS => ("search_records", r#"{"collection": "customers", "query": "Ada"}"#),
            _ => ("search_records", "{"),
        };
        let delta = if time > 4 {
            json!({ "content": "Found." })
        } else {
            json!({ "tool_calls": [{ "index": 0, "id": format!("call_{time}"), "type": "function",
                "function": { "name": name, "arguments": arguments } }] })
        };
        let chunk = json!({ "choices": [{ "delta": delta }] });
        let end = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
        ([(header::CONTENT_TYPE, "text/event-stream")], format!("data: {chunk}\n\ndata: {end}\n\n")).into_response()
    }
}

/// How a run of an agent with this model ends, its steps, and how often the model was asked.
async fn ended(app: &TestApp, name: &str, model: &str) -> (Value, Vec<Value>, usize) {
    let user = app.sign_up(name).await;
    let (asked, at) = Model::start().await;
    let agent = id(&user.get("/agents").await.expect(200).body[0]).to_owned();
    add(&user, &at, "First", model, true).await;
    let run = start(&user, &agent).await;
    let over = |body: &Value| matches!(body["data"]["run"]["status"].as_str(), Some("COMPLETED" | "ERROR"));
    let over = until(&user, &format!("/api/runs/{run}"), over).await["data"].clone();
    let steps = over["steps"].as_array().unwrap().clone();
    (over["run"].clone(), steps, asked.asked())
}

/// What the model was told of its calls.
fn told(steps: &[Value]) -> Vec<(bool, Value)> {
    let results = steps.iter().map(|step| &step["content"]["result"]).filter(|result| result.is_object());
    let told = results.map(|result| {
        let content: Value = serde_json::from_str(result["content"].as_str().unwrap()).unwrap();
        (result["is_error"].as_bool().unwrap(), content["status"].clone())
    });
    told.collect()
}

#[tokio::test]
async fn calls_that_do_not_fit_go_back_three_times_and_then_the_run_says_what_to_do() {
    let app = TestApp::start().await;
    let (run, steps, asked) = ended(&app, "Ada", "stubborn").await;
    let bad = || (true, json!("invalid_arguments"));
    assert_eq!(told(&steps), [bad(), (true, json!("unknown_tool")), bad()], "{steps:#?}");
    assert_eq!((asked, &run["status"], &run["error"]["type"]), (4, &json!("ERROR"), &json!("invalid_tool_arguments")));
    assert_eq!(run["error"]["message"], "First kept calling tools with arguments that do not fit.");
    let remedy = run["error"]["remedy"].as_str().unwrap();
    assert!(remedy.contains("a model that is better with tools"), "{remedy}");
}

#[tokio::test]
async fn who_gets_it_right_at_last_goes_on() {
    let app = TestApp::start().await;
    let (run, steps, asked) = ended(&app, "Ada", LEARNS).await;
    assert_eq!((asked, &run["status"], &run["output"]), (5, &json!("COMPLETED"), &json!("Found.")), "{run:#}");
    let told = told(&steps);
    assert_eq!((told.len(), told[3].0), (4, false), "{told:?}");
}
