//! Keys, passwords and session tokens stay where they were put: none of them is in any page, reply, stream, line of the log, row of
//! the database or key of Redis, even when a provider sends the key back in its own words.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyvve_domain::{
    ids::WorkspaceId,
    seal::{Place, Sealer},
};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::{net::TcpListener, time::timeout};
use uuid::Uuid;

use crate::{
    isolation::{
        Things,
        functions::{IN_A_WORKSPACE, call, filled},
    },
    support::{Caller, Process, Redis, Reply, Story, cluster::superuser, id, listing, password_of},
};

const KEY: &str = "sk-canary-5f0c2b7e9d41a8364b60";
/// The master key of the tests' servers.
const MASTER_KEY: [u8; 32] = [0xaa; 32];
/// Everything, of every library.
const LOUD: &str = "trace,sqlx=trace,hyper=trace,h2=trace,rustls=trace,reqwest=trace";
/// How the provider refuses a key, each time with the key in it.
const REFUSALS: [&str; 5] = ["refuses", "breaks", "redirects", "says-so-in-mid-stream", "hides-it-in-a-list"];

/// What must not be seen, in every form in which it might be.
struct Secrets(Vec<String>);

impl Secrets {
    fn of(user: &Caller, name: &str) -> Self {
        let plain = [KEY, user.token(), &password_of(name)].map(str::to_owned);
        let hidden = plain
            .iter()
            .flat_map(|secret| [hex::encode(secret), hex::encode_upper(secret), format!("{:?}", secret.as_bytes())]);
        Self(hidden.chain(plain.iter().cloned()).collect())
    }

    /// And a key of 32 bytes.
    fn and_key(&mut self, bytes: &[u8; 32]) {
        let list = format!("{bytes:?}");
        self.0.extend([hex::encode(bytes), hex::encode_upper(bytes), STANDARD.encode(bytes), list]);
    }

    #[track_caller]
    fn assert_absent(&self, what: &str, text: &str) {
        for secret in &self.0 {
            let around = text.find(secret).map(|at| {
                let begin = text[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
                &text[begin..at]
            });
            assert!(around.is_none(), "{what} contains {secret:?}, after {around:?}");
        }
    }

    #[track_caller]
    fn assert_absent_in(&self, what: &str, reply: &Reply) {
        self.assert_absent(what, &format!("{:?}\n{}", reply.headers, reply.text));
    }
}

/// The workspace's data key, as whoever has the database and the master key finds it.
async fn data_key(process: &Process, user: &Caller) -> [u8; 32] {
    let mut conn = PgConnection::connect(process.setting("DATABASE_SYSTEM_URL")).await.unwrap();
    let workspace: Uuid = user.workspace().parse().unwrap();
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT sealed FROM workspace_keys WHERE workspace_id = $1 AND version = 1")
            .bind(workspace)
            .fetch_one(&mut conn)
            .await
            .unwrap();
    assert_eq!(process.setting("ENCRYPTION_KEY"), hex::encode(MASTER_KEY));
    let sealer = Sealer::new([(1, MASTER_KEY.as_slice())]).unwrap();
    let opened = sealer.open(Place::DataKey { workspace: WorkspaceId(workspace), version: 1 }, &sealed).unwrap();
    hex::decode(opened.expose_secret()).unwrap().try_into().unwrap()
}

/// A provider that takes no key, and says which one it was sent. Its list of models it may show nonetheless.
#[derive(Clone, Default)]
struct Provider {
    lists: Arc<AtomicBool>,
}

impl Provider {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(refuse).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        at
    }

    fn lists(&self, lists: bool) {
        self.lists.store(lists, Ordering::Relaxed);
    }
}

async fn refuse(State(provider): State<Provider>, uri: Uri, headers: HeaderMap) -> Response {
    let key = headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
    assert!(key.contains(KEY), "the key goes to its provider");
    if provider.lists.load(Ordering::Relaxed) && uri.path().ends_with("/models") {
        // One of them is called after the key.
        return ([(header::CONTENT_TYPE, "application/json")], listing(&["m", KEY])).into_response();
    }
    let said = format!("Incorrect API key provided: {key}");
    let error = json!({ "error": { "message": said, "type": said, "code": 401 } });
    let json = [(header::CONTENT_TYPE, "application/json")];
    match uri.path().split('/').nth(1).unwrap() {
        "refuses" => (StatusCode::UNAUTHORIZED, [("x-key", key)], json, error.to_string()).into_response(),
        "breaks" => (StatusCode::INTERNAL_SERVER_ERROR, format!("<h1>{said}</h1>")).into_response(),
        "redirects" => (StatusCode::FOUND, [(header::LOCATION, format!("/{key}"))]).into_response(),
        "says-so-in-mid-stream" => {
            let begun = json!({ "choices": [{ "index": 0, "delta": { "content": "Well" } }] });
            let stream = [(header::CONTENT_TYPE, "text/event-stream")];
            (stream, format!("data: {begun}\n\ndata: {error}\n\n")).into_response()
        }
        _ => (json, json!({ "error": said, "data": said, "choices": said }).to_string()).into_response(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_passwords_and_tokens_are_in_no_page_reply_stream_log_or_store() {
    let provider = Provider::default();
    let at = provider.start().await;
    provider.lists(true);
    let redis = Redis::start().await;
    let process = Process::start_with(LOUD, &[("REDIS_URL", &redis.url())]).await;
    let story = Story::of(process.anonymous().sign_up("Ada").await).await;
    let user = &story.user;
    let mut secrets = Secrets::of(user, "Ada");
    let mut things = Things::of(&story, process.setting("DATABASE_URL")).await;
    // The keys that seal keys: the master key, and the workspace's, which its first provider brings into being.
    let first = json!({ "provider": "openai_compatible", "baseUrl": at, "apiKey": KEY, "defaultModel": "m" });
    secrets.assert_absent_in("the first provider", user.post("/api/ai-providers", &first).await.expect(201));
    secrets.and_key(&MASTER_KEY);
    secrets.and_key(&data_key(&process, user).await);

    for refusal in REFUSALS {
        let new = json!({
            "provider": "openai_compatible", "name": refusal, "baseUrl": format!("{at}/{refusal}"), "apiKey": KEY,
            "defaultModel": "m", "makeDefault": true,
        });
        provider.lists(false);
        secrets.assert_absent_in(refusal, user.post("/api/ai-providers", &new).await.expect(422));
        provider.lists(true);
        let added = user.post("/api/ai-providers", &new).await;
        secrets.assert_absent_in(refusal, added.expect(201));
        id(&added.body["data"]).clone_into(&mut things.provider);
        // There is a budget: without a price nobody would be asked.
        let price = json!({ "input": 1, "output": 1, "cacheRead": 0, "cacheWrite": 0 });
        let price = json!({ "providerId": things.provider, "model": "m", "price": price });
        secrets.assert_absent_in("a price", &put(user, "prices", &price).await);
        provider.lists(false);
        let path = format!("/api/ai-providers/{}", things.provider);
        let tested = user.post(&format!("{path}/test"), &json!({})).await;
        assert_eq!(tested.expect(200).body["valid"], false, "{refusal}");
        secrets.assert_absent_in(refusal, &tested);
        let changed = Reply::of(user.request(Method::PATCH, &path).json(&json!({ "apiKey": KEY }))).await;
        secrets.assert_absent_in(refusal, changed.expect(422));

        let form = [("message", "Hello"), ("stream", "true")];
        let frames = user.open_form(&format!("/agents/{}/runs", story.agent), &form).await.rest().await;
        assert_eq!(frames.last().map(|frame| frame.event.as_str()), Some("RunError"), "{refusal}: {frames:?}");
        secrets.assert_absent(refusal, &format!("{frames:?}"));
        frames[0].data["run_id"].as_str().unwrap().clone_into(&mut things.run);
        look_everywhere(user, &things, &secrets).await;
    }
    what_is_used_is_told_without_the_key(user, &things, &secrets).await;
    what_is_wrong_with_a_request_is_said_without_its_secrets(user, &at, &secrets).await;
    for (function, form) in IN_A_WORKSPACE {
        let form = filled(form, |thing| things.id(thing).to_owned()).replace("api_key=x", &format!("api_key={KEY}"));
        secrets.assert_absent_in(function, &call(user, function, form).await);
    }
    nothing_is_kept_in_plain(&process, &redis, &secrets).await;
    user.post("/api/auth/sign-out", &json!({})).await.expect(200);

    let log = process.end();
    for words in [r#""level":"trace""#, "a system transaction", "FROM ai_providers"] {
        assert!(log.contains(words), "the log is not loud enough: no {words}");
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "not a JSON line: {line}");
        secrets.assert_absent("the log", line);
    }
}

/// The whole database, as its superuser sees it, and all of Redis, now that all of this has happened.
async fn nothing_is_kept_in_plain(process: &Process, redis: &Redis, secrets: &Secrets) {
    let mut root = PgConnection::connect(&superuser(process.setting("DATABASE_URL"))).await.unwrap();
    // What is binary is seen by its digits.
    sqlx::query("SET xmlbinary TO hex").execute(&mut root).await.unwrap();
    let dump: String =
        sqlx::query_scalar("SELECT database_to_xml(true, false, '')::text").fetch_one(&mut root).await.unwrap();
    assert!(dump.contains("ai_provider.created") && REFUSALS.iter().all(|name| dump.contains(name)));
    secrets.assert_absent("the database", &dump);
    let kept = redis.everything();
    assert!(kept.contains("hyvve:events:"), "{kept}");
    secrets.assert_absent("Redis", &kept);
}

/// Every page and every list, as the owner sees them.
async fn look_everywhere(user: &Caller, things: &Things, secrets: &Secrets) {
    let Things { workspace, change, provider, record, run, agent, session, .. } = things;
    let slug = user.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let pages = [
        String::new(),
        "/approvals".to_owned(),
        format!("/approvals/{change}"),
        "/chat".to_owned(),
        format!("/chat/{session}"),
        "/agents".to_owned(),
        format!("/agents/{agent}"),
        "/runs".to_owned(),
        format!("/runs/{run}"),
        "/records".to_owned(),
        "/records/customers".to_owned(),
        format!("/records/customers/{record}"),
        "/mailbox".to_owned(),
        "/settings".to_owned(),
        "/settings/general".to_owned(),
        "/settings/members".to_owned(),
        "/settings/security".to_owned(),
        "/settings/ai-providers".to_owned(),
        format!("/settings/ai-providers?edit={provider}"),
        format!("/settings/ai-providers?model={provider}"),
        "/settings/audit-log".to_owned(),
        "/usage".to_owned(),
        "/usage/budgets".to_owned(),
        "/usage/prices".to_owned(),
    ];
    for page in pages {
        let path = format!("/w/{slug}{page}");
        let reply = user.get(&path).await;
        assert!(reply.expect(200).text.starts_with("<!DOCTYPE html>"), "{path}");
        secrets.assert_absent_in(&path, &reply);
    }
    for path in [
        "/api/auth/session",
        "/api/auth/get-session",
        "/api/workspaces",
        &format!("/api/workspaces/{workspace}"),
        &format!("/api/workspaces/{workspace}/members"),
        "/api/approvals",
        &format!("/api/approvals/{change}"),
        "/api/ai-providers",
        &format!("/api/ai-providers/{provider}/models"),
        "/api/ai-providers/usage",
        "/api/ai-providers/usage.csv",
        "/api/ai-providers/prices",
        "/api/ai-providers/budgets",
        "/api/ai-providers/fallbacks",
        "/api/collections",
        "/api/collections/customers/records",
        &format!("/api/records/{record}"),
        "/api/runs",
        &format!("/api/runs/{run}"),
        "/api/audit-log?limit=200",
        "/api/mails",
        "/health",
        "/info",
        "/config",
        "/models",
        "/agents",
        &format!("/agents/{agent}"),
        &format!("/agents/{agent}/runs"),
        &format!("/agents/{agent}/runs/{run}"),
        "/approvals",
        "/approvals/count",
        &format!("/approvals/{change}"),
        &format!("/approvals/{change}/status"),
    ] {
        let reply = user.get(path).await;
        secrets.assert_absent_in(path, reply.expect(200));
    }
    let replayed = user.open(&format!("/agents/runs/{run}/stream")).await.rest().await;
    assert!(!replayed.is_empty());
    secrets.assert_absent("the run's stream", &format!("{replayed:?}"));
    let mut stream = user.open(&format!("/api/stream?cursor=0&runs={run}:0")).await;
    let mut heard = Vec::new();
    while let Ok(Some(frame)) = timeout(Duration::from_millis(300), stream.next()).await {
        heard.push(frame);
    }
    assert!(heard.iter().any(|frame| frame.event == "run") && heard.iter().any(|frame| frame.event == "event"));
    secrets.assert_absent("the browser's stream", &format!("{heard:?}"));
}

async fn put(user: &Caller, what: &str, body: &Value) -> Reply {
    let set = Reply::of(user.request(Method::PUT, &format!("/api/ai-providers/{what}")).json(body)).await;
    set.expect(200);
    set
}

/// Usage, and what is said about it, once there is something of everything.
async fn what_is_used_is_told_without_the_key(user: &Caller, things: &Things, secrets: &Secrets) {
    let fallbacks = json!({ "fallbacks": [{ "providerId": things.provider, "model": "another" }] });
    secrets.assert_absent_in("a fallback", &put(user, "fallbacks", &fallbacks).await);
    look_everywhere(user, things, secrets).await;
    let export = user.get("/api/ai-providers/usage.csv").await;
    let rows = &export.expect(200).text;
    // Something was used, on every one of them, and the key shows as its last four characters.
    assert!(REFUSALS.iter().all(|name| rows.contains(name)), "{rows}");
    assert!(rows.contains(&KEY[KEY.len() - 4..]), "{rows}");
}

async fn what_is_wrong_with_a_request_is_said_without_its_secrets(user: &Caller, at: &str, secrets: &Secrets) {
    for body in [
        json!({ "provider": "openai_compatible", "apiKey": KEY }),
        json!({ "provider": "openai_compatible", "apiKey": [KEY], "baseUrl": at, "defaultModel": "m" }),
        json!({ "provider": "openai_compatible", "apiKey": KEY, "baseUrl": "ftp://x", "defaultModel": "m" }),
        json!({ "provider": "openai_compatible", "apiKey": format!("{KEY}\n"), "baseUrl": at, "defaultModel": "" }),
        json!({ "provider": "openai_compatible", "apiKey": KEY, "baseUrl": at, "defaultModel": "m", "more": 1 }),
    ] {
        let reply = user.post("/api/ai-providers", &body).await;
        secrets.assert_absent_in("a refused provider", reply.expect(400));
    }
    let broken = format!("{{\"apiKey\":\"{KEY}\"");
    let broken =
        user.request(Method::POST, "/api/ai-providers").header("content-type", "application/json").body(broken);
    secrets.assert_absent_in("half a body", Reply::of(broken).await.expect(400));
    // A form, as a browser without scripts sends it: what was entered comes back in the next page, but not the key.
    for form in [
        format!("name=x&api_key={KEY}"),
        format!("provider=anthropic&name=x&base_url=nowhere&api_key={KEY}&default_model=m"),
    ] {
        let request = user.request(Method::POST, "/_fn/ai-providers/add").header("accept", "text/html");
        let sent = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        secrets.assert_absent_in("a refused form", &Reply::of(sent).await);
    }

    let taken = json!({ "name": "Ada", "email": "ada@example.com", "password": password_of("Ada") });
    secrets.assert_absent_in("a taken address", user.post("/api/auth/sign-up/email", &taken).await.expect(409));
    let unknown = json!({ "email": "eve@example.com", "password": password_of("Ada") });
    secrets.assert_absent_in("a failed sign-in", user.post("/api/auth/sign-in/email", &unknown).await.expect(401));
    for (function, form) in [
        ("auth/sign-in", format!("email=eve%40example.com&password={}&next=", password_of("Ada"))),
        ("auth/sign-in", format!("password={}", password_of("Ada"))),
        ("auth/sign-up", format!("name=&email=eve%40example.com&password={}&next=", password_of("Ada"))),
    ] {
        let request = user.request(Method::POST, &format!("/_fn/{function}")).header("accept", "text/html");
        let sent = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        secrets.assert_absent_in(function, &Reply::of(sent).await);
    }
}
