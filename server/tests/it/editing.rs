//! The form that changes what would run: made of the tool's schema, sent without a script, and shown again with what was refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    outside::key,
    queue::detail,
    support::{Caller, Reply, Story, TestApp, id},
    workspaces::join,
};

/// The address of an item's page.
async fn address(user: &Caller, item: &Value) -> String {
    let workspace = user.get(&format!("/api/workspaces/{}", user.workspace())).await;
    let slug = workspace.expect(200).body["data"]["slug"].as_str().expect("a slug").to_owned();
    format!("/w/{slug}/approvals/{}", id(item))
}

/// Sends the form from its page with these values, by path; answers where that leads, and the page there.
async fn send(user: &Caller, item: &Value, values: &[(&str, &str)]) -> (String, Reply) {
    let from = address(user, item).await;
    let hash = item["hash"].as_str().expect("a hash").to_owned();
    let mut form = vec![("id".to_owned(), id(item).to_owned()), ("hash".to_owned(), hash)];
    for (place, (path, value)) in values.iter().enumerate() {
        form.push((format!("values[{place}][path]"), (*path).to_owned()));
        form.push((format!("values[{place}][value]"), (*value).to_owned()));
    }
    let request = user.request(Method::POST, "/_fn/approvals/edit").header("accept", "text/html");
    let sent = Reply::of(request.header("referer", format!("http://localhost{from}")).form(&form)).await;
    assert!(sent.status.is_redirection(), "{} {}", sent.status, sent.text);
    let to = sent.header("location").expect("where it leads").to_owned();
    let next = match sent.cookie_named("hyvve_flash") {
        Some(flash) => {
            assert!(flash.len() <= 4_096, "no browser keeps {} bytes", flash.len());
            user.clone().and_cookie(&flash).get(&to).await
        }
        None => user.get(&to).await,
    };
    next.expect(200);
    (to, next)
}

#[track_caller]
fn assert_in(page: &Reply, parts: &[&str]) {
    for part in parts {
        assert!(page.text.contains(part), "{part} is not in {}", page.text);
    }
}

#[track_caller]
fn assert_not_in(page: &Reply, parts: &[&str]) {
    for part in parts {
        assert!(!page.text.contains(part), "{part} is in {}", page.text);
    }
}

#[tokio::test]
async fn the_form_is_made_of_the_schema_and_what_was_left_out_can_be_filled_in() {
    let app = TestApp::start().await;
    let Story { user, change, mail, .. } = Story::begin(&app, "Grace").await;
    let page = user.get(&address(&user, &change).await).await;
    let of_the_record =
        ["value=\"/changes/discount_percent\"", "value=\"/changes/notes\"", "max=\"100\"", "Customer since"];
    assert_in(&page, &of_the_record);
    assert_in(
        &page,
        &["type=\"number\"", "left out</option>", "Left out so far", "New values by field; null removes a field."],
    );
    assert_not_in(&page, &["value=\"/record_id\"", "value=\"/collection\"", "value=\"/reason\""]);
    let page = user.get(&address(&user, &mail).await).await;
    assert_in(
        &page,
        &["value=\"/body\"", "</textarea>", "maxlength=\"254\"", "(required)", "The recipient’s e-mail address."],
    );

    let values = [("/changes/discount_percent", "5"), ("/changes/notes", "Called."), ("/changes/city", "")];
    let (to, next) = send(&user, &change, &values).await;
    let new = detail(&user, to.rsplit('/').next().expect("an id")).await;
    assert_eq!(new["arguments"]["changes"], json!({ "discount_percent": 5, "notes": "Called." }));
    assert_eq!((&new["status"], &new["editedFrom"]), (&json!("approved"), &change["id"]));
    let edits = json!([
        { "field": "/changes/discount_percent", "label": "changes → discount percent", "before": 20, "after": 5 },
        { "field": "/changes/notes", "label": "changes → notes", "before": null, "after": "Called." },
    ]);
    assert_eq!(new["edits"], edits);
    assert_eq!(detail(&user, id(&change)).await["edits"], edits, "of both items");
    assert_eq!(detail(&user, id(&mail)).await["edits"], json!([]), "nobody changed that one");
    assert_in(&next, &["What a person changed", "Proposed: ", "Approved: ", "<del>20", "<ins>5"]);
}

#[tokio::test]
async fn what_does_not_pass_is_said_at_its_field_and_what_was_typed_stays() {
    let app = TestApp::start().await;
    let Story { user, change, mail, .. } = Story::begin(&app, "Grace").await;
    let here = address(&user, &change).await;
    let (discount, city) = ("/changes/discount_percent", "x".repeat(81));
    for (path, text, why) in [
        (discount, "many", ">changes → discount percent: please enter a number.</p>"),
        (discount, "200", ">changes → discount percent: Customers: 200 is greater than the maximum of 100</p>"),
        ("/changes/city", city.as_str(), ">changes → city: Customers: "),
        ("/changes/plan", "gold", ">changes → plan: please choose one of the list.</p>"),
        (discount, "20", ">Nothing is changed; approve it as it is.</p>"),
    ] {
        let (to, next) = send(&user, &change, &[(path, text), ("/changes/notes", "")]).await;
        assert_eq!(to, here);
        assert_in(&next, &[why, "autofocus"]);
        if path == discount {
            assert_in(&next, &[&format!("value=\"{text}\"")]);
        }
        assert_eq!(next.text.contains("aria-invalid=\"true\""), !why.contains("Nothing"), "{}", next.text);
    }
    assert_eq!(detail(&user, id(&change)).await["status"], "pending");

    // A form that was refused is of one item only, and is shown once.
    assert_not_in(&user.get(&here).await, &["aria-invalid=\"true\""]);

    // What no cookie holds is owned up to.
    let long = "long ".repeat(1_000);
    let (_, next) = send(&user, &mail, &[("/to", "nobody"), ("/body", &long)]).await;
    assert_in(&next, &["value=\"nobody\"", "too long to keep", ">to: Please enter an e-mail address"]);

    let (path, arguments) =
        (format!("/api/approvals/{}/edit", id(&mail)), detail(&user, id(&mail)).await["arguments"].clone());
    for (name, value) in [("to", json!("nobody")), ("subject", json!("")), ("body", json!(7)), ("more", json!(1))] {
        let mut changed = arguments.clone();
        changed[name] = value;
        let refused = user.post(&path, &json!({ "arguments": changed })).await;
        let details = &refused.expect(400).body["error"]["details"];
        let place = if name == "more" { String::new() } else { format!("/{name}") };
        assert_eq!((&details["field"], &details["path"]), (&json!("arguments"), &json!(place)));
    }
    let refused = user.post(&path, &json!({ "arguments": { "to": "ada@example.com", "subject": "Hello" } })).await;
    assert_eq!(refused.expect(400).body["error"]["details"]["path"], "/body", "what is missing is named");
}

#[tokio::test]
async fn values_of_an_outside_agent_are_fields_without_markup_and_without_anything_hidden() {
    let app = TestApp::start().await;
    let (owner, member) = (app.sign_up("Grace").await, app.sign_up("Mia").await);
    join(&owner, &member, "member").await;
    let agent = key(&member.in_workspace(owner.workspace()), &["propose"]).await;
    let text = format!("</textarea><b>pay \u{202e}04 {}", "x".repeat(80));
    let body = json!({ "action": "note", "arguments": { "text": text, "list": ["a"], "sure": false } });
    let item = agent.post("/api/approvals", &body).await.expect(201).body["data"].clone();
    let page = owner.get(&address(&owner, &item).await).await;
    assert_in(
        &page,
        &[
            "value=\"/arguments/text\"",
            "value=\"/arguments/list\"",
            "type=\"checkbox\"",
            "Hidden characters: ",
            "U+202E",
        ],
    );
    assert_not_in(&page, &["</textarea><b>", "value=\"/action\""]);

    let (to, _) = send(&owner, &item, &[("/arguments/text", "Pay 40"), ("/arguments/sure", "true")]).await;
    let new = detail(&owner, to.rsplit('/').next().expect("an id")).await;
    assert_eq!(new["arguments"]["arguments"], json!({ "text": "Pay 40", "list": ["a"], "sure": true }));
    let changed: Vec<_> = new["edits"].as_array().expect("a list").iter().map(|edit| edit["field"].clone()).collect();
    assert_eq!(changed, ["/arguments/sure", "/arguments/text"]);
}
