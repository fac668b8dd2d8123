//! What AI costs: every call is in the ledger with its price, budgets hold, and somebody else is asked when no answer comes.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::{StreamExt as _, future::join_all, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

use crate::{
    accounts::World,
    isolation::functions::call,
    support::{Caller, Reply, TestApp, id, take_over, until},
    turns::page,
};

/// How long the slow model thinks.
pub(crate) const SLOW: Duration = Duration::from_millis(400);
/// Tokens of every answer.
pub(crate) const READ: i64 = 100;
pub(crate) const WRITTEN: i64 = 20;
/// Tokens of an answer of the verbose model, unless it is told to take fewer.
pub(crate) const VERBOSE: i64 = 50_000;

/// A provider whose model's name says how it behaves; remembers which models were asked.
#[derive(Clone, Default)]
pub(crate) struct Mock(Arc<Mutex<Vec<String>>>);

impl Mock {
    pub(crate) async fn start() -> (Self, String) {
        let mock = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}/v1", listener.local_addr().unwrap());
        let listed = |id: &str| match id {
            "listed" => json!({ "id": id, "pricing": { "prompt": "0.000001", "completion": "0.000002" } }),
            _ => json!({ "id": id }),
        };
        let slow = ["slow", "slower", "counts", "stalls", "verbose", "asks"];
        let models = ["good", "listed", "keyless", "busy", "breaks", "silent"].into_iter().chain(slow).map(listed);
        let models: Vec<Value> = models.collect();
        let router = Router::new()
            .route("/v1/models", get(async move || Json(json!({ "data": models }))))
            .route("/v1/key", get(async || Json(json!({ "data": {} }))))
            .route("/v1/chat/completions", post(answer))
            .with_state(mock.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (mock, at)
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

async fn answer(State(mock): State<Mock>, Json(body): Json<Value>) -> Response {
    let model = body["model"].as_str().unwrap().to_owned();
    let number = {
        let mut asked = mock.0.lock().unwrap();
        asked.push(model.clone());
        asked.len()
    };
    let error = |status: u16, message: &str| {
        let status = StatusCode::from_u16(status).unwrap();
        (status, Json(json!({ "error": { "message": message } }))).into_response()
    };
    match model.as_str() {
        "keyless" => return error(401, "Incorrect key."),
        "busy" => return error(503, "Too much to do."),
        "slow" | "verbose" | "asks" => sleep(SLOW).await,
        "slower" | "counts" => sleep(6 * SLOW).await,
        _ => {}
    }
    let frame = |choices: Value, usage: Value| {
        Bytes::from(format!("data: {}\n\n", json!({ "model": model, "choices": choices, "usage": usage })))
    };
    let says = |text: &str, reason: Value| {
        frame(json!([{ "index": 0, "delta": { "content": text }, "finish_reason": reason }]), Value::Null)
    };
    let written = if model == "verbose" { body["max_tokens"].as_i64().unwrap_or(VERBOSE) } else { WRITTEN };
    let usage = json!({ "prompt_tokens": READ, "completion_tokens": written });
    let frames = match model.as_str() {
        "breaks" => vec![says("Half of ", Value::Null), frame(json!([]), usage)],
        "silent" => Vec::new(),
        "asks" => {
            let function = json!({ "name": "ask_human", "arguments": "{\"question\": \"Shall I?\"}" });
            let calls = json!([{ "index": 0, "id": "call_1", "type": "function", "function": function }]);
            let choice = json!({ "index": 0, "delta": { "tool_calls": calls }, "finish_reason": "tool_calls" });
            vec![frame(json!([choice]), usage), "data: [DONE]\n\n".into()]
        }
        "counts" => {
            vec![says(&format!("Answer {number}."), json!("stop")), frame(json!([]), usage), "data: [DONE]\n\n".into()]
        }
        _ => vec![
            says("Hello.", Value::Null),
            says("", json!("stop")),
            frame(json!([]), usage),
            "data: [DONE]\n\n".into(),
        ],
    };
    let stalls = model == "stalls";
    let thinks = move |(at, frame): (usize, Bytes)| async move {
        if stalls && at == 1 {
            sleep(6 * SLOW).await;
        }
        Ok::<_, std::convert::Infallible>(frame)
    };
    let body = Body::from_stream(stream::iter(frames.into_iter().enumerate()).then(thinks));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// A workspace whose default provider is a mock.
pub(crate) struct Office {
    pub(crate) user: Caller,
    pub(crate) agent: String,
    pub(crate) provider: String,
    pub(crate) mock: Mock,
    pub(crate) at: String,
}

impl Office {
    pub(crate) async fn open(app: &TestApp, name: &str, model: &str) -> Self {
        let user = app.sign_up(name).await;
        let (mock, at) = Mock::start().await;
        let agents = user.get("/agents").await;
        let agent = agents.expect(200).body[0]["id"].as_str().unwrap().to_owned();
        let provider = add(&user, &at, "First", model, true).await;
        Self { user, agent, provider, mock, at }
    }

    pub(crate) async fn ask(&self) -> Value {
        let run = start(&self.user, &self.agent).await;
        until(&self.user, &format!("/api/runs/{run}"), |body| {
            matches!(body["data"]["run"]["status"].as_str(), Some("COMPLETED" | "ERROR" | "CANCELLED"))
        })
        .await["data"]
            .clone()
    }

    pub(crate) async fn set_price(&self, model: &str) -> Reply {
        let price = json!({ "input": 1_000_000, "output": 2_000_000, "cacheRead": 1_000_000, "cacheWrite": 1_000_000 });
        let set = json!({ "providerId": self.provider, "model": model, "price": price });
        put(&self.user, "/api/ai-providers/prices", &set).await
    }

    pub(crate) async fn set_budget(&self, limit: i64) -> String {
        let new = json!({ "scope": "workspace", "limitMicros": limit });
        let set = self.user.post("/api/ai-providers/budgets", &new).await;
        id(&set.expect(201).body["data"]).to_owned()
    }

    pub(crate) async fn usage(&self) -> Value {
        self.user.get("/api/ai-providers/usage").await.expect(200).body["data"].clone()
    }

    pub(crate) async fn budget(&self) -> Value {
        self.user.get("/api/ai-providers/budgets").await.expect(200).body["data"][0].clone()
    }

    /// The rows of the export, without its head.
    pub(crate) async fn rows(&self) -> Vec<String> {
        let export = self.user.get("/api/ai-providers/usage.csv").await;
        assert_eq!(export.expect(200).header("content-type"), Some("text/csv; charset=utf-8"));
        export.text.lines().skip(1).map(str::to_owned).collect()
    }
}

pub(crate) async fn add(user: &Caller, at: &str, name: &str, model: &str, make_default: bool) -> String {
    let new = json!({ "provider": "openai_compatible", "name": name, "baseUrl": at, "apiKey": "sk-0123456789abcdef", "defaultModel": model, "makeDefault": make_default });
    let added = user.post("/api/ai-providers", &new).await;
    id(&added.expect(201).body["data"]).to_owned()
}

pub(crate) async fn start(user: &Caller, agent: &str) -> String {
    let fields = [("message", "Hello"), ("stream", "false"), ("background", "true")];
    let accepted = user.post_form(&format!("/agents/{agent}/runs"), &fields).await;
    accepted.expect(202).body["run_id"].as_str().unwrap().to_owned()
}

pub(crate) async fn put(user: &Caller, path: &str, body: &Value) -> Reply {
    Reply::of(user.request(Method::PUT, path).json(body)).await
}

/// What one answer costs at [`Office::set_price`]'s price.
pub(crate) const COST: i64 = READ + 2 * WRITTEN;

#[tokio::test]
async fn every_call_is_in_the_ledger_and_an_unknown_price_is_not_a_price_of_nothing() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "good").await;
    office.ask().await;
    let usage = office.usage().await;
    assert_eq!(usage["total"]["calls"], 1);
    assert_eq!((&usage["total"]["unpriced"], &usage["total"]["costMicros"]), (&json!(1), &json!(0)));

    office.set_price("good").await.expect(200);
    let asked = office.ask().await;
    assert_eq!(asked["steps"][0]["content"]["usage"]["cost_micros"], COST);
    assert_eq!(asked["run"]["usage"]["cost_micros"], COST);
    let usage = office.usage().await;
    let total = &usage["total"];
    assert_eq!((&total["calls"], &total["unpriced"], &total["failed"]), (&json!(2), &json!(1), &json!(0)));
    assert_eq!((&total["costMicros"], &total["inputTokens"]), (&json!(COST), &json!(2 * READ)));
    for (by, name) in
        [("byProvider", "First"), ("byModel", "good"), ("byAgent", "Operations assistant"), ("byPerson", "Ada")]
    {
        assert_eq!(usage[by].as_array().unwrap().len(), 1, "{by}");
        assert_eq!((&usage[by][0]["name"], &usage[by][0]["costMicros"]), (&json!(name), &json!(COST)), "{by}");
    }
    let spent: i64 = usage["byDay"].as_array().unwrap().iter().map(|day| day["costMicros"].as_i64().unwrap()).sum();
    assert_eq!(spent, COST);
    assert_eq!(usage["more"], json!({ "byProvider": 0, "byModel": 0, "byAgent": 0, "byPerson": 0 }));

    // A new version prices what comes; what was is as it was.
    office.set_price("*").await.expect(200);
    let prices = office.user.get("/api/ai-providers/prices").await;
    assert_eq!(prices.expect(200).body["data"].as_array().unwrap().len(), 2);
    let gone = json!({ "providerId": office.provider, "model": "good", "price": null });
    assert_eq!(put(&office.user, "/api/ai-providers/prices", &gone).await.expect(200).body["data"][0]["model"], "*");
    office.ask().await;
    let rows = office.rows().await;
    assert_eq!(rows.len(), 3);
    assert!(rows[0].contains(",answered,") && rows[0].contains(",100,20,"), "{}", rows[0]);
    assert!(rows[1].contains(&format!(",{COST},workspace:1,")), "{}", rows[1]);
    assert!(rows[2].contains(&format!(",{COST},workspace:2,")), "{}", rows[2]);
    assert!(rows.iter().all(|row| row.contains(",cdef,")), "which key it was: {rows:?}");

    // Somebody else has nothing of it.
    let eve = app.sign_up("Eve").await;
    assert_eq!(eve.get("/api/ai-providers/usage").await.expect(200).body["data"]["total"]["calls"], 0);
    let foreign = json!({ "providerId": office.provider, "model": "good", "price": null });
    put(&eve, "/api/ai-providers/prices", &foreign).await.expect(404);
}

#[tokio::test]
async fn somebody_else_is_asked_when_no_answer_comes_and_each_of_them_shows() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "keyless").await;
    let second = add(&office.user, &office.at, "Second", "good", false).await;
    let failed = office.ask().await;
    assert_eq!((&failed["run"]["status"], &failed["run"]["error"]["type"]), (&json!("ERROR"), &json!("invalid_key")));

    let both = json!({ "fallbacks": [{ "providerId": second, "model": "silent" }, { "providerId": second }] });
    put(&office.user, "/api/ai-providers/fallbacks", &both).await.expect(200);
    let asked = office.ask().await;
    assert_eq!((&asked["run"]["status"], &asked["run"]["provider"]), (&json!("COMPLETED"), &json!("Second")));
    assert_eq!(asked["run"]["output"], "Hello.");
    let hops = &asked["steps"][0]["content"]["hops"];
    let of = |at: usize| [&hops[at]["provider"], &hops[at]["model"], &hops[at]["failure"]].map(|v| v.as_str().unwrap());
    assert_eq!(of(0), ["First", "keyless", "invalid_key"]);
    assert_eq!(of(1), ["Second", "silent", "bad_reply"]);
    assert_eq!(office.mock.asked()[1..], ["keyless", "silent", "good"]);
    let rows = office.rows().await;
    assert_eq!(rows.len(), 4);
    for (row, ending) in
        rows.iter().zip([",0,failed,invalid_key,", ",0,failed,invalid_key,", ",1,broken,bad_reply,", ",2,answered,,"])
    {
        assert!(row.contains(ending), "{row}");
    }
    office.user.get(&format!("/api/runs/{}", id(&asked["run"]))).await.expect(200);

    // What has begun to answer is not asked again elsewhere: its words are kept, and what is known of its price.
    let change = json!({ "defaultModel": "breaks" });
    let path = format!("/api/ai-providers/{}", office.provider);
    Reply::of(office.user.request(Method::PATCH, &path).json(&change)).await.expect(200);
    let broken = office.ask().await;
    assert_eq!((&broken["run"]["status"], &broken["run"]["output"]), (&json!("ERROR"), &json!("Half of ")));
    assert!(office.rows().await.last().unwrap().contains(",0,broken,bad_reply,100,20,"));
    let told = page(&office.user, &format!("/runs/{}", id(&broken["run"]))).await;
    assert!(told.contains("Half of") && !told.contains("Nothing was done"), "{told}");

    // All of them fail: the run says so of each.
    let change = json!({ "defaultModel": "keyless" });
    Reply::of(office.user.request(Method::PATCH, &path).json(&change)).await.expect(200);
    let one = json!({ "fallbacks": [{ "providerId": second, "model": "silent" }] });
    put(&office.user, "/api/ai-providers/fallbacks", &one).await.expect(200);
    let failed = office.ask().await;
    let said = failed["run"]["error"]["message"].as_str().unwrap();
    assert!(said.contains("First refused the key") && said.contains("Second broke off"), "{said}");
}

#[tokio::test]
async fn a_budget_for_one_call_lets_one_call_through_however_many_ask_at_once() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "slow").await;
    // A limited price that nobody knows is no way around the limit.
    let budget = office.set_budget(COST).await;
    let unknown = office.ask().await;
    assert_eq!(unknown["run"]["error"]["type"], "price_unknown", "{unknown:#}");
    assert!(unknown["run"]["error"]["remedy"].as_str().unwrap().starts_with("Ada can"), "{unknown:#}");
    office.set_price("slow").await.expect(200);

    let runs = join_all((0..50).map(|_| start(&office.user, &office.agent))).await;
    let ends = join_all(runs.iter().map(|run| {
        let path = format!("/api/runs/{run}");
        let user = office.user.clone();
        async move {
            let done = |body: &Value| matches!(body["data"]["run"]["status"].as_str(), Some("COMPLETED" | "ERROR"));
            until(&user, &path, done).await["data"]["run"].clone()
        }
    }))
    .await;
    let answered = ends.iter().filter(|run| run["status"] == "COMPLETED").count();
    assert_eq!((answered, office.mock.asked().len()), (1, 1));
    let refused = ends.iter().find(|run| run["status"] == "ERROR").unwrap();
    assert_eq!(refused["error"]["type"], "budget_reached");
    assert_eq!(refused["error"]["remedy"], "Ada can raise it in Usage → Budgets.");
    let left = office.budget().await;
    assert_eq!((&left["spentMicros"], &left["reservedMicros"]), (&json!(COST), &json!(0)));

    // Raised, the next call goes through; with nothing at all, none does.
    let path = format!("/api/ai-providers/budgets/{budget}");
    let set = async |limit: i64| {
        Reply::of(office.user.request(Method::PATCH, &path).json(&json!({ "limitMicros": limit }))).await.expect(200);
        office.ask().await["run"]["status"].clone()
    };
    assert_eq!(set(2 * COST).await, "COMPLETED");
    assert_eq!(set(0).await, "ERROR");
    assert_eq!(office.mock.asked().len(), 2);
    // Another workspace's is not there.
    let eve = app.sign_up("Eve").await;
    Reply::of(eve.request(Method::DELETE, &path)).await.expect(404);
    Reply::of(office.user.request(Method::DELETE, &path)).await.expect(200);
    assert_eq!(office.ask().await["run"]["status"], "COMPLETED");
}

#[tokio::test]
async fn what_was_held_back_for_a_call_whose_server_died_counts_as_spent_once() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "slower").await;
    office.set_price("slower").await.expect(200);
    office.set_budget(1_000_000).await;
    let run = start(&office.user, &office.agent).await;
    until(&office.user, "/api/ai-providers/budgets", |body| body["data"][0]["reservedMicros"].as_i64() > Some(0)).await;
    let held = office.budget().await["reservedMicros"].as_i64().unwrap();
    // The server that drives it is believed dead, while its provider still thinks; somebody takes the run over.
    take_over(&app).await;
    until(&office.user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    // Whichever of the two completes it, both calls were made, and both are settled in the end.
    until(&office.user, "/api/ai-providers/budgets", |body| body["data"][0]["reservedMicros"] == 0).await;
    let rows = office.rows().await;
    assert!(rows.len() == 2 && rows[0].contains(",lost,"), "{rows:#?}");
    // The other one has its price, unless it broke off: then it counts as what was held back for it. Nothing counts twice.
    let other = if rows[1].contains(",answered,") { COST } else { held };
    assert_eq!(office.budget().await["spentMicros"], held + other, "{rows:#?}");
}

#[tokio::test]
async fn owners_hear_of_half_of_most_and_of_all_of_a_budget_once_each() {
    let world = World::new().await;
    let office = Office::open(&world.app, "Ada", "good").await;
    office.set_price("*").await.expect(200);
    office.ask().await;
    // What was spent before counts, and is not told.
    office.set_budget(5 * COST).await;
    assert_eq!(office.budget().await["spentMicros"], COST);
    let letters = async |percent: &str, count: usize| world.letters("ada@example.com", percent, count).await;
    office.ask().await;
    assert!(world.all("ada@example.com", "AI budget").is_empty());
    office.ask().await;
    assert!(letters("50 % spent", 1).await[0].contains("$0.00042 of $0.0007"));
    office.ask().await;
    letters("80 % spent", 1).await;
    office.ask().await;
    letters("is used up", 1).await;
    assert_eq!(office.ask().await["run"]["error"]["type"], "budget_reached");
    assert_eq!(world.all("ada@example.com", "AI budget").len(), 3);
}

#[tokio::test]
async fn calls_of_a_key_wait_for_one_another_as_the_workspace_says() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "slow").await;
    let path = format!("/api/ai-providers/{}", office.provider);
    let change = async |body: Value| Reply::of(office.user.request(Method::PATCH, &path).json(&body)).await;
    for (body, field) in [(json!({ "maxAtOnce": 0 }), "maxAtOnce"), (json!({ "maxPerMinute": -5 }), "maxPerMinute")] {
        assert_eq!(change(body).await.expect(400).body["error"]["details"]["field"], field);
    }
    let limited = change(json!({ "maxAtOnce": 1 })).await;
    assert_eq!(limited.expect(200).body["data"]["maxAtOnce"], 1);
    let began = Instant::now();
    let answers = join_all((0..3).map(|_| office.ask())).await;
    assert!(answers.iter().all(|answer| answer["run"]["status"] == "COMPLETED"));
    assert!(began.elapsed() >= 3 * SLOW, "one after the other: {:?}", began.elapsed());

    // What waits can be cancelled, and has cost nothing.
    change(json!({ "maxAtOnce": null, "maxPerMinute": 1 })).await.expect(200);
    assert_eq!(office.ask().await["run"]["status"], "COMPLETED");
    let waits = start(&office.user, &office.agent).await;
    sleep(SLOW).await;
    let cancel = format!("/agents/{}/runs/{waits}/cancel", office.agent);
    office.user.post(&cancel, &json!({})).await.expect(200);
    let ended = |body: &Value| body["data"]["run"]["status"] == "CANCELLED";
    until(&office.user, &format!("/api/runs/{waits}"), ended).await;
    assert_eq!(office.mock.asked().len(), 4);
    let rows = office.rows().await;
    assert!(rows.iter().filter(|row| row.contains(",failed,,0,0,0,0,0,0,,")).count() == 1, "{rows:#?}");
}

#[tokio::test]
async fn absurd_prices_budgets_and_fallbacks_are_refused_with_the_field() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "good").await;
    let (user, provider) = (&office.user, &office.provider);
    let field = |reply: Reply, field: &str| {
        assert_eq!(reply.body["error"]["details"]["field"], field, "{}", reply.text);
        assert_eq!(reply.status.as_u16(), 400, "{}", reply.text);
    };
    let price = |input: Value| json!({ "providerId": provider, "model": "good", "price": { "input": input, "output": 1, "cacheRead": 1, "cacheWrite": 1 } });
    for (input, named) in [
        (json!(-1), "price.input"),
        (json!(1_i64 << 60), "price.input"),
        (json!(0.5), "price.input"),
        (json!("1"), "price.input"),
    ] {
        field(put(user, "/api/ai-providers/prices", &price(input)).await, named);
    }
    let unmodelled = json!({ "providerId": provider, "model": " ", "price": null });
    field(put(user, "/api/ai-providers/prices", &unmodelled).await, "model");
    for (body, named) in [
        (json!({ "scope": "workspace", "limitMicros": -1 }), "limitMicros"),
        (json!({ "scope": "workspace", "limitMicros": i64::MAX }), "limitMicros"),
        (json!({ "scope": "workspace", "limitMicros": 1, "subjectId": office.agent }), "subjectId"),
        (json!({ "scope": "agent", "limitMicros": 1 }), "subjectId"),
        (json!({ "scope": "planet", "limitMicros": 1 }), "scope"),
        (json!({ "scope": "workspace", "limitMicros": 1, "spentMicros": 0 }), "spentMicros"),
    ] {
        field(user.post("/api/ai-providers/budgets", &body).await, named);
    }
    let nobody = json!({ "scope": "user", "limitMicros": 1, "subjectId": office.agent });
    user.post("/api/ai-providers/budgets", &nobody).await.expect(404);
    office.set_budget(1).await;
    user.post("/api/ai-providers/budgets", &json!({ "scope": "workspace", "limitMicros": 2 })).await.expect(409);
    let unknown = json!({ "fallbacks": [{ "providerId": crate::isolation::NOBODYS }] });
    put(user, "/api/ai-providers/fallbacks", &unknown).await.expect(404);
    let twice = json!({ "fallbacks": [{ "providerId": provider }, { "providerId": provider }] });
    field(put(user, "/api/ai-providers/fallbacks", &twice).await, "fallbacks[1].providerId");
    for (query, named) in [
        ("startDate=x", "startDate"),
        ("startDate=2026-02-02&endDate=2026-02-01", "endDate"),
        ("startDate=2020-01-01", "startDate"),
    ] {
        field(user.get(&format!("/api/ai-providers/usage?{query}")).await, named);
        field(user.get(&format!("/api/ai-providers/usage.csv?{query}")).await, named);
    }
}

#[tokio::test]
async fn pages_of_usage_show_what_there_is_and_their_forms_work_without_scripts() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "good").await;
    let workspaces = office.user.get("/api/workspaces").await;
    let home = format!("/w/{}", workspaces.body["data"][0]["slug"].as_str().unwrap());
    let shows = async |page: &str, what: &str| {
        let page = office.user.get(&format!("{home}{page}")).await;
        assert!(page.expect(200).text.contains(what), "{what}");
    };
    shows("/usage", "No model was asked in these days").await;
    office.ask().await;
    shows("/usage", "price unknown").await;
    let form = format!("provider_id={}&model=good&input=1&output=2&cache_read=&cache_write=0.5", office.provider);
    call(&office.user, "usage/set-price", form).await.expect(200);
    shows("/usage/prices", "$0.50 into a cache").await;
    call(&office.user, "usage/set-budget", "whose=workspace&dollars=12.50".to_owned()).await.expect(200);
    office.ask().await;
    shows("/usage/budgets", "$0.00014 of $12.50 spent (0 %)").await;
    shows("/usage", "$0.00014 + 1 unknown").await;
    // Of one model, one agent and so on, each is all that there is.
    shows("/usage", r#"<rect width="100" height="6">"#).await;
    shows("/settings/ai-providers", "$0.00014 this month, in 2 calls; the price of 1 is unknown").await;
    for wrong in ["-1", "", "12,5", "1e9", "99999999999999"] {
        let refused =
            call(&office.user, "usage/set-budget", format!("whose=agent:{}&dollars={wrong}", office.agent)).await;
        assert_eq!(refused.expect(400).body["details"]["field"], "limitMicros", "{wrong}");
    }
    call(&office.user, "ai-providers/add-fallback", format!("provider_id={}&fallback_model=slow", office.provider))
        .await
        .expect(200);
    call(&office.user, "ai-providers/add-fallback", format!("provider_id={}&fallback_model=busy", office.provider))
        .await
        .expect(200);
    shows("/settings/ai-providers", "1. slow · First").await;
    let up = format!("position=1&provider_id={}&model=busy&to=up", office.provider);
    call(&office.user, "ai-providers/arrange-fallback", up.clone()).await.expect(200);
    shows("/settings/ai-providers", "1. busy · First").await;
    call(&office.user, "ai-providers/arrange-fallback", up).await.expect(409);
    // To a place, as a row is dragged.
    let to = |place: &str| format!("position=0&provider_id={}&model=busy&to={place}", office.provider);
    call(&office.user, "ai-providers/arrange-fallback", to("1")).await.expect(200);
    shows("/settings/ai-providers", "2. busy · First").await;
    call(&office.user, "ai-providers/arrange-fallback", to("1")).await.expect(409);
    let slow = |place: &str| to(place).replace("busy", "slow");
    for nowhere in ["2", "-1", "", "down there"] {
        call(&office.user, "ai-providers/arrange-fallback", slow(nowhere)).await.expect(400);
    }
}
