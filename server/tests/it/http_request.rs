//! An agent asks a web server: what leaves was seen and approved before, leaves once, and only to hosts that the workspace lists
//! and that the guard lets through.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::{any, get, post},
};
use futures::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

use crate::support::{Caller, Reply, TestApp, id, until};

/// What a header says that no log must have.
const SECRET: &str = "Bearer canary-of-a-request";

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    at
}

/// A model that does as it is told: it calls `http_request` with the message as arguments, and then repeats what it was told.
async fn model() -> String {
    let answer = async |Json(body): Json<Value>| -> Response {
        let last = body["messages"].as_array().unwrap().last().unwrap();
        let offered = body["tools"].to_string().contains("http_request");
        let delta = match (last["role"].as_str(), offered) {
            (Some("tool"), _) => json!({ "content": last["content"] }),
            (_, false) => json!({ "content": "I have no such tool." }),
            _ => json!({ "tool_calls": [{ "index": 0, "id": "call_1", "type": "function",
                "function": { "name": "http_request", "arguments": last["content"] } }] }),
        };
        let chunk = json!({ "choices": [{ "delta": delta }] });
        let end = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
        ([(header::CONTENT_TYPE, "text/event-stream")], format!("data: {chunk}\n\ndata: {end}\n\n")).into_response()
    };
    let models = async || Json(json!({ "data": [{ "id": "m" }] }));
    serve(Router::new().route("/v1/models", get(models)).route("/v1/chat/completions", post(answer))).await
}

/// Method, path, headers and body.
type Asked = (Method, String, HeaderMap, String);

/// A web server, and what it was asked.
#[derive(Clone, Default)]
struct Web(Arc<Mutex<Vec<Asked>>>);

impl Web {
    async fn start() -> (Self, String) {
        let web = Self::default();
        let at = serve(Router::new().fallback(any(Self::answer)).with_state(web.clone())).await;
        (web, at)
    }

    async fn answer(State(web): State<Self>, method: Method, uri: Uri, headers: HeaderMap, body: String) -> Response {
        web.0.lock().unwrap().push((method, uri.to_string(), headers, body));
        match uri.path() {
            "/moved" => Redirect::temporary("/secret").into_response(),
            "/large" => {
                let pieces = stream::repeat(Bytes::from(vec![b'x'; 1 << 20])).take(50);
                Body::from_stream(pieces.map(Ok::<_, std::io::Error>)).into_response()
            }
            "/silent" => std::future::pending().await,
            "/binary" => b"\x89PNG\r\n\x1a\n\0\0".into_response(),
            _ => (StatusCode::CREATED, [("set-cookie", "a=b")], Json(json!({ "made": true }))).into_response(),
        }
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Somebody whose agent does as it is told, and a web server that may be asked.
struct World {
    _app: TestApp,
    user: Caller,
    agent: String,
    web: Web,
    at: String,
}

impl World {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let app = TestApp::start_with(settings).await;
        let user = app.sign_up("Ada").await;
        let provider = json!({
            "provider": "openai_compatible", "baseUrl": model().await, "apiKey": "k", "defaultModel": "m", "makeDefault": true,
        });
        user.post("/api/ai-providers", &provider).await.expect(201);
        let agent = id(&user.get("/agents").await.body[0]).to_owned();
        let (web, at) = Web::start().await;
        let world = Self { _app: app, user, agent, web, at };
        world.list(&[&world.at["http://".len()..]]).await.expect(200);
        world
    }

    /// Lists the hosts that agents may ask.
    async fn list(&self, hosts: &[&str]) -> Reply {
        let path = format!("/api/workspaces/{}/openness", self.user.workspace());
        Reply::of(self.user.request(Method::PATCH, &path).json(&json!({ "requestHosts": hosts }))).await
    }

    /// Has the agent call the tool; answers where the run is, as soon as it waits or has ended.
    async fn call(&self, arguments: &Value) -> String {
        let message = arguments.to_string();
        let fields = [("message", message.as_str()), ("stream", "false"), ("background", "true")];
        let accepted = self.user.post_form(&format!("/agents/{}/runs", self.agent), &fields).await;
        let run = format!("/api/runs/{}", accepted.expect(202).body["run_id"].as_str().unwrap());
        let rests =
            |body: &Value| body["data"]["run"]["status"].as_str().is_some_and(|s| s == "PAUSED" || s == "COMPLETED");
        until(&self.user, &run, rests).await;
        run
    }

    /// The item that waits.
    async fn waiting(&self) -> String {
        let items = self.user.get("/api/approvals?status=pending").await;
        let items = items.expect(200).body["data"].as_array().unwrap().clone();
        assert_eq!(items.len(), 1, "{items:?}");
        format!("/api/approvals/{}", id(&items[0]))
    }

    /// What the agent answers at the end of a run: what it was told.
    async fn told(&self, run: &str) -> Value {
        let done = until(&self.user, run, |body| body["data"]["run"]["status"] == "COMPLETED").await;
        serde_json::from_str(done["data"]["run"]["output"].as_str().unwrap()).unwrap()
    }

    /// Proposed, approved and carried out; answers the item, and what the agent was told.
    async fn carried_out(&self, arguments: Value) -> (Value, Value) {
        let run = self.call(&arguments).await;
        let item = self.waiting().await;
        self.user.post(&format!("{item}/approve"), &json!({})).await.expect(200);
        let ended = |body: &Value| body["data"]["effect"].as_str().is_some_and(|e| e != "intended" && e != "executing");
        let shown = until(&self.user, &item, ended).await["data"].clone();
        (shown, self.told(&run).await)
    }
}

#[tokio::test]
async fn what_leaves_is_exactly_what_was_shown_and_the_agent_is_told_what_came_back() {
    let world = World::new(&[]).await;
    let url = format!("{}/orders?key=hidden", world.at);
    let call = json!({
        "method": "POST", "url": url, "headers": { "authorization": SECRET, "content-type": "application/json" },
        "body": "{\"n\": 1}", "reason": "She asked for it.",
    });
    world.call(&call).await;
    let item = world.waiting().await;
    let shown = world.user.get(&item).await;
    let shown = &shown.expect(200).body["data"];
    let expected = json!({
        "kind": "request", "method": "POST", "url": url, "body": "{\"n\": 1}",
        "headers": [["authorization", SECRET], ["content-type", "application/json"]],
    });
    assert_eq!(shown["preview"], expected);
    assert_eq!(shown["reversibility"], "irreversible");
    let title = shown["title"].as_str().unwrap();
    assert!(title.starts_with("POST 127.0.0.1:") && !title.contains("hidden"), "{title}");
    let page = world.user.get(&format!("/w/{}/approvals/{}", slug(&world.user).await, id(shown))).await;
    assert!(page.text.contains("The request that will leave") && page.text.contains(SECRET), "{}", page.text);
    assert_eq!(world.web.asked(), 0, "nothing leaves before somebody has decided");

    world.user.post(&format!("{item}/approve"), &json!({})).await.expect(200);
    let done = until(&world.user, &item, |body| body["data"]["effect"] == "done").await;
    let result = &done["data"]["effectDetail"]["result"];
    assert_eq!((&result["status"], &result["body"]), (&json!(201), &json!("{\"made\":true}")));
    assert_eq!((&result["complete"], &result["headers"]["set-cookie"]), (&json!(true), &Value::Null));
    let asked = world.web.0.lock().unwrap().clone();
    let [(method, path, headers, body)] = asked.as_slice() else { panic!("{} requests", asked.len()) };
    assert_eq!((method, path.as_str(), body.as_str()), (&Method::POST, "/orders?key=hidden", "{\"n\": 1}"));
    assert_eq!(
        (&headers["authorization"], &headers["content-type"]),
        (&SECRET.parse().unwrap(), &"application/json".parse().unwrap())
    );
    let log = world.user.get("/api/audit-log?limit=50").await;
    assert!(!log.expect(200).text.contains(SECRET) && !log.text.contains("hidden"), "{}", log.text);
}

async fn slug(user: &Caller) -> String {
    let workspace = user.get(&format!("/api/workspaces/{}", user.workspace())).await;
    workspace.expect(200).body["data"]["slug"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_reply_is_followed_nowhere_cut_where_it_is_long_and_left_out_where_it_is_no_text() {
    let world = World::new(&[]).await;
    let get = |path: &str| json!({ "method": "GET", "url": format!("{}{path}", world.at) });
    let (item, told) = world.carried_out(get("/moved")).await;
    assert_eq!((&item["reversibility"], &item["effect"]), (&json!("reversible"), &json!("done")));
    assert_eq!((&told["status"], &told["result"]["status"]), (&json!("done"), &json!(307)));
    assert_eq!(told["result"]["headers"]["location"], "/secret");
    assert!(told["result"]["note"].as_str().unwrap().contains("not followed"));
    assert_eq!(world.web.asked(), 1);

    let (_, told) = world.carried_out(get("/large")).await;
    assert_eq!(told["result"]["body"].as_str().unwrap().len(), 32 * 1024);
    assert_eq!(told["result"]["complete"], false);
    assert!(told["result"]["note"].as_str().unwrap().contains("first 32 KiB"));

    let (_, told) = world.carried_out(get("/binary")).await;
    assert_eq!((&told["result"]["body"], &told["result"]["complete"]), (&Value::Null, &json!(true)));
    assert!(told["result"]["note"].as_str().unwrap().contains("no text"));
}

#[tokio::test]
async fn a_host_that_is_not_listed_or_is_private_is_never_asked() {
    let world = World::new(&[]).await;
    let port = world.at.rsplit(':').next().unwrap().to_owned();
    let get = |url: String| json!({ "method": "GET", "url": url });
    world.list(&["10.0.0.5", "169.254.169.254"]).await.expect(400);
    let (name, open) = (format!("localhost:{port}"), world.at["http://".len()..].to_owned());
    let listed = world.list(&["10.0.0.5", "example.com", &name, &open]).await;
    assert_eq!(listed.expect(200).body["data"]["requestHosts"], json!(["10.0.0.5", "example.com", name, open]));

    // The model is told at once, and nobody is asked to decide.
    for (url, why) in [
        ("https://10.0.0.5/".to_owned(), "private address"),
        ("https://169.254.169.254/latest".to_owned(), "reserved address"),
        ("http://example.com/".to_owned(), "without https"),
        ("https://other.example/".to_owned(), "not among the hosts"),
        ("file:///etc/passwd".to_owned(), "Only https"),
    ] {
        let run = world.call(&get(url.clone())).await;
        let told = world.told(&run).await;
        assert!(told["error"].as_str().unwrap().contains(why), "{url}: {told}");
    }
    // Where a name leads is seen when it is asked for.
    let (item, told) = world.carried_out(get(format!("https://{name}/"))).await;
    assert_eq!((&item["effect"], &told["status"]), (&json!("failed"), &json!("failed")));
    assert!(told.to_string().contains("private address"), "{told}");
    // The list of the moment counts, not that of the proposal.
    let run = world.call(&get(format!("{}/", world.at))).await;
    let item = world.waiting().await;
    world.list(&["example.com"]).await.expect(200);
    world.user.post(&format!("{item}/approve"), &json!({})).await.expect(200);
    assert!(world.told(&run).await.to_string().contains("not among the hosts"));
    // With an empty list there is no such tool.
    world.list(&[]).await.expect(200);
    let run = world.call(&get(format!("{}/", world.at))).await;
    let done = until(&world.user, &run, |body| body["data"]["run"]["status"] == "COMPLETED").await;
    assert_eq!(done["data"]["run"]["output"], "I have no such tool.");
    assert_eq!(world.web.asked(), 0);
    let log = world.user.get("/api/audit-log?limit=50").await;
    let changes = log.expect(200).body["data"].as_array().unwrap();
    assert_eq!(changes.iter().filter(|row| row["action"] == "workspace.openness_changed").count(), 4);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_unknown_and_nothing_is_sent_again() {
    let world = World::new(&[("HYVVE_LEASE_SECONDS", "1")]).await;
    let call = json!({ "method": "POST", "url": format!("{}/silent", world.at), "body": "x" });
    let (item, told) = world.carried_out(call).await;
    assert_eq!((&item["effect"], &told["status"]), (&json!("unknown"), &json!("unknown")));
    // Somebody who is silent keeps nobody else waiting, and is not asked again.
    sleep(Duration::from_secs(6)).await;
    assert_eq!(world.web.asked(), 1);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    world.list(&["127.0.0.1"]).await.expect(200);
    let (item, told) = world.carried_out(json!({ "method": "GET", "url": format!("http://{nobody}/") })).await;
    assert_eq!((&item["effect"], &told["status"]), (&json!("failed"), &json!("failed")));
    assert!(told.to_string().contains("Nothing was sent"), "{told}");
}
