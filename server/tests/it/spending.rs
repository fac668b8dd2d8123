//! What AI costs where several servers ask for it, and where one of them has died: claims, budgets, places, and prices that
//! providers list.

use std::time::Instant;

use axum::{Json, Router, routing::get};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::{net::TcpListener, time::sleep};

use crate::{
    accounts::World,
    isolation::functions::call,
    support::{Caller, Redis, Reply, TestApp, cluster::superuser, id, take_over, until},
    usage::{COST, Office, READ, SLOW, VERBOSE, add, put, start},
};

#[tokio::test]
async fn a_driver_of_before_writes_nothing_where_its_own_server_has_claimed_the_run_again() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "counts").await;
    office.set_price("counts").await.expect(200);
    let run = start(&office.user, &office.agent).await;
    while office.mock.asked().is_empty() {
        sleep(SLOW / 20).await;
    }
    // The lease runs out while the provider thinks, and the server takes the run for one that nobody drives.
    take_over(&app).await;
    let path = format!("/api/runs/{run}");
    let ended = until(&office.user, &path, |body| body["data"]["run"]["status"] == "COMPLETED").await;
    let (ended, steps) = (&ended["data"]["run"], &ended["data"]["steps"]);
    assert_eq!((&ended["attempt"], &ended["output"]), (&json!(2), &json!("Answer 2.")), "{ended:#}");
    assert_eq!(steps.as_array().unwrap().len(), 1);
    // Both calls were made, and the ledger has both.
    let rows = office.rows().await;
    assert!(rows.len() == 2 && rows[1].contains(&format!(",{COST},workspace:1,")), "{rows:#?}");

    // Somebody cancels a run at another server while its model thinks, and then it would wait for a person: it does not.
    add(&office.user, &office.at, "Second", "asks", true).await;
    let before = office.mock.asked().len();
    let run = start(&office.user, &office.agent).await;
    while office.mock.asked().len() == before {
        sleep(SLOW / 20).await;
    }
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let cancelled = "UPDATE runs SET cancel_requested = true WHERE id = $1::uuid";
    assert_eq!(sqlx::query(cancelled).bind(&run).execute(&mut root).await.unwrap().rows_affected(), 1);
    until(&office.user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "CANCELLED").await;
}

#[tokio::test]
async fn where_a_budget_limits_it_no_answer_takes_more_than_was_held_back_for_it() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "verbose").await;
    office.set_price("verbose").await.expect(200);
    // Nobody says how long an answer may be that nothing limits.
    office.ask().await;
    let before = READ + 2 * VERBOSE;
    assert_eq!(office.usage().await["total"]["costMicros"], before);
    office.set_budget(before + 30_000).await;
    let ends = join_all((0..10).map(|_| office.ask())).await;
    // While the first two are under way, what is held back for them is all that there is; so one call at most goes beyond it.
    let answered = ends.iter().filter(|end| end["run"]["status"] == "COMPLETED").count();
    assert_eq!(answered, 2);
    let each = READ + 2 * 8_192;
    let left = office.budget().await;
    assert_eq!((&left["spentMicros"], &left["reservedMicros"]), (&json!(before + 2 * each), &json!(0)));
}

#[tokio::test]
async fn a_free_model_is_no_way_around_a_budget_where_another_one_may_answer_in_its_place() {
    let app = TestApp::start().await;
    let mut office = Office::open(&app, "Ada", "good").await;
    let router = json!({ "provider": "openrouter", "baseUrl": office.at, "apiKey": "sk-0123456789abcdef", "defaultModel": "good", "makeDefault": true });
    let added = office.user.post("/api/ai-providers", &router).await;
    id(&added.expect(201).body["data"]).clone_into(&mut office.provider);
    let free = json!({ "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0 });
    let free = json!({ "providerId": office.provider, "model": "good", "price": free });
    put(&office.user, "/api/ai-providers/prices", &free).await.expect(200);
    office.set_budget(0).await;
    assert_eq!(office.ask().await["run"]["status"], "COMPLETED", "it costs nothing");
    // OpenRouter itself asks the other one where the first cannot answer.
    let instead = json!({ "fallbacks": [{ "providerId": office.provider, "model": "slow" }] });
    put(&office.user, "/api/ai-providers/fallbacks", &instead).await.expect(200);
    let unknown = office.ask().await["run"]["error"].clone();
    assert_eq!(unknown["type"], "price_unknown", "{unknown:#}");
    assert!(unknown["message"].as_str().unwrap().contains("what slow of OpenRouter costs"), "{unknown:#}");
    office.set_price("slow").await.expect(200);
    assert_eq!(office.ask().await["run"]["error"]["type"], "budget_reached");
    assert_eq!(office.mock.asked(), ["good"]);
}

#[tokio::test]
async fn owners_hear_that_a_lost_call_has_used_a_budget_up() {
    let world = World::new().await;
    let office = Office::open(&world.app, "Ada", "slower").await;
    office.set_price("slower").await.expect(200);
    office.set_budget(COST).await;
    let run = start(&office.user, &office.agent).await;
    until(&office.user, "/api/ai-providers/budgets", |body| body["data"][0]["reservedMicros"].as_i64() > Some(0)).await;
    // Its server is believed dead while the provider still thinks: what was held back for the call may have been spent.
    take_over(&world.app).await;
    world.letters("ada@example.com", "is used up", 1).await;
    let ended = until(&office.user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "ERROR").await;
    assert_eq!(ended["data"]["run"]["error"]["type"], "budget_reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_one_server_sets_counts_at_once_on_the_other_also_for_who_may_not_see_it() {
    let [one, two] = TestApp::start_nodes(&[]).await;
    let office = Office::open(&one, "Ada", "good").await;
    office.set_price("good").await.expect(200);
    let there = two.anonymous().with_cookie(&format!("hyvve_session={}", office.user.token()));
    let there = there.in_workspace(office.user.workspace());
    let ask = async |caller: &Caller| {
        let run = start(caller, &office.agent).await;
        let done = |body: &Value| matches!(body["data"]["run"]["status"].as_str(), Some("COMPLETED" | "ERROR"));
        until(caller, &format!("/api/runs/{run}"), done).await["data"]["run"].clone()
    };
    for _ in 0..3 {
        // The other server knows provider and prices by heart.
        assert_eq!(ask(&there).await["status"], "COMPLETED");
        let budget = office.set_budget(0).await;
        assert_eq!(ask(&there).await["error"]["type"], "budget_reached");
        Reply::of(office.user.request(Method::DELETE, &format!("/api/ai-providers/budgets/{budget}")))
            .await
            .expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_share_a_redis_share_the_calls_of_a_key_and_a_dead_one_gives_its_places_back() {
    let redis = Redis::start().await;
    let url = redis.url();
    let [one, two] = TestApp::start_nodes(&[("REDIS_URL", &url)]).await;
    let office = Office::open(&one, "Ada", "slow").await;
    let there = two.anonymous().with_cookie(&format!("hyvve_session={}", office.user.token()));
    let there = there.in_workspace(office.user.workspace());
    let path = format!("/api/ai-providers/{}", office.provider);
    let change = async |body: Value| Reply::of(office.user.request(Method::PATCH, &path).json(&body)).await;
    change(json!({ "maxAtOnce": 1 })).await.expect(200);
    let ask = async |caller: &Caller| {
        let run = start(caller, &office.agent).await;
        until(caller, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await
    };
    let began = Instant::now();
    join_all([&office.user, &there, &office.user, &there].map(ask)).await;
    assert!(began.elapsed() >= 4 * SLOW, "one after the other: {:?}", began.elapsed());

    // A server died with a call under way: nobody says any more that its place is used.
    let taken = || redis.keys().into_iter().find(|key| key.starts_with("hyvve:limit:places:"));
    let free = async || {
        while taken().is_some() {
            sleep(SLOW / 20).await;
        }
    };
    free().await;
    let last = start(&office.user, &office.agent).await;
    let places = loop {
        match taken() {
            Some(places) => break places,
            None => sleep(SLOW / 20).await,
        }
    };
    until(&office.user, &format!("/api/runs/{last}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    free().await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    redis.add(&format!("ZADD {places} {} dead", now + 3_000));
    let began = Instant::now();
    ask(&there).await;
    assert!((3 * SLOW..20 * SLOW).contains(&began.elapsed()), "{:?}", began.elapsed());

    // So many begin in a minute on both together.
    change(json!({ "maxAtOnce": null, "maxPerMinute": 1 })).await.expect(200);
    ask(&office.user).await;
    let waits = start(&there, &office.agent).await;
    sleep(3 * SLOW).await;
    let status = there.get(&format!("/api/runs/{waits}")).await;
    assert_eq!(status.expect(200).body["data"]["run"]["status"], "RUNNING");
    assert_eq!(office.mock.asked().len(), 7);
    there.post(&format!("/agents/{}/runs/{waits}/cancel", office.agent), &json!({})).await.expect(200);
}

#[tokio::test]
async fn a_call_that_was_lost_names_whom_it_went_to() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "keyless").await;
    let second = add(&office.user, &office.at, "Second", "stalls", false).await;
    let fallbacks = json!({ "fallbacks": [{ "providerId": second }] });
    put(&office.user, "/api/ai-providers/fallbacks", &fallbacks).await.expect(200);
    let form = [("message", "Hello"), ("stream", "true")];
    let mut stream = office.user.open_form(&format!("/agents/{}/runs", office.agent), &form).await;
    stream.next_of("RunContent").await;
    // The server that drives it is believed dead when the second one has begun to answer.
    take_over(&app).await;
    stream.next_of("RunCompleted").await;
    let rows = office.rows().await;
    let lost: Vec<_> = rows.iter().filter(|row| row.contains(",lost,")).collect();
    assert!(lost.len() == 1 && lost[0].contains(",Second,openai_compatible,cdef,stalls,,1,lost,"), "{rows:#?}");
}

#[tokio::test]
async fn who_arranges_fallbacks_at_once_loses_nothing_of_what_the_other_did() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "good").await;
    let form = |model: &str| format!("provider_id={}&fallback_model={model}", office.provider);
    let add = async |model: &str| call(&office.user, "ai-providers/add-fallback", form(model)).await;
    for added in join_all(["slow", "busy", "breaks", "silent", "listed"].map(add)).await {
        added.expect(200);
    }
    let shown = office.user.get("/api/ai-providers/fallbacks").await;
    let all = shown.expect(200).body["data"].as_array().unwrap().clone();
    assert_eq!(all.len(), 5, "{all:?}");
    // Two press the same button: the second one is told that it is not there any more.
    let first = all[0]["model"].as_str().unwrap();
    let away = format!("position=0&provider_id={}&model={first}&to=remove", office.provider);
    let press = || call(&office.user, "ai-providers/arrange-fallback", away.clone());
    let mut pressed: Vec<u16> = join_all([press(), press()]).await.iter().map(|reply| reply.status.as_u16()).collect();
    pressed.sort_unstable();
    assert_eq!(pressed, [200, 409]);
    let left = office.user.get("/api/ai-providers/fallbacks").await;
    assert_eq!(left.body["data"], json!(all[1..]));
}

#[tokio::test]
async fn a_call_is_in_the_ledger_also_where_its_server_died_while_the_provider_thought() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "slower").await;
    let run = start(&office.user, &office.agent).await;
    // It is written down that the call has begun, although nothing of an answer has come.
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let begun = "SELECT count(*) FROM run_events WHERE name = 'ModelRequestStarted'";
    while sqlx::query_scalar::<_, i64>(begun).fetch_one(&mut root).await.unwrap() == 0 {
        sleep(SLOW / 20).await;
    }
    take_over(&app).await;
    until(&office.user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    // Its driver lives after all, and writes down the same call.
    sleep(2 * SLOW).await;
    let rows = office.rows().await;
    assert!(rows[0].contains(",First,openai_compatible,cdef,slower,,0,lost,"), "{rows:#?}");
    assert!(rows.len() == 2 && rows[1].contains(",answered,"), "{rows:#?}");
}

#[tokio::test]
async fn a_try_that_was_refused_counts_as_a_call_of_the_key() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "busy").await;
    let path = format!("/api/ai-providers/{}", office.provider);
    Reply::of(office.user.request(Method::PATCH, &path).json(&json!({ "maxPerMinute": 2 }))).await.expect(200);
    let run = start(&office.user, &office.agent).await;
    while office.mock.asked().len() < 2 {
        sleep(SLOW / 20).await;
    }
    // The third try would come within a second, and is one too many for this minute.
    sleep(4 * SLOW).await;
    assert_eq!(office.mock.asked().len(), 2);
    let run_is = async || office.user.get(&format!("/api/runs/{run}")).await.body["data"]["run"]["status"].clone();
    assert_eq!(run_is().await, "RUNNING");
    let cancel = format!("/agents/{}/runs/{run}/cancel", office.agent);
    office.user.post(&cancel, &json!({})).await.expect(200);
    until(&office.user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "CANCELLED").await;
}

#[tokio::test]
async fn what_an_accepted_call_cost_that_said_nothing_is_not_known_and_what_was_refused_cost_nothing() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "silent").await;
    office.set_price("*").await.expect(200);
    office.set_budget(1_000_000).await;
    assert_eq!(office.ask().await["run"]["error"]["type"], "bad_reply");
    let held = office.budget().await;
    let spent = held["spentMicros"].as_i64().unwrap();
    assert!(spent > 0 && held["reservedMicros"] == 0, "{held}");
    let rows = office.rows().await;
    assert!(rows[0].contains(",0,broken,bad_reply,0,0,0,0,0,,"), "{rows:#?}");

    let path = format!("/api/ai-providers/{}", office.provider);
    Reply::of(office.user.request(Method::PATCH, &path).json(&json!({ "defaultModel": "keyless" }))).await.expect(200);
    assert_eq!(office.ask().await["run"]["error"]["type"], "invalid_key");
    let left = office.budget().await;
    assert_eq!((&left["spentMicros"], &left["reservedMicros"]), (&json!(spent), &json!(0)));
    let rows = office.rows().await;
    assert!(rows[1].contains(",0,failed,invalid_key,0,0,0,0,0,0,"), "{rows:#?}");
}

#[tokio::test]
async fn what_a_provider_lists_itself_is_a_price_until_the_workspace_says_another() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "listed").await;
    office.ask().await;
    let budget = office.set_budget(0).await;
    assert_eq!(office.ask().await["run"]["error"]["type"], "budget_reached", "the price is known");
    Reply::of(office.user.request(Method::DELETE, &format!("/api/ai-providers/budgets/{budget}"))).await.expect(200);
    let slug = office.user.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let shows = async |page: &str| office.user.get(&format!("/w/{slug}{page}")).await.expect(200).text.clone();
    let page = shows("/usage/prices").await;
    assert!(page.contains("listed · First") && page.contains("’s list, read "), "{page}");
    office.set_price("listed").await.expect(200);
    assert!(shows("/usage/prices").await.contains("your price, version 1"));
    office.ask().await;
    let rows = office.rows().await;
    assert!(rows[0].contains(&format!(",{COST},listed:20")), "{rows:#?}");
    assert!(rows[1].contains(&format!(",{COST},workspace:1,")), "{rows:#?}");
}

#[tokio::test]
async fn an_agent_whose_model_the_new_default_does_not_have_is_named() {
    let app = TestApp::start().await;
    let office = Office::open(&app, "Ada", "good").await;
    let slug = office.user.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    let agent = format!("/api/agents/{}", office.agent);
    let change = async |body: Value| Reply::of(office.user.request(Method::PATCH, &agent).json(&body)).await;
    change(json!({ "providerId": null, "model": "listed" })).await.expect(200);
    let pages = ["/settings/ai-providers".to_owned(), format!("/agents/{}", office.agent)];
    let shown = async || {
        let mut shown = Vec::new();
        for page in &pages {
            let page = office.user.get(&format!("/w/{slug}{page}")).await;
            shown.push(page.expect(200).text.contains("listed is not in Second’s list of models"));
        }
        shown
    };
    assert_eq!(shown().await, [false, false]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}/v1", listener.local_addr().unwrap());
    let models = get(async || Json(json!({ "data": [{ "id": "another" }] })));
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/models", models)).await });
    add(&office.user, &at, "Second", "another", true).await;
    assert_eq!(shown().await, [true, true]);
    change(json!({ "providerId": office.provider })).await.expect(200);
    assert_eq!(shown().await, [false, false]);
}
