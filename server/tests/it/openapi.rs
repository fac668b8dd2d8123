//! The OpenAPI document: that it is one, that it has every route and no other, and that what is sent and answered is what it says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::{
    isolation::routes::{ROUTER, routed},
    matrix::{FUNCTION, Line, Workspace, table},
    support::{Reply, TestApp},
};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(app: &TestApp) -> Value {
    app.anonymous().get("/api/openapi.json").await.expect(200).body.clone()
}

/// Every operation, with its method and path.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let mut all = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            all.push((method.clone(), path.clone(), operation));
        }
    }
    all
}

/// What a pointer leads to, if it is a reference.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let Some(path) = value["$ref"].as_str() else { return value };
    document.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path} leads nowhere"))
}

/// What is wrong with `value` by a schema of the document.
fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::new(&whole).unwrap_or_else(|fault| panic!("{fault}: {schema:#}"));
    validator.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

/// Every route of the router with its handler, as the document names it.
fn handlers() -> BTreeMap<(String, String), String> {
    let mut all = BTreeMap::new();
    for route in ROUTER.split(".route(").skip(1) {
        let (path, rest) = route.trim_start().trim_start_matches('"').split_once('"').expect("a path in quotes");
        for method in METHODS {
            let words = [format!(" {method}("), format!(".{method}(")];
            let Some((_, rest)) = words.iter().find_map(|word| rest.split_once(word.as_str())) else { continue };
            let handler = rest.split(')').next().unwrap_or_default().trim();
            let name = handler.trim_start_matches("http::").replace("::", ".");
            all.insert((method.to_owned(), path.to_owned()), name);
        }
    }
    all
}

#[tokio::test]
async fn it_has_every_route_with_its_handler_and_no_other() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let name = |operation: &Value| operation["operationId"].as_str().unwrap().trim_end_matches(".alias").to_owned();
    let described: BTreeMap<_, _> =
        operations(&document).into_iter().map(|(method, path, operation)| ((method, path), name(operation))).collect();
    let handlers = handlers();
    for (route, handler) in &handlers {
        assert_eq!(described.get(route), Some(handler), "{route:?} is not described, or by another handler");
    }
    let gone: Vec<_> = described.keys().filter(|route| !handlers.contains_key(*route)).collect();
    assert!(gone.is_empty(), "described, and not routed: {gone:?}");
    // The scan finds what the other tests find.
    let known = routed().into_iter().filter(|(method, _)| method != "ANY");
    let known: BTreeSet<_> = known.map(|(method, path)| (method.to_lowercase(), path.to_owned())).collect();
    assert_eq!(handlers.into_keys().collect::<BTreeSet<_>>(), known);
    assert!(known.len() > 150, "{}", known.len());
}

/// Whether all keys are of these, or of our own.
fn has_only(value: &Value, keys: &[&str]) -> bool {
    value.as_object().is_some_and(|facts| facts.keys().all(|key| keys.contains(&key.as_str()) || key.starts_with("x-")))
}

#[tokio::test]
async fn it_is_openapi_three_one() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    assert!(has_only(&document, &["openapi", "jsonSchemaDialect", "info", "servers", "tags", "paths", "components"]));
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let tags: BTreeSet<_> = document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str()).collect();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        assert!(METHODS.contains(&method.as_str()), "{what}");
        let known =
            ["operationId", "summary", "description", "tags", "security", "parameters", "requestBody", "responses"];
        assert!(has_only(operation, &known), "{what}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{what}: its name is somebody else’s as well");
        let summary = operation["summary"].as_str().unwrap();
        assert!(summary.ends_with('.') && summary.len() > 8, "{what}: {summary}");
        assert!(operation["tags"].as_array().unwrap().iter().all(|tag| tags.contains(&tag.as_str())), "{what}");
        for way in operation["security"].as_array().unwrap() {
            let schemes = document["components"]["securitySchemes"].as_object().unwrap();
            assert!(way.as_object().unwrap().keys().all(|name| schemes.contains_key(name)), "{what}");
        }
        check_parameters(&document, &what, &path, operation);
        if let Some(body) = operation.get("requestBody") {
            assert!(method != "get" && has_only(body, &["required", "content"]), "{what}");
            assert!(!body["content"].as_object().unwrap().is_empty(), "{what}");
        }
        check_responses(&document, &what, operation);
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name}");
        // Of two types of the same name, the second one gets a number.
        assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "{name}: rename the type’s schema");
        assert!(jsonschema::meta::is_valid(schema), "{name}");
    }
    let text = document.to_string();
    for pointer in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}

fn check_parameters(document: &Value, what: &str, path: &str, operation: &Value) {
    let mut in_path: BTreeSet<_> = path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    let mut names = BTreeSet::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let parameter = resolved(document, parameter);
        assert!(has_only(parameter, &["name", "in", "required", "description", "schema"]), "{what}: {parameter}");
        let (name, place) = (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap());
        assert!(names.insert((name, place)), "{what}: {name} stands there twice");
        match place {
            "path" => assert!(in_path.remove(name) && parameter["required"] == true, "{what}: {name}"),
            "query" | "header" => {}
            other => panic!("{what}: {other}"),
        }
        assert!(jsonschema::meta::is_valid(&parameter["schema"]), "{what}: {name}");
    }
    assert!(in_path.is_empty(), "{what}: not described: {in_path:?}");
}

fn check_responses(document: &Value, what: &str, operation: &Value) {
    let responses = operation["responses"].as_object().unwrap();
    let is_status = |status: &str| status == "default" || (status.len() == 3 && status.parse::<u16>().is_ok());
    assert!(responses.keys().all(|status| is_status(status)), "{what}");
    assert!(responses.keys().any(|status| status.starts_with('2') || status.starts_with('3')), "{what}");
    for response in responses.values() {
        let response = resolved(document, response);
        assert!(has_only(response, &["description", "headers", "content"]), "{what}: {response}");
        assert!(response["description"].is_string(), "{what}");
        for (_, content) in response["content"].as_object().into_iter().flatten() {
            assert!(has_only(content, &["schema"]) && jsonschema::meta::is_valid(&content["schema"]), "{what}");
        }
    }
}

/// What the table of roles and the document disagree about, for one route.
fn differences(columns: &[&str], line: &Line, operation: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let ways = operation["security"].as_array().unwrap();
    let is_for_anyone = ways.is_empty() || ways.contains(&json!({}));
    let is_for_people = !is_for_anyone && ways.len() == 1;
    for (column, status) in columns.iter().zip(&line.expected) {
        let documented = !operation["responses"][&status.to_string()].is_null();
        let fits = match *column {
            _ if !documented => false,
            "nobody" => is_for_anyone || *status == 401,
            "guest" | "viewer" | "member" | "admin" | "owner" => match operation["x-roles"].as_array() {
                Some(roles) => roles.contains(&json!(column)) || matches!(status, 403 | 404),
                None => *status != 403,
            },
            key => match key.strip_prefix("key:") {
                Some(_) if is_for_people => *status == 401,
                // Keys of all scopes.
                Some(_) if !is_for_anyone && operation["x-scope"].is_null() => *status != 401,
                Some(scope) if !is_for_anyone => operation["x-scope"] == scope || *status == 403,
                _ => true,
            },
        };
        if !fits {
            all.push(format!("{column} is answered {status}"));
        }
    }
    all
}

#[tokio::test]
async fn it_says_of_every_route_who_may_what_the_table_of_roles_says() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let (columns, lines) = table();
    let mut surprises = String::new();
    for line in lines.iter().filter(|line| line.method != FUNCTION) {
        let operation = &document["paths"][line.path][&line.method.to_lowercase()];
        for difference in differences(&columns, line, operation) {
            let _ = writeln!(surprises, "{} {}: {difference}", line.method, line.path);
        }
    }
    assert!(surprises.is_empty(), "the document says otherwise:\n{surprises}");
}

/// What is wrong with a reply, by what the document says of its route.
async fn said_otherwise(document: &Value, operation: &Value, reply: reqwest::Response) -> Vec<String> {
    let status = reply.status().as_u16().to_string();
    let response = resolved(document, &operation["responses"][&status]);
    if response.is_null() {
        return vec!["it says nothing of this status".to_owned()];
    }
    let kind = reply.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let media = kind.split(';').next().unwrap_or_default().to_owned();
    let contents = response["content"].as_object();
    let content = contents
        .into_iter()
        .flatten()
        .find(|(known, _)| **known == media || known.strip_suffix('*').is_some_and(|family| media.starts_with(family)));
    match (content, contents) {
        (Some((_, content)), _) if media == "application/json" => {
            let body: Value = reply.json().await.unwrap();
            faults(document, &content["schema"], &body)
        }
        // A stream's head says all; nobody waits for its end.
        (Some(_), _) | (None, None) => Vec::new(),
        (None, Some(_)) => vec![format!("it does not say that {media:?} comes")],
    }
}

#[tokio::test]
async fn what_is_sent_and_answered_is_what_it_says() {
    let workspace = Workspace::new().await;
    let document = document(&workspace.app).await;
    let (_, lines) = table();
    let (mut surprises, mut held) = (String::new(), 0);
    for column in ["nobody", "owner"] {
        let caller = workspace.caller(column).await;
        for line in lines.iter().filter(|line| line.method != FUNCTION) {
            let operation = &document["paths"][line.path][&line.method.to_lowercase()];
            let reply = workspace.request(&caller, line).send().await.unwrap();
            let status = reply.status();
            let mut found = said_otherwise(&document, operation, reply).await;
            // What was taken is what is to be sent.
            if let Some(content) = operation["requestBody"]["content"].get("application/json")
                && status.is_success()
            {
                let sent = faults(&document, &content["schema"], &workspace.body(line));
                found.extend(sent.into_iter().map(|fault| format!("in the request: {fault}")));
                held += 1;
            }
            for fault in found {
                let _ = writeln!(surprises, "{column}: {} {} {status}: {fault}", line.method, line.path);
            }
        }
    }
    assert!(surprises.is_empty(), "{surprises}");
    assert!(held > 20, "only {held} requests were held against the document");
}

#[tokio::test]
async fn its_schemas_refuse_what_is_wrong() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let at = |path: &str, method: &str| document["paths"][path][method].clone();
    let reject = at("/api/approvals/{id}/reject", "post");
    let body = &reject["requestBody"]["content"]["application/json"]["schema"];
    assert!(faults(&document, body, &json!({ "reason": "No." })).is_empty());
    for wrong in [json!({}), json!({ "reason": 1 }), json!({ "reason": "No.", "more": true })] {
        assert!(!faults(&document, body, &wrong).is_empty(), "{wrong}");
    }
    let reply = &reject["responses"]["200"]["content"]["application/json"]["schema"];
    assert!(!faults(&document, reply, &json!({ "data": { "id": "x" } })).is_empty());
    let refused = resolved(&document, &reject["responses"]["409"])["content"]["application/json"]["schema"].clone();
    assert!(!faults(&document, &refused, &json!({ "code": "CONFLICT", "message": "x" })).is_empty());
    assert_eq!((&reject["x-scope"], &reject["x-roles"]), (&json!("decide"), &json!(["owner", "admin"])));
    let names: Vec<_> =
        reject["parameters"].as_array().unwrap().iter().map(|one| resolved(&document, one)["name"].clone()).collect();
    assert_eq!(names, [json!("id"), json!("X-Workspace-Id"), json!("Idempotency-Key")]);
    let read = at("/api/approvals/{id}", "get");
    assert!(!read["parameters"].to_string().contains("IdempotencyKey"), "what only reads is not kept");
}

#[tokio::test]
async fn anybody_can_read_what_there_is_to_call() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let page: Reply = app.anonymous().get("/api/docs").await;
    let page = &page.expect(200).text;
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")), "{method} {path} is missing");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name} is missing");
    }
    assert!(!page.contains("<script src"), "the page needs no script");
}
