//! What there is to hear of, for programs and those who write them: AsyncAPI 3.0 (<https://www.asyncapi.com/docs/reference/specification/v3.0.0>),
//! made of the catalogue that events are emitted by. Schemas are AsyncAPI's own dialect, which is JSON Schema of draft 7.

use hyvve_domain::{
    auth::sessions::cookie_name,
    events::{
        catalogue::{CATALOGUE, Kind, family},
        pull::KEPT_DAYS,
        schemas::{self, Schemas},
    },
};
use serde_json::{Map, Value, json};

/// Where schemas stand in the document.
const SCHEMAS: &str = "/components/schemas";

/// The whole document.
pub(crate) fn document() -> Value {
    let Schemas { event, delivery, gone, payloads, mut definitions } = schemas::all(SCHEMAS);
    definitions.extend(frames());
    definitions.insert("Page".to_owned(), page(&event, &gone));
    let mut messages = others();
    for (kind, payload) in CATALOGUE.iter().zip(&payloads) {
        messages.insert(kind.name.to_owned(), streamed(kind, &event, payload));
        if kind.is_delivered() {
            messages.insert(delivered_name(kind.name), delivered(kind, &delivery, payload));
        }
    }
    messages.insert(delivered_name(TEST), test(&delivery));
    json!({
        "asyncapi": "3.0.0",
        "info": info(),
        "defaultContentType": "application/json",
        "servers": { "here": {
            "host": "{host}",
            "protocol": "https",
            "description": "The HYVVE whose workspace it is.",
            "variables": { "host": { "description": "Its host, and its port if it has one.", "default": "localhost:3000" } },
        } },
        "channels": channels(),
        "operations": operations(),
        "components": { "schemas": definitions, "messages": messages, "securitySchemes": security_schemes() },
    })
}

/// The type of what a webhook's test sends, which is no event.
const TEST: &str = "webhook.test";

fn info() -> Value {
    json!({
        "title": "HYVVE events",
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "Apache-2.0" },
        "description": format!(
            "What happens in a workspace, for programs. An event is numbered in its workspace without gaps (`seq`), has an id that is \
             the same on every way and in every replay, and says in `version` how its payload reads: fields may be added to a \
             version, and a field that goes or changes its meaning makes the next one. Events are kept for {KEPT_DAYS} days. \
             Owners and admins are told of all of them but of what somebody else was notified of, others of what concerns them."
        ),
    })
}

/// A message of the browser's stream, and of what programs read.
fn streamed(kind: &Kind, event: &Value, payload: &Value) -> Value {
    let subject = json!({ "enum": kind.subjects });
    json!({
        "name": kind.name,
        "title": kind.name,
        "summary": kind.what(),
        "description": kind.reach.words(),
        "tags": [{ "name": family(kind.name) }],
        "payload": { "allOf": [event, { "type": "object", "properties": {
            "type": { "const": kind.name }, "version": { "const": kind.version }, "subjectKind": subject, "payload": payload,
        } }] },
    })
}

/// What a webhook is sent of an event.
fn delivered(kind: &Kind, delivery: &Value, payload: &Value) -> Value {
    let data =
        json!({ "type": "object", "properties": { "subjectKind": { "enum": kind.subjects }, "payload": payload } });
    delivery_message(
        kind.name,
        kind.what(),
        delivery,
        &json!({
            "type": { "const": kind.name }, "version": { "const": kind.version }, "data": data,
        }),
    )
}

fn test(delivery: &Value) -> Value {
    let payload = json!({ "type": "object", "required": ["description"], "properties": {
        "description": { "type": "string", "description": "What the webhook is for, in the workspace’s words." },
    } });
    let data = json!({ "type": "object", "properties": { "seq": { "type": "null" }, "payload": payload } });
    delivery_message(
        TEST,
        "Somebody sends a test. It is no event, and has no number.",
        delivery,
        &json!({
            "type": { "const": TEST }, "data": data,
        }),
    )
}

fn delivery_message(name: &str, what: &str, delivery: &Value, facts: &Value) -> Value {
    let text = |what: &str| json!({ "type": "string", "description": what });
    json!({
        "name": name,
        "title": name,
        "summary": what,
        "tags": [{ "name": family(name) }],
        "headers": {
            "type": "object",
            "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
            "properties": {
                "webhook-id": { "type": "string", "format": "uuid", "description": "The event’s id. What comes twice has the same." },
                "webhook-timestamp": text("When this try was sent, in seconds since 1970."),
                "webhook-signature": text("`v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`; several between spaces while a secret is rotated."),
            },
        },
        "payload": { "allOf": [delivery, { "type": "object", "properties": facts }] },
    })
}

/// The name of a delivery among the messages.
fn delivered_name(event: &str) -> String {
    format!("delivery.{event}")
}

/// Messages that are no events.
fn others() -> Map<String, Value> {
    let message = |name: &str, title: &str, summary: &str, schema: &str| {
        let payload = json!({ "$ref": format!("#{SCHEMAS}/{schema}") });
        (name.to_owned(), json!({ "name": name, "title": title, "summary": summary, "payload": payload }))
    };
    Map::from_iter([
        message("hello", "Hello", "The stream is open. `cursor` is where it begins.", "Hello"),
        message("beat", "Heartbeat", "Nothing has happened for 15 seconds, and the connection stands.", "Beat"),
        message("run", "An event of a run", "A run that the stream follows has come further.", "RunFrame"),
        message(
            "gone",
            "A run that cannot be followed",
            "There is no such run, or it is not the reader’s to see.",
            "GoneFrame",
        ),
        message(
            "presence",
            "Somebody at a proposal",
            "Somebody has opened a proposal, or has left it: who looks at it now is asked for.",
            "PresenceFrame",
        ),
        message(
            "query",
            "A question",
            "What has happened since? The question has no body; its parameters are in the address.",
            "Query",
        ),
        message("page", "An answer", "What has happened, oldest first, and from where to ask on.", "Page"),
    ])
}

fn frames() -> Map<String, Value> {
    let id = json!({ "type": "string", "format": "uuid" });
    let object = |properties: Value| {
        let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
        json!({ "type": "object", "required": required, "properties": properties })
    };
    let frames = [
        ("Hello", object(json!({ "cursor": { "type": "integer", "minimum": 0 } }))),
        ("Beat", object(json!({}))),
        (
            "RunFrame",
            object(json!({ "runId": id, "event": object(json!({
            "index": { "type": "integer", "minimum": 0, "description": "The event’s number in its run, without gaps." },
            "name": { "type": "string", "description": "As AgentOS names them: `RunContent`, `ToolCallCompleted`, …" },
        })) })),
        ),
        ("GoneFrame", object(json!({ "runId": id }))),
        ("PresenceFrame", object(json!({ "approvalId": id }))),
        ("Query", json!({ "type": "null" })),
    ];
    frames.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// An answer of `GET /api/events`.
fn page(event: &Value, gone: &Value) -> Value {
    json!({ "type": "object", "required": ["data", "meta"], "properties": {
        "data": { "type": "array", "items": event },
        "meta": { "type": "object", "required": ["hasMore", "nextCursor", "gone"], "properties": {
            "hasMore": { "type": "boolean", "description": "Ask on at once: there is more. `data` may be empty nonetheless, where a filter passes little." },
            "nextCursor": { "type": "integer", "minimum": 0, "description": "What to ask on after." },
            "gone": { "anyOf": [gone, { "type": "null" }], "description": "What was asked for and is not kept any more." },
        } },
    } })
}

fn channels() -> Value {
    let refer = |name: &str| (name.to_owned(), json!({ "$ref": format!("#/components/messages/{name}") }));
    let events = CATALOGUE.iter().map(|kind| kind.name);
    let frames = ["hello", "beat", "run", "gone", "presence"];
    let stream: Map<String, Value> = frames.into_iter().chain(events).map(refer).collect();
    let told = CATALOGUE.iter().filter(|kind| kind.is_delivered()).map(|kind| kind.name);
    let deliveries: Map<String, Value> = told.chain([TEST]).map(|name| refer(&delivered_name(name))).collect();
    let pull: Map<String, Value> = ["query", "page"].into_iter().map(refer).collect();
    json!({
        "stream": {
            "address": "/api/stream",
            "title": "Server-sent events",
            "description": "One stream for a browser. An event’s `id` is its number; `Last-Event-ID` goes on after it. It ends when the \
                            reader’s session, membership or role does, and with the server.",
            "messages": stream,
        },
        "webhooks": {
            "address": null,
            "title": "Webhooks",
            "description": "POST to the addresses that the workspace names, as Standard Webhooks has it \
                            (https://www.standardwebhooks.com). What is not answered with 2xx is sent again for a day. At least once, \
                            and not always in order: `data.seq` tells it.",
            "messages": deliveries,
        },
        "events": {
            "address": "/api/events",
            "title": "Reading on",
            "description": format!("Any program reads again from any moment of the last {KEPT_DAYS} days, with the ids of then."),
            "messages": pull,
        },
    })
}

fn operations() -> Value {
    let channel = |name: &str| json!({ "$ref": format!("#/channels/{name}") });
    let message = |name: &str| json!([{ "$ref": format!("#/channels/events/messages/{name}") }]);
    let text = |what: &str| json!({ "type": "string", "description": what });
    let number = |what: &str| json!({ "type": "integer", "minimum": 0, "description": what });
    let http = |method: &str, query: Value| {
        let mut binding = json!({ "method": method, "bindingVersion": "0.3.0" });
        if !query.is_null() {
            binding["query"] = json!({ "type": "object", "properties": query });
        }
        json!({ "http": binding })
    };
    let signed_in = json!([
        { "$ref": "#/components/securitySchemes/session" },
        { "$ref": "#/components/securitySchemes/bearer" },
        { "$ref": "#/components/securitySchemes/key" },
    ]);
    json!({
        "hear": {
            "action": "send",
            "channel": channel("stream"),
            "summary": "HYVVE tells a browser what happens, as it happens.",
            "security": signed_in,
            "bindings": http("GET", json!({
                "workspace": text("The workspace’s id or short name, where no header names it."),
                "cursor": number("The number after which to begin; without it, from now on."),
                "runs": text("Runs to follow as well: `id:next_index,…`"),
            })),
        },
        "deliver": {
            "action": "send",
            "channel": channel("webhooks"),
            "summary": "HYVVE tells a webhook what has happened.",
            "bindings": http("POST", Value::Null),
        },
        "read": {
            "action": "receive",
            "channel": channel("events"),
            "summary": "A program asks what has happened: an owner’s or admin’s, with a key of the scope `read`.",
            "security": signed_in,
            "messages": message("query"),
            "reply": { "channel": channel("events"), "messages": message("page") },
            "bindings": http("GET", json!({
                "after": number("The cursor of the answer before. Without `after` and `since`, from the oldest that is kept."),
                "since": { "type": "string", "format": "date-time", "description": "From this moment on, instead of `after`." },
                "types": text("Types, or beginnings that end in a dot, between commas; all without it."),
                "limit": { "type": "integer", "minimum": 1, "maximum": 200, "default": 100 },
                "waitSeconds": { "type": "integer", "minimum": 0, "maximum": 60, "default": 0,
                                 "description": "How long to wait for the next event where there is none yet." },
            })),
        },
    })
}

fn security_schemes() -> Value {
    json!({
        "session": { "type": "httpApiKey", "in": "cookie", "name": cookie_name(true), "description": "A signed-in browser." },
        "bearer": { "type": "http", "scheme": "bearer", "description": "An API key of the scope `read`, or an access token." },
        "key": { "type": "httpApiKey", "in": "header", "name": "x-api-key", "description": "An API key of the scope `read`." },
    })
}
