//! A new AI provider is added in steps: whose it is, its key, its model. Each kind knows its address, and where its keys are made.

use hyvve_domain::providers::Kind;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    isolation::functions::call,
    support::{Caller, REFUSAL, Reply, TestApp, lister},
};

const KEY: &str = "sk-0123456789abcd";

/// What the workspace has of a kind.
async fn stored(user: &Caller, kind: Kind) -> Option<Value> {
    let listed = user.get("/api/ai-providers").await;
    listed.expect(200).body["data"].as_array().unwrap().iter().find(|p| p["provider"] == kind.as_str()).cloned()
}

/// The page of the workspace's providers.
async fn page_of(user: &Caller) -> String {
    let workspaces = user.get("/api/workspaces").await;
    format!("/w/{}/settings/ai-providers", workspaces.body["data"][0]["slug"].as_str().unwrap())
}

#[tokio::test]
async fn each_kind_has_a_form_with_its_address_and_moves_only_with_its_key() {
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    let page = page_of(&user).await;
    let first = user.get(&page).await;
    let (here, there) = (lister(&["x"]).await, lister(&["x"]).await);
    for kind in Kind::ADDABLE {
        assert!(first.expect(200).text.contains(&format!("{page}?kind={kind}")), "{kind}");
        let shown = user.get(&format!("{page}?kind={kind}")).await;
        assert!(shown.expect(200).text.contains(&format!("name=\"provider\" value=\"{kind}\"")), "{kind}");
        for known in [kind.base_url(), kind.keys_page().map(|keys| keys.url)].into_iter().flatten() {
            assert!(shown.text.contains(known), "{known}");
        }

        let form = |at: &str| format!("provider={kind}&base_url={at}&api_key={KEY}");
        call(&user, "ai-providers/add", form(&here)).await.expect(200);
        let provider = stored(&user, kind).await.unwrap();
        let name = if kind == Kind::OpenaiCompatible { "127.0.0.1" } else { kind.label() };
        assert_eq!((&provider["name"], &provider["defaultModel"]), (&json!(name), &json!("x")), "{kind}");
        assert_eq!(provider["baseUrl"], format!("{here}{}", kind.root()));

        // Another address needs the key again, whatever the kind.
        let id = provider["id"].as_str().unwrap();
        let moved = format!("id={id}&name=x&base_url={there}&default_model=x");
        let refused = call(&user, "ai-providers/change", moved).await;
        assert!(refused.text.contains("enter the key again"), "{}", refused.text);
        assert_eq!(stored(&user, kind).await, Some(provider), "{kind}");
    }
    let nowhere = call(&user, "ai-providers/add", format!("provider=openai_compatible&base_url=&api_key={KEY}")).await;
    assert_eq!(nowhere.expect(400).body["details"]["field"], "baseUrl");
    let shown = user.get(&format!("{page}?kind=sandbox")).await;
    assert!(!shown.expect(200).text.contains("name=\"provider\""), "nobody adds a sandbox");
    let unknown = json!({ "provider": "telepathy", "defaultModel": "x" });
    user.post("/api/ai-providers", &unknown).await.expect(400);
}

/// Sends a form of a page as a browser without JavaScript does; answers where the browser is sent, and its next cookie.
pub(crate) async fn send(user: &Caller, page: &str, function: &str, form: String) -> (String, Caller) {
    let request = user.request(Method::POST, &format!("/_fn/{function}"));
    let request = request.header("accept", "text/html").header("referer", format!("https://hyvve.example{page}"));
    let sent = Reply::of(request.header("content-type", "application/x-www-form-urlencoded").body(form)).await;
    assert!(sent.status.is_redirection(), "{} {}", sent.status, sent.text);
    let to = sent.header("location").unwrap().to_owned();
    let flash = sent.cookie_named("hyvve_flash");
    (to, flash.map_or_else(|| user.clone(), |flash| user.clone().and_cookie(&flash)))
}

#[tokio::test]
async fn a_provider_is_added_in_three_steps_without_a_script() {
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    let page = page_of(&user).await;
    let at = lister(&["small", "large"]).await;
    let second = format!("{page}?kind=openai_compatible");
    let current = |shown: &str, step: &str| {
        let (_, rest) = shown.split_once("aria-current=\"step\"").expect("a step that shows");
        assert!(rest.split("</li>").next().unwrap().contains(step), "{shown}");
    };
    current(&user.get(&page).await.text, "Whose AI");

    // What was typed stays, but not the key; what the provider said stands at its field.
    let form = |key: &str| format!("provider=openai_compatible&base_url={at}&api_key={key}");
    let (to, next) = send(&user, &second, "ai-providers/add", form("sk-wrong-012345678")).await;
    assert_eq!(to, second);
    let shown = next.get(&to).await;
    current(&shown.expect(200).text, "Key");
    assert!(shown.text.contains(REFUSAL) && shown.text.contains(&format!("value=\"{at}\"")), "{}", shown.text);
    assert!(!shown.text.contains("sk-wrong"));
    assert_eq!(stored(&user, Kind::OpenaiCompatible).await, None);

    let (to, next) = send(&user, &second, "ai-providers/add", form(KEY)).await;
    let id = stored(&user, Kind::OpenaiCompatible).await.unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(to, format!("{page}?model={id}"));
    let shown = next.get(&to).await;
    current(&shown.expect(200).text, "Model");
    for option in ["<option value=\"small\"", "<option value=\"large\"", "2 models listed"] {
        assert!(shown.text.contains(option), "{option}: {}", shown.text);
    }

    let done = |model: &str| format!("id={id}&name=Ours&default_model={model}&make_default=true");
    let (back, next) = send(&user, &to, "ai-providers/change", done("huge")).await;
    assert_eq!(back, to);
    let shown = next.get(&back).await;
    assert!(shown.text.contains("has no model “huge”") && shown.text.contains("value=\"huge\""), "{}", shown.text);
    let (back, _) = send(&user, &to, "ai-providers/models", format!("id={id}")).await;
    assert_eq!(back, to, "the list is read again where it stands");
    let (back, _) = send(&user, &to, "ai-providers/change", done("large")).await;
    assert_eq!(back, page);
    let provider = stored(&user, Kind::OpenaiCompatible).await.unwrap();
    assert_eq!((&provider["name"], &provider["defaultModel"]), (&json!("Ours"), &json!("large")));
    assert_eq!(provider["isDefault"], true);
    assert!(user.get(&page).await.text.contains("works"));
}

#[tokio::test]
async fn whoever_lists_nothing_is_asked_for_a_model() {
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    let second = format!("{}?kind=openai_compatible", page_of(&user).await);
    let form = format!("provider=openai_compatible&base_url={}&api_key=", lister(&[]).await);
    let (to, next) = send(&user, &second, "ai-providers/add", form.clone()).await;
    let shown = next.get(&to).await;
    assert!(shown.text.contains("lists no models") && shown.text.contains("name=\"default_model\""), "{}", shown.text);
    send(&user, &second, "ai-providers/add", format!("{form}&default_model=mine")).await;
    assert_eq!(stored(&user, Kind::OpenaiCompatible).await.unwrap()["defaultModel"], "mine");
}
