//! The AsyncAPI document: that it is one, and that what is sent is what it says.

use std::{collections::BTreeSet, path::Path};

use hyvve_domain::events::catalogue::CATALOGUE;
use serde_json::{Value, json};

use crate::support::{Story, TestApp, id};

/// AsyncAPI's own schema, as its package has it; `cargo xtask test` installs that.
const SPECIFICATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../node_modules/@asyncapi/specs/schemas/3.0.0.json");

async fn document(app: &TestApp) -> Value {
    app.anonymous().get("/api/asyncapi.json").await.expect(200).body.clone()
}

/// What is wrong with `value` by a schema that stands somewhere in the document.
fn faults(document: &Value, pointer: &str, value: &Value) -> Vec<String> {
    let mut schema = document.clone();
    schema["$ref"] = json!(format!("#{pointer}"));
    let validator = jsonschema::draft7::new(&schema).expect("a schema of draft 7");
    validator.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

#[tokio::test]
async fn the_document_is_asyncapi_three() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    assert!(Path::new(SPECIFICATION).is_file(), "npm ci installs AsyncAPI's schema");
    let specification: Value = serde_json::from_str(&std::fs::read_to_string(SPECIFICATION).unwrap()).unwrap();
    let validator = jsonschema::draft7::new(&specification).expect("AsyncAPI's schema");
    let faults: Vec<String> =
        validator.iter_errors(&document).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert_eq!(faults, Vec::<String>::new());
    assert!(!validator.is_valid(&json!({ "asyncapi": "3.0.0" })), "the schema is one");
    let text = document.to_string();
    let refers: BTreeSet<&str> = text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for pointer in refers {
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}

#[tokio::test]
async fn whatever_happens_is_told_as_the_document_says() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let story = Story::begin(&app, "Ada").await;
    let user = &story.user;
    user.post(&format!("/api/approvals/{}/comments", id(&story.change)), &json!({ "body": "Hm." })).await.expect(200);
    user.post(&format!("/api/approvals/{}/approve", id(&story.change)), &json!({})).await.expect(200);
    user.post(&format!("/api/approvals/{}/reject", id(&story.mail)), &json!({ "reason": "No." })).await.expect(200);
    let here = format!("/api/workspaces/{}", user.workspace());
    user.post(&format!("{here}/invitations"), &json!({ "role": "viewer" })).await.expect(201);
    user.post(&format!("{here}/api-keys"), &json!({ "name": "x", "scopes": ["read"] })).await.expect(201);
    let budget = json!({ "scope": "workspace", "limitMicros": 1_000_000 });
    user.post("/api/ai-providers/budgets", &budget).await.expect(201);
    let done = "/api/events?types=effect.done&waitSeconds=20";
    assert_eq!(user.get(done).await.expect(200).body["data"].as_array().unwrap().len(), 1);

    let read = user.get("/api/events?limit=200").await.expect(200).body.clone();
    assert_eq!(faults(&document, "/components/schemas/Page", &read), Vec::<String>::new());
    let mut seen = BTreeSet::new();
    for event in read["data"].as_array().unwrap() {
        let name = event["type"].as_str().unwrap();
        assert!(CATALOGUE.iter().any(|kind| kind.name == name), "{name} is not in the catalogue");
        let faults = faults(&document, &format!("/components/messages/{name}/payload"), event);
        assert_eq!(faults, Vec::<String>::new(), "{event:#}");
        seen.insert(name);
    }
    for name in ["approval.requested", "approval.commented", "record.updated", "run.started", "budget.changed"] {
        assert!(seen.contains(name), "{name} did not happen: {seen:?}");
    }
    // A schema that everything passes would show nothing.
    let wrong = json!({ "type": "approval.requested", "version": 1, "payload": {} });
    assert!(!faults(&document, "/components/messages/approval.requested/payload", &wrong).is_empty());
}

#[tokio::test]
async fn anybody_can_read_what_there_is_to_hear_of() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("/docs/events").await;
    let page = &page.expect(200).text;
    for kind in CATALOGUE {
        assert!(page.contains(&format!("id=\"{}\"", kind.name)), "{} is missing", kind.name);
    }
    app.anonymous().get("/docs/nothing").await.expect(404);
}
