//! The form for a new AI provider knows each kind's address, and where its keys are made.

use hyvve_domain::providers::Kind;
use serde_json::{Value, json};

use crate::{
    isolation::functions::call,
    support::{Caller, TestApp},
};

/// What the workspace has of a kind.
async fn stored(user: &Caller, kind: Kind) -> Option<Value> {
    let listed = user.get("/api/ai-providers").await;
    listed.expect(200).body["data"].as_array().unwrap().iter().find(|p| p["provider"] == kind.as_str()).cloned()
}

#[tokio::test]
async fn each_kind_has_a_form_with_its_address_and_an_empty_address_is_that_one() {
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    let workspaces = user.get("/api/workspaces").await;
    let page = format!("/w/{}/settings/ai-providers", workspaces.body["data"][0]["slug"].as_str().unwrap());
    let first = user.get(&page).await;
    for kind in Kind::ADDABLE {
        assert!(first.expect(200).text.contains(&format!("{page}?kind={kind}")), "{kind}");
        let shown = user.get(&format!("{page}?kind={kind}")).await;
        assert!(shown.expect(200).text.contains(&format!("name=\"provider\" value=\"{kind}\"")), "{kind}");
        for known in [kind.base_url(), kind.keys_page().map(|keys| keys.url)].into_iter().flatten() {
            assert!(shown.text.contains(known), "{known}");
        }

        let form = format!("provider={kind}&name=&base_url=&api_key=sk-0123456789abcd&default_model=x");
        let added = call(&user, "ai-providers/add", form).await;
        let Some(address) = kind.base_url() else {
            assert_eq!(added.expect(400).body["details"]["field"], "baseUrl", "{}", added.text);
            continue;
        };
        added.expect(200);
        let provider = stored(&user, kind).await.unwrap();
        assert_eq!((&provider["baseUrl"], &provider["name"]), (&json!(address), &json!(kind.label())));

        // Another address needs the key again, whatever the kind.
        let id = provider["id"].as_str().unwrap();
        let moved = format!("id={id}&name=x&base_url=https%3A%2F%2Felsewhere.example%2Fv1&default_model=x");
        let refused = call(&user, "ai-providers/change", moved).await;
        assert!(refused.text.contains("enter the key again"), "{}", refused.text);
        assert_eq!(stored(&user, kind).await, Some(provider), "{kind}");
    }
    let shown = user.get(&format!("{page}?kind=sandbox")).await;
    assert!(shown.expect(200).text.contains("name=\"provider\" value=\"anthropic\""));
    let unknown = json!({ "provider": "telepathy", "defaultModel": "x" });
    user.post("/api/ai-providers", &unknown).await.expect(400);
}
