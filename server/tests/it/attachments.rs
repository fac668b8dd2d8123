//! What a proposal refers to elsewhere: shown with its host, part of what is decided on, never loaded.

use hyvve_domain::canonical;
use serde_json::{Value, json};

use crate::{
    assignment::{ask_for, program},
    queue::{admin, detail},
    support::{TestApp, id},
    workspaces::join,
};

#[tokio::test]
async fn attachments_are_part_of_what_is_decided_on_and_a_proposal_without_any_keeps_its_hash() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let mia = app.sign_up("Mia").await;
    join(&grace, &mia, "member").await;
    let agent = program(&mia.in_workspace(grace.workspace())).await;
    let propose = async |attachments: Value| {
        let body = json!({ "action": "refund", "arguments": { "of": "x" }, "attachments": attachments });
        agent.post("/api/approvals", &body).await
    };
    let one = |url: &str| json!([{ "name": "The offer", "url": url }]);

    // The bytes of a proposal without any are those of before there were attachments.
    let plain = propose(json!([])).await.expect(201).body["data"].clone();
    let bytes = format!(
        r#"{{"arguments":{{"action":"refund","arguments":{{"of":"x"}},"reversible":false}},"expected_versions":{{}},"format":"hyvve.proposal/1","targets":[],"tool":"external","tool_version":1,"workspace":"{}"}}"#,
        grace.workspace(),
    );
    assert_eq!(plain["hash"], hex::encode(canonical::sha256(bytes.as_bytes())));

    let here = propose(one("https://files.example.com/offer.pdf")).await.expect(201).body["data"].clone();
    let there = propose(one("https://files.example.org/offer.pdf")).await.expect(201).body["data"].clone();
    assert!(plain["hash"] != here["hash"] && here["hash"] != there["hash"], "another file is another proposal");
    let shown = detail(&ada, id(&here)).await;
    assert_eq!(shown["attachments"], one("https://files.example.com/offer.pdf"));
    let slug = grace.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    let page = ada.clone().naming_no_workspace().get(&format!("/w/{slug}/approvals/{}", id(&here))).await;
    let page = page.expect(200).text.clone();
    assert!(page.contains("<b>files.example.com</b>") && page.contains("href=\"https://files.example.com/offer.pdf\""));
    assert!(!page.contains("src=\"https://files.example.com"), "nothing of it is loaded");

    // Whoever changes the arguments changes nothing else.
    let mut arguments = shown["arguments"].clone();
    arguments["arguments"] = json!({ "of": "y" });
    let edited = ada.post(&format!("/api/approvals/{}/edit", id(&here)), &json!({ "arguments": arguments })).await;
    assert_eq!(edited.expect(200).body["data"]["attachments"], shown["attachments"]);
}

#[tokio::test]
async fn an_attachment_leads_where_it_says_or_is_refused_at_its_field() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let agent = program(&grace).await;
    let good = json!({
        "name": "Offer", "url": "https://example.com/o.pdf", "mediaType": "application/pdf", "bytes": 12,
        "sha256": "0a".repeat(32),
    });
    let with = |field: &str, value: Value| {
        let mut one = good.clone();
        one[field] = value;
        json!([one])
    };
    for (attachments, field) in [
        (with("url", json!("http://example.com/")), "attachments[0].url"),
        (with("url", json!("https://bank.example@evil.example/")), "attachments[0].url"),
        (with("url", json!("javascript:alert(1)")), "attachments[0].url"),
        (with("name", json!("a\u{202e}b")), "attachments[0].name"),
        (with("mediaType", json!("pdf")), "attachments[0].mediaType"),
        (with("sha256", json!("xyz")), "attachments[0].sha256"),
        (with("bytes", json!(-1)), "attachments[0].bytes"),
        (with("path", json!("/etc/passwd")), "attachments[0].path"),
        (json!(vec![good.clone(); 21]), "attachments"),
    ] {
        let body = json!({ "action": "refund", "arguments": {}, "attachments": attachments });
        let refused = agent.post("/api/approvals", &body).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], field);
    }
    let body = json!({ "action": "refund", "arguments": {}, "attachments": vec![good; 20] });
    agent.post("/api/approvals", &body).await.expect(201);
    let plain = ask_for(&agent, "Without").await;
    assert_eq!(detail(&grace, id(&plain)).await["attachments"], json!([]));
}
