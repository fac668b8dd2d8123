//! The master key changes while two servers run, and nobody notices; a provider's key is only ever where it belongs.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

use crate::support::{Caller, Reply, TestApp, id};

const KEY: &str = "sk-first-0123456789";
/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A provider that writes down which keys it was shown, and answers whoever shows one.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>);

impl Listener {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        at
    }

    fn shown(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

async fn answer(State(listener): State<Listener>, uri: Uri, headers: HeaderMap) -> Response {
    let shown = headers.get(header::AUTHORIZATION).map_or("", |key| key.to_str().unwrap());
    let key = shown.strip_prefix("Bearer ").unwrap_or_default().to_owned();
    listener.0.lock().unwrap().push(key);
    if uri.path().ends_with("/models") {
        let models = json!({ "object": "list", "data": [{ "id": "m", "object": "model" }] });
        return ([(header::CONTENT_TYPE, "application/json")], models.to_string()).into_response();
    }
    if !uri.path().ends_with("/chat/completions") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let piece = |delta: serde_json::Value, end: serde_json::Value| {
        let chunk =
            json!({ "id": "x", "model": "m", "choices": [{ "index": 0, "delta": delta, "finish_reason": end }] });
        Ok::<_, std::convert::Infallible>(format!("data: {chunk}\n\n"))
    };
    let slow = futures::stream::unfold(0, move |n| async move {
        sleep(Duration::from_millis(100)).await;
        match n {
            0..10 => Some((piece(json!({ "content": "word " }), json!(null)), n + 1)),
            10 => Some((piece(json!({}), json!("stop")), n + 1)),
            11 => Some((Ok("data: [DONE]\n\n".to_owned()), n + 1)),
            _ => None,
        }
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], axum::body::Body::from_stream(slow)).into_response()
}

/// Adds a provider; answers its address here.
async fn add(user: &Caller, at: &str, key: &str) -> String {
    let new = json!({ "provider": "openai_compatible", "name": "P", "baseUrl": at, "apiKey": key, "defaultModel": "m", "makeDefault": true });
    let added = user.post("/api/ai-providers", &new).await;
    format!("/api/ai-providers/{}", id(&added.expect(201).body["data"]))
}

async fn is_valid(user: &Caller, provider: &str) -> Result<(), String> {
    let tested = user.post(&format!("{provider}/test"), &json!({})).await;
    if tested.status == 200 && tested.body["valid"] == true { Ok(()) } else { Err(tested.text) }
}

/// Puts a master key where a running server finds it.
fn give(data_dir: &str, number: u32, digit: &str) {
    let folder = Path::new(data_dir).join("secrets");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("encryption-key-{number}")), digit.repeat(64)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_changes_on_two_servers_and_no_call_is_refused() {
    let [one, two] = TestApp::start_nodes(&[]).await;
    let ada = one.sign_up("Ada").await;
    let there = two.anonymous().with_cookie(&format!("hyvve_session={}", ada.token())).in_workspace(ada.workspace());
    let listener = Listener::default();
    let provider = add(&ada, &listener.start().await, KEY).await;
    let (stop, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let askers = [ada.clone(), there.clone()].map(|caller| {
        let (stop, asked, provider) = (Arc::clone(&stop), Arc::clone(&asked), provider.clone());
        tokio::spawn(async move {
            let mut refused = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                refused.extend(is_valid(&caller, &provider).await.err());
                refused.extend(Some(caller.get("/api/auth/token").await).filter(|r| r.status != 200).map(|r| r.text));
                asked.fetch_add(1, Ordering::Relaxed);
            }
            refused
        })
    });

    let said = one.hyvve_refuses(&["keys", "rotate-master"]).await;
    assert!(said.contains("openssl rand -hex 32") && said.contains("--to 2"), "{said}");
    give(one.setting("HYVVE_DATA_DIR"), 2, "c");
    let said = one.hyvve_refuses(&["keys", "rotate-master", "--to", "2", "--wait", "4"]).await;
    assert!(said.contains("1 of 2 servers that run do not know master key 2"), "{said}");
    assert!(one.hyvve(&["keys", "list"]).await.contains("master key 1: seals since"), "nothing was changed");
    give(two.setting("HYVVE_DATA_DIR"), 2, "c");
    let said = one.hyvve(&["keys", "rotate-master", "--to", "2"]).await;
    assert!(
        said.contains("Master key 2 seals from now on.") && said.contains("Everything is sealed with it"),
        "{said}"
    );
    // What is sealed now is sealed with it, on both servers.
    let began = Instant::now();
    sleep(Duration::from_secs(3)).await;
    let bob = two.sign_up("Bob").await;
    let his = add(&bob, &listener.start().await, KEY).await;
    is_valid(&bob, &his).await.unwrap();

    // After a while nothing is left for the old key to open.
    let mut root = PgConnection::connect(one.setting("DATABASE_SYSTEM_URL")).await.unwrap();
    root.execute("UPDATE master_keys SET seals_since = seals_since - interval '1 hour'").await.unwrap();
    while !one.hyvve(&["keys", "list"]).await.contains("master key 1: retired") {
        assert!(began.elapsed() < PATIENCE, "{}", one.hyvve(&["keys", "list"]).await);
        sleep(Duration::from_millis(300)).await;
    }
    sleep(Duration::from_secs(3)).await;
    stop.store(true, Ordering::Relaxed);
    let refused: Vec<String> = join_all(askers).await.into_iter().flat_map(Result::unwrap).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(asked.load(Ordering::Relaxed) > 20, "too few to prove anything");
    assert!(listener.shown().iter().all(|key| key == KEY));
    let old: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT sealed FROM workspace_keys UNION ALL SELECT private_key FROM signing_keys) a (sealed)
         WHERE substring(sealed FROM 1 FOR 5) <> '\\x0100000002'",
    )
    .fetch_one(&mut root)
    .await
    .unwrap();
    assert_eq!(old, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_key_changes_beside_two_servers_and_no_call_is_refused() {
    let [one, two] = TestApp::start_nodes(&[]).await;
    let ada = one.sign_up("Ada").await;
    let there = two.anonymous().with_cookie(&format!("hyvve_session={}", ada.token())).in_workspace(ada.workspace());
    let listener = Listener::default();
    let at = listener.start().await;
    let provider = add(&ada, &at, KEY).await;
    // Somebody who has entrusted nothing to HYVVE has no key, and keeps having none.
    let eve = two.sign_up("Eve").await;
    let slug = |caller: &Caller| {
        let caller = caller.clone();
        async move { caller.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned() }
    };
    let (adas, eves) = (slug(&ada).await, slug(&eve).await);
    let stop = Arc::<AtomicBool>::default();
    let askers = [ada.clone(), there.clone()].map(|caller| {
        let (stop, provider, at) = (Arc::clone(&stop), provider.clone(), at.clone());
        tokio::spawn(async move {
            let (mut refused, mut asked) = (Vec::new(), 0);
            while !stop.load(Ordering::Relaxed) {
                refused.extend(is_valid(&caller, &provider).await.err());
                if asked % 5 == 0 {
                    let new = json!({ "provider": "openai_compatible", "name": "Q", "baseUrl": at, "apiKey": KEY, "defaultModel": "m" });
                    refused.extend(Some(caller.post("/api/ai-providers", &new).await).filter(|r| r.status != 201).map(|r| r.text));
                }
                asked += 1;
            }
            (refused, asked)
        })
    });
    for version in 2..6 {
        let said = one.hyvve(&["keys", "rotate-data", "--workspace", &adas]).await;
        let (seals, gone) =
            (format!("{adas}: data key {version} seals"), format!("data key {} is removed", version - 1));
        assert!(said.contains(&seals) && said.contains(&gone), "{said}");
    }
    let said = two.hyvve(&["keys", "rotate-data", "--all"]).await;
    assert!(said.contains(&format!("{adas}: data key 6 seals")) && !said.contains(&eves), "{said}");
    stop.store(true, Ordering::Relaxed);
    for asker in askers {
        let (refused, asked) = asker.await.unwrap();
        assert!(refused.is_empty() && asked > 3, "{asked}: {refused:#?}");
    }
    assert!(listener.shown().iter().all(|key| key == KEY));
    let mut root = PgConnection::connect(one.setting("DATABASE_SYSTEM_URL")).await.unwrap();
    let versions: Vec<i32> =
        sqlx::query_scalar("SELECT version FROM workspace_keys").fetch_all(&mut root).await.unwrap();
    assert_eq!(versions, [6]);
    let others = "SELECT count(*) FROM ai_providers WHERE substring(sealed_key FROM 1 FOR 5) <> '\\x0200000006'";
    assert_eq!(sqlx::query_scalar::<_, i64>(others).fetch_one(&mut root).await.unwrap(), 0);
    for action in ["data_key.made", "data_key.removed"] {
        let entries = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM audit_log WHERE action = $1").bind(action);
        assert_eq!(entries.fetch_one(&mut root).await.unwrap(), 5, "{action}");
    }

    assert!(one.hyvve(&["keys", "rotate-data", "--workspace", &eves]).await.contains("there is no data key"));
    assert!(
        one.hyvve_refuses(&["keys", "rotate-data", "--workspace", "nobodys"]).await.contains("there is no workspace")
    );
    assert!(one.hyvve_refuses(&["keys", "rotate-data"]).await.contains("--all"));
    // One that opens nowhere keeps the data key that it was sealed with.
    let broken = "UPDATE ai_providers SET sealed_key = '\\x020000000600' WHERE id = $1::uuid";
    let last = provider.rsplit('/').next().unwrap();
    assert_eq!(sqlx::query(broken).bind(last).execute(&mut root).await.unwrap().rows_affected(), 1);
    let said = one.hyvve_refuses(&["keys", "rotate-data", "--all"]).await;
    assert!(said.contains("1 values cannot be sealed anew"), "{said}");
    let versions = sqlx::query_scalar::<_, i32>("SELECT version FROM workspace_keys ORDER BY version");
    assert_eq!(versions.fetch_all(&mut root).await.unwrap(), [6, 7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_never_leaves_for_another_host_and_a_new_one_takes_effect_while_a_run_goes_on() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (first, second) = (Listener::default(), Listener::default());
    let (here, there) = (first.start().await, second.start().await);
    let provider = add(&ada, &here, KEY).await;
    is_valid(&ada, &provider).await.unwrap();

    // To another host the key does not go along, whatever is asked for.
    let change = |body| Reply::of(ada.request(Method::PATCH, &provider).json(&body));
    let moved = change(json!({ "baseUrl": there })).await;
    assert_eq!(moved.expect(400).body["error"]["details"]["field"], "apiKey");
    change(json!({ "baseUrl": there, "apiKey": "" })).await.expect(400);
    is_valid(&ada, &provider).await.unwrap();
    assert_eq!(second.shown(), Vec::<String>::new());

    // A run is under way with the old key; the new one is there before it ends.
    let agents = ada.get("/agents").await;
    let agent = agents.expect(200).body[0]["id"].as_str().unwrap().to_owned();
    let form = [("message", "Hello"), ("stream", "true")];
    let mut stream = ada.open_form(&format!("/agents/{agent}/runs"), &form).await;
    stream.next_of("RunContent").await;
    change(json!({ "apiKey": "sk-second-123456789" })).await.expect(200);
    is_valid(&ada, &provider).await.unwrap();
    assert_eq!(first.shown().last().map(String::as_str), Some("sk-second-123456789"));
    assert_eq!(stream.rest().await.last().map(|frame| frame.event.clone()).as_deref(), Some("RunCompleted"));

    // With the key entered again, the new host gets the new key and no other.
    let moved = change(json!({ "baseUrl": there, "apiKey": "sk-third-0123456789" })).await;
    assert_eq!(moved.expect(200).body["data"]["keyHint"], "6789");
    is_valid(&ada, &provider).await.unwrap();
    let shown = second.shown();
    assert!(!shown.is_empty() && shown.iter().all(|key| key == "sk-third-0123456789"), "{shown:?}");

    // Where nobody has allowed it, nothing is asked at all, and it is said why.
    for (url, word) in [
        ("http://localhost:9/v1", "without https"),
        ("https://10.0.0.5/v1", "private address"),
        ("https://169.254.169.254/v1", "reserved address"),
    ] {
        let refused = change(json!({ "baseUrl": url, "apiKey": KEY })).await;
        let error = &refused.expect(400).body["error"];
        assert_eq!(error["details"]["field"], "baseUrl", "{url}");
        assert!(error["message"].as_str().unwrap().contains(word), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_server_without_the_key_that_seals_does_not_start() {
    let first = TestApp::start().await;
    let urls = ["DATABASE_URL", "DATABASE_SYSTEM_URL", "DATABASE_DIRECT_URL"]
        .map(|name| (name, first.setting(name).to_owned()));
    let refused = |name: &'static str, key: String| {
        let urls = urls.clone();
        async move {
            let mut settings: Vec<(&str, &str)> = urls.iter().map(|(name, url)| (*name, url.as_str())).collect();
            settings.push((name, &key));
            TestApp::refused(&settings).await
        }
    };
    let said = refused("ENCRYPTION_KEY", "d".repeat(64)).await;
    assert!(said.contains("the master key number 1 is another one"), "{said}");
    let said = refused("ENCRYPTION_KEYS", format!("2:{}", "d".repeat(64))).await;
    assert!(said.contains("sealed with the master key number 1"), "{said}");
    assert!(!said.contains(&"d".repeat(64)));
}
