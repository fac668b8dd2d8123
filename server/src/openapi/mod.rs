//! Every address that programs call, for programs and those who write them: OpenAPI 3.1
//! (<https://spec.openapis.org/oas/v3.1.1.html>), whose schemas are JSON Schema of 2020-12.
//!
//! What a route takes is read off its handler's arguments ([`part`]), what it answers is made of the types that are answered, and the
//! tests compare the routes with the router, and replies with what is said about them.

mod agentos;
mod ai;
mod approvals;
mod auth;
mod factors;
mod members;
mod news;
mod operation;
mod organization;
pub(crate) mod part;
mod workspaces;

use std::{collections::BTreeSet, sync::LazyLock};

use hyvve_domain::{Code, auth::sessions::cookie_name};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use self::operation::{Operation, of};

/// Where schemas stand in the document.
const SCHEMAS: &str = "/components/schemas";

/// Routes that belong together.
struct Group {
    name: &'static str,
    about: &'static str,
    routes: fn() -> Vec<Operation>,
}

const GROUPS: [Group; 17] = [
    Group { name: "Approvals", about: "What waits for a decision, and deciding.", routes: approvals::queue },
    Group {
        name: "Outside agents",
        about: "Programs that propose, wait, and say what became of it.",
        routes: approvals::outside,
    },
    Group { name: "Policies", about: "Who decides on what, and what goes on by itself.", routes: approvals::policies },
    Group {
        name: "AI providers", about: "Where a workspace’s models are, and what they cost.", routes: ai::providers
    },
    Group { name: "Agents and runs", about: "What AgentOS’s surface does not know of them.", routes: ai::agents },
    Group { name: "Records", about: "Collections and their records.", routes: ai::records },
    Group { name: "Webhooks", about: "Addresses that hear of events.", routes: news::webhooks },
    Group { name: "Events", about: "What happens, and what has happened.", routes: news::events },
    Group { name: "Notifications", about: "What a person is told, and how.", routes: news::notifications },
    Group { name: "Audit log", about: "What happened, in a chain of hashes.", routes: news::audit },
    Group { name: "Operator", about: "For those who run the installation.", routes: news::operator },
    Group { name: "Workspaces", about: "Workspaces and how they are secured.", routes: workspaces::workspaces },
    Group { name: "Members", about: "Members, invitations, and API keys.", routes: members::members },
    Group {
        name: "Account",
        about: "Signing in and one’s account, as better-auth’s client calls it.",
        routes: auth::account,
    },
    Group {
        name: "Second factor",
        about: "The second factor, passkeys and links by mail, as better-auth’s plugins call them.",
        routes: factors::factors,
    },
    Group {
        name: "Organization",
        about: "Workspaces, as better-auth’s organization client calls them.",
        routes: organization::organization,
    },
    Group { name: "AgentOS", about: "What clients of AgentOS speak, at the root.", routes: agentos::agentos },
];

/// The document; it is about the program, not about anybody's data.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(whole);
    &DOCUMENT
}

fn whole() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.with(|settings| settings.definitions_path = SCHEMAS.into()).into_generator();
    let (mut paths, mut ids) = (Map::new(), BTreeSet::new());
    for Group { name, routes, .. } in GROUPS {
        for route in routes() {
            let mut id = route.id();
            // A handler that answers at two addresses: the first one has its name.
            if !ids.insert(id.clone()) {
                id.push_str(".alias");
                ids.insert(id.clone());
            }
            let described = route.described(name, &id, &mut generator);
            paths.entry(route.path).or_insert_with(|| json!({}))[route.method] = described;
        }
    }
    let responses = responses(&mut generator);
    json!({
        "openapi": "3.1.1",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": info(),
        "servers": [{ "url": "/", "description": "The HYVVE that this document comes from." }],
        "tags": GROUPS.iter().map(|group| json!({ "name": group.name, "description": group.about })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": responses,
            "parameters": parameters(),
            "securitySchemes": security_schemes(),
        },
    })
}

fn info() -> Value {
    json!({
        "title": "HYVVE",
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        "description": "AI agents propose actions, and people decide. A call is about one workspace: the one that it names, or the one \
            that an API key is for. What belongs to somebody else answers like what is not there. Times are UTC with milliseconds. \
            Events are described by `/api/asyncapi.json`.",
    })
}

fn parameters() -> Value {
    json!({
        "Workspace": {
            "name": "X-Workspace-Id", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The workspace’s id or short name. Without it, the one that the session used last; a key has only one. \
                Where there can be no header, `workspace` in the query.",
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            "description": "For requests that may be sent again: the same key with the same request is answered with the first reply, \
                for 24 hours. With another request: 422 `IDEMPOTENCY_KEY_REUSED`.",
        },
    })
}

fn security_schemes() -> Value {
    json!({
        "session": { "type": "apiKey", "in": "cookie", "name": cookie_name(true), "description": "A signed-in browser. Without https the name has no prefix." },
        "bearer": { "type": "http", "scheme": "bearer", "description": "An API key, or an access token from `/api/auth/token`." },
        "key": { "type": "apiKey", "in": "header", "name": "x-api-key", "description": "An API key." },
    })
}

/// What an error of each status is, in words.
const ERRORS: [(u16, &str); 8] = [
    (400, "A field is missing, malformed or out of range; or the request names no workspace."),
    (401, "Nobody is signed in, or what was shown is not good any more."),
    (403, "Not for this role, for this key, or from another site’s page."),
    (404, "Not there, or not yours: deliberately the same answer."),
    (409, "The state has changed meanwhile, or was decided before."),
    (413, "The body is larger than the limit."),
    (422, "Understood, but a rule forbids it; or an idempotency key was sent with something else before."),
    (429, "Too often. `Retry-After` says when it may work again."),
];

/// Errors, in the envelope of each surface: see `problem.rs`.
fn responses(generator: &mut SchemaGenerator) -> Value {
    let code = of::<Code>(generator);
    let message = json!({ "type": "string", "description": "What happened and what to do, for people." });
    let object = |properties: Value, required: &[&str]| json!({ "type": "object", "required": required, "properties": properties });
    let details = json!({ "description": "More, by code: `{field, constraint}` for a field that does not pass." });
    let id = json!({ "type": "string", "description": "The request’s id, which stands in every line of the log." });
    let inner = object(
        json!({ "code": code, "message": message, "details": details, "requestId": id }),
        &["code", "message", "requestId"],
    );
    let envelopes = [
        ("Api", object(json!({ "error": inner }), &["error"])),
        ("Auth", object(json!({ "code": code, "message": message }), &["code", "message"])),
        ("AgentOs", object(json!({ "detail": message, "error_code": code }), &["detail", "error_code"])),
    ];
    let mut all = Map::new();
    for (surface, envelope) in envelopes {
        let content = json!({ "application/json": { "schema": envelope } });
        for (status, means) in ERRORS {
            let mut response = json!({ "description": means, "content": content });
            if status == 429 {
                let after = json!({ "description": "Seconds.", "schema": { "type": "integer", "minimum": 0 } });
                response["headers"] = json!({ "Retry-After": after });
            }
            all.insert(format!("{surface}{status}"), response);
        }
        let other = json!({ "description": "A fault of ours, or of somebody whom we asked; 503 if the same request works later.", "content": content });
        all.insert(format!("{surface}Default"), other);
    }
    Value::Object(all)
}
