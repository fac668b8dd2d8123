//! A provider is asked before anything of it is kept: whether it takes the key, and whether it has the model. What models it
//! has is kept and searched, and agents choose among them.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    isolation::NOBODYS,
    support::{Caller, REFUSAL, Reply, TestApp, answer, id, lister, listing},
};

const KEY: &str = "sk-0123456789abcd";
const WRONG: &str = "sk-wrong-0123456789";

async fn patch(user: &Caller, path: &str, body: Value) -> Reply {
    Reply::of(user.request(Method::PATCH, path).json(&body)).await
}

async fn add(user: &Caller, provider: Value) -> Reply {
    user.post("/api/ai-providers", &provider).await
}

/// Adds one; answers its address in the API.
async fn added(user: &Caller, kind: &str, at: &str) -> String {
    let reply = add(user, json!({ "provider": kind, "name": "Ours", "baseUrl": at, "apiKey": KEY })).await;
    format!("/api/ai-providers/{}", id(&reply.expect(201).body["data"]))
}

async fn count(user: &Caller) -> usize {
    user.get("/api/ai-providers").await.expect(200).body["data"].as_array().unwrap().len()
}

/// The field that a refusal names, its constraint, and the message.
#[track_caller]
fn refusal(reply: &Reply) -> (String, String, String) {
    let error = &reply.expect(422).body["error"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["details"]["field"]), text(&error["details"]["constraint"]), text(&error["message"]))
}

#[tokio::test]
async fn a_provider_that_does_not_work_is_not_kept_and_says_why_at_the_field() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (at, no_ai) = (lister(&["m"]).await, TestApp::start().await);
    let no_ai = no_ai.anonymous().request(Method::GET, "").build().unwrap().url().to_string();
    for (base_url, key, field, constraint, words) in [
        (at.as_str(), WRONG, "apiKey", "invalid_key", REFUSAL),
        ("http://127.0.0.1:9", KEY, "baseUrl", "unreachable", "cannot be reached"),
        (no_ai.as_str(), KEY, "baseUrl", "unreachable", "Check the base URL"),
    ] {
        for kind in ["openai_compatible", "openai", "anthropic", "gemini", "deepseek", "openrouter"] {
            let reply = add(&ada, json!({ "provider": kind, "baseUrl": base_url, "apiKey": key })).await;
            let (at, why, message) = refusal(&reply);
            assert_eq!((at.as_str(), why.as_str()), (field, constraint), "{kind}: {message}");
            assert!(message.contains(words), "{kind}: {message}");
            assert!(!reply.text.contains(key), "{kind}");
        }
    }
    // What cannot be a model is found out before anybody is asked.
    let bad = json!({ "provider": "openai", "baseUrl": "http://127.0.0.1:9", "defaultModel": "m".repeat(300) });
    assert_eq!(add(&ada, bad).await.expect(400).body["error"]["details"]["field"], "defaultModel");
    assert_eq!(count(&ada).await, 1, "only the sandbox");
}

#[tokio::test]
async fn the_model_is_one_that_the_provider_has() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let at = lister(&["claude-opus-9", "claude-sonnet-9", "gpt-9", "a/b"]).await;
    let (empty, kinds) = (lister(&[]).await, ["openai_compatible", "openai", "anthropic", "gemini", "openrouter"]);
    let with = |kind: &str, at: &str, model: Option<&str>| {
        let mut provider = json!({ "provider": kind, "baseUrl": at, "apiKey": KEY });
        if let Some(model) = model {
            provider["defaultModel"] = json!(model);
        }
        provider
    };
    for (kind, model, kept) in [
        ("anthropic", None, "claude-sonnet-9"),
        ("openai", None, "gpt-9"),
        ("openai_compatible", None, "claude-opus-9"),
        ("anthropic", Some("gpt-9"), "gpt-9"),
        ("anthropic", Some("alias-of-one"), "alias-of-one"),
        ("openai", Some("alias-of-one"), "alias-of-one"),
        ("gemini", Some("models/alias-of-one"), "alias-of-one"),
        ("openrouter", Some("a/b:free"), "a/b:free"),
    ] {
        let reply = add(&ada, with(kind, &at, model)).await;
        assert_eq!(reply.expect(201).body["data"]["defaultModel"], kept, "{kind} {model:?}");
    }
    let before = count(&ada).await;
    for (kind, model, words) in [
        ("anthropic", "claude-sonet-9", "claude-sonnet-9"),
        ("openrouter", "alias-of-one", "has no model"),
        ("openai_compatible", "a/b:free", "a/b"),
    ] {
        let (field, constraint, message) = refusal(&add(&ada, with(kind, &at, Some(model))).await);
        assert_eq!((field.as_str(), constraint.as_str()), ("defaultModel", "model"), "{kind} {model}");
        assert!(message.contains(words), "{message}");
    }
    // Whoever lists nothing is believed; but then somebody has to say which model.
    for kind in kinds {
        let (field, constraint, _) = refusal(&add(&ada, with(kind, &empty, None)).await);
        assert_eq!((field.as_str(), constraint.as_str()), ("defaultModel", "required"), "{kind}");
    }
    assert_eq!(count(&ada).await, before);
    add(&ada, with("openai_compatible", &empty, Some("mine"))).await.expect(201);
}

/// A server that lists no models, says so with that status, and answers with one model to one key.
async fn unlisted(status: u16) -> (Arc<Mutex<Vec<Value>>>, String) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let complete = async move |headers: HeaderMap, Json(body): Json<Value>| -> Response {
        seen.lock().unwrap().push(body.clone());
        let error = |message: &str| Json(json!({ "error": { "message": message } }));
        if headers.get("authorization").is_some_and(|key| key.as_bytes().ends_with(WRONG.as_bytes())) {
            return (StatusCode::UNAUTHORIZED, error(REFUSAL)).into_response();
        }
        if body["model"] != "mine" {
            return (StatusCode::NOT_FOUND, error("The model does not exist.")).into_response();
        }
        let word = json!({ "choices": [{ "delta": { "content": "H" }, "finish_reason": "length" }] });
        (
            [(CONTENT_TYPE, "text/event-stream")],
            format!(
                "data: {word}

data: [DONE]

"
            ),
        )
            .into_response()
    };
    let none = StatusCode::from_u16(status).unwrap();
    let router = Router::new().route("/v1/models", get(none)).route("/v1/chat/completions", post(complete));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (asked, at)
}

#[tokio::test]
async fn a_server_without_a_list_is_tried_with_the_cheapest_call_of_the_model_that_is_named() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    for status in [404, 405, 501] {
        let (asked, at) = unlisted(status).await;
        let new = |key: &str, model: Option<&str>| json!({ "provider": "openai_compatible", "name": "Ours", "baseUrl": at, "apiKey": key, "defaultModel": model });
        for (key, model, field, constraint) in [
            (KEY, None, "defaultModel", "required"),
            (KEY, Some("another"), "defaultModel", "model_not_found"),
            (WRONG, Some("mine"), "apiKey", "invalid_key"),
            (WRONG, None, "apiKey", "invalid_key"),
        ] {
            let (at, why, message) = refusal(&add(&ada, new(key, model)).await);
            assert_eq!((at.as_str(), why.as_str()), (field, constraint), "{status} {model:?}: {message}");
        }
        asked.lock().unwrap().clear();
        let reply = add(&ada, new(KEY, Some("mine"))).await;
        let provider = format!("/api/ai-providers/{}", id(&reply.expect(201).body["data"]));
        let call = asked.lock().unwrap().clone();
        assert_eq!(call.len(), 1, "{call:?}");
        assert_eq!((&call[0]["model"], &call[0]["max_tokens"]), (&json!("mine"), &json!(1)));
        // The same where somebody tests it, and where another model is named.
        let tested = ada.post(&format!("{provider}/test"), &json!({})).await;
        assert_eq!((&tested.expect(200).body["valid"], asked.lock().unwrap().len()), (&json!(true), 2));
        assert!(ids(&ada.get(&format!("{provider}/models")).await).is_empty());
        let refused = patch(&ada, &provider, json!({ "defaultModel": "another" })).await;
        assert_eq!(refusal(&refused).0, "defaultModel");
        let tested = ada.get("/api/ai-providers").await;
        let kept = tested.expect(200).body["data"].as_array().unwrap().last().unwrap();
        assert_eq!((&kept["defaultModel"], &kept["checkError"]), (&json!("mine"), &Value::Null));
    }
    // Another kind has its list, or is somewhere else.
    let (_, at) = unlisted(404).await;
    let other = json!({ "provider": "openai", "baseUrl": at, "apiKey": KEY, "defaultModel": "mine" });
    assert_eq!(refusal(&add(&ada, other).await).0, "baseUrl");
}

#[tokio::test]
async fn a_change_that_is_refused_leaves_all_as_it_was() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let provider = added(&ada, "openai_compatible", &lister(&["m", "n"]).await).await;
    let all = ada.get("/api/ai-providers").await.expect(200).body.clone();
    for (change, field) in [
        (json!({ "apiKey": WRONG }), "apiKey"),
        (json!({ "apiKey": WRONG, "name": "Another", "makeDefault": true }), "apiKey"),
        (json!({ "baseUrl": "http://127.0.0.1:9", "apiKey": KEY }), "baseUrl"),
        (json!({ "defaultModel": "o" }), "defaultModel"),
        (json!({ "baseUrl": lister(&["else"]).await, "apiKey": KEY }), "defaultModel"),
    ] {
        assert_eq!(refusal(&patch(&ada, &provider, change.clone()).await).0, field, "{change}");
        let tested = ada.post(&format!("{provider}/test"), &json!({})).await;
        assert_eq!(tested.expect(200).body["valid"], true, "the key that works is still there");
        let mut now = ada.get("/api/ai-providers").await.expect(200).body.clone();
        now["data"][1]["checkedAt"] = all["data"][1]["checkedAt"].clone();
        assert_eq!(now, all, "{change}");
    }
    let changed = patch(&ada, &provider, json!({ "defaultModel": "n", "apiKey": "sk-another-0123456789" })).await;
    let changed = &changed.expect(200).body["data"];
    assert_eq!((&changed["defaultModel"], &changed["keyHint"]), (&json!("n"), &json!("6789")));
}

/// The ids of some models.
#[track_caller]
fn ids(reply: &Reply) -> Vec<&str> {
    reply.expect(200).body["data"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn models_are_kept_and_searched_when_their_provider_is_away_too() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    // It answers twice, and is gone then.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for models in [&["gpt-9-mini", "gpt-9", "claude-9"][..], &["gpt-10"]] {
            let (asking, _) = listener.accept().await.unwrap();
            answer(asking, listing(models)).await.unwrap();
        }
    });
    let provider = added(&ada, "openai_compatible", &at).await;
    let models = format!("{provider}/models");
    let all = ada.get(&models).await;
    assert_eq!(ids(&all), ["gpt-9-mini", "gpt-9", "claude-9"], "in the provider's order");
    assert_eq!(all.body["meta"]["total"], 3);
    assert!(all.body["meta"]["readAt"].is_string());
    let some = ada.get(&format!("{models}?search=GPT&limit=1")).await;
    assert_eq!((ids(&some), &some.body["meta"]["total"]), (vec!["gpt-9-mini"], &json!(2)));
    assert_eq!(ids(&ada.get(&format!("{models}?search=mini%20gpt")).await), ["gpt-9-mini"]);
    assert!(ids(&ada.get(&format!("{models}?search=%25")).await).is_empty());
    ada.get(&format!("{models}?limit=many")).await.expect(400);

    assert_eq!(ids(&ada.get(&format!("{models}?fresh=true")).await), ["gpt-10"]);
    let away = ada.get(&format!("{models}?fresh=true")).await;
    let error = &away.expect(502).body["error"];
    assert_eq!((&error["code"], &error["details"]["provider"]), (&json!("PROVIDER_FAILED"), &json!("Ours")));
    assert_eq!(ids(&ada.get(&models).await), ["gpt-10"]);
    let failing = ada.get("/api/ai-providers").await.expect(200).body["data"][1].clone();
    assert!(
        failing["failingSince"].is_string() && failing["checkError"].as_str().unwrap().contains("Ours"),
        "{failing}"
    );

    // The sandbox has one, which is its own.
    let sandbox = ada.get("/api/ai-providers").await.body["data"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ids(&ada.get(&format!("/api/ai-providers/{sandbox}/models")).await), ["sandbox-script"]);
}

#[tokio::test]
async fn an_agent_runs_on_what_owners_and_admins_choose_for_it() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let at = lister(&["m", "n"]).await;
    let provider = added(&ada, "openai_compatible", &at).await;
    let provider = provider.rsplit('/').next().unwrap();
    let foreign = added(&eve, "openai_compatible", &at).await;
    let foreign = foreign.rsplit('/').next().unwrap();
    let agents = ada.get("/agents").await;
    let agent = agents.expect(200).body[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/agents/{agent}");
    let change = |body: Value| patch(&ada, &path, body);

    let chosen = change(json!({ "providerId": provider, "model": "n" })).await;
    let chosen = &chosen.expect(200).body["data"];
    assert_eq!((&chosen["providerId"], &chosen["model"]), (&json!(provider), &json!("n")));
    assert_eq!(ada.get(&format!("/agents/{agent}")).await.expect(200).body["model"]["model"], "n");
    // It is asked for there, and for that: this one answers nobody.
    let form = [("message", "Hello"), ("stream", "true")];
    let frames = ada.open_form(&format!("/agents/{agent}/runs"), &form).await.rest().await;
    assert!(frames.last().is_some_and(|frame| frame.event == "RunError"), "{frames:?}");
    assert!(format!("{frames:?}").contains("Ours"), "{frames:?}");

    for (body, field) in [
        (json!({ "model": "o" }), "model"),
        // The default is the sandbox, which has one model.
        (json!({ "providerId": null, "model": "m" }), "model"),
        (json!({ "providerId": null }), "model"),
        (json!({ "model": "" }), "model"),
        (json!({ "name": "Mine" }), "name"),
        (json!({ "providerId": 7 }), "providerId"),
    ] {
        let refused = change(body.clone()).await;
        assert!([400, 422].contains(&refused.status.as_u16()), "{body}: {}", refused.text);
        assert_eq!(refused.body["error"]["details"]["field"], field, "{body}: {}", refused.text);
    }
    for id in [foreign, NOBODYS] {
        change(json!({ "providerId": id, "model": null })).await.expect(404);
    }
    let unchanged = ada.get(&format!("/agents/{agent}")).await;
    assert_eq!(unchanged.body["model"]["model"], "n");
    patch(&eve, &path, json!({ "model": null })).await.expect(404);
    // A provider that an agent names stays.
    Reply::of(ada.request(Method::DELETE, &format!("/api/ai-providers/{provider}"))).await.expect(409);

    let back = change(json!({ "providerId": null, "model": null })).await;
    assert_eq!(back.expect(200).body["data"]["providerId"], Value::Null);
    change(json!({ "model": "sandbox-script" })).await.expect(200);
    change(json!({ "model": null })).await.expect(200);
    let log = ada.get("/api/audit-log?limit=200").await;
    let log = log.expect(200).body["data"].as_array().unwrap();
    let entries: Vec<&Value> = log.iter().filter(|entry| entry["action"] == "agent.updated").collect();
    assert_eq!(entries.len(), 4, "{log:?}");
    assert_eq!(entries[3]["details"]["before"]["providerId"], Value::Null);
    assert_eq!(entries[3]["details"]["providerId"], provider);

    // The page has a form for those who may, and says nothing of it to the others.
    let link =
        ada.post(&format!("/api/workspaces/{}/invitations", ada.workspace()), &json!({ "role": "member" })).await;
    let link = link.expect(201).body["data"]["link"].as_str().unwrap().to_owned();
    eve.post("/api/invitations/accept", &json!({ "token": link.rsplit('/').next() })).await.expect(200);
    let eve = eve.in_workspace(ada.workspace());
    patch(&eve, &path, json!({ "model": null })).await.expect(403);
    eve.get(&format!("/api/ai-providers/{provider}/models")).await.expect(403);
    let slug = ada.get(&format!("/api/workspaces/{}", ada.workspace())).await;
    let page = format!("/w/{}/agents/{agent}", slug.expect(200).body["data"]["slug"].as_str().unwrap());
    let (hers, eves) = (ada.get(&page).await, eve.get(&page).await);
    assert!(hers.expect(200).text.contains("agents/change") && hers.text.contains("Ours"));
    assert!(!eves.expect(200).text.contains("agents/change") && !eves.text.contains("Ours"));
}
