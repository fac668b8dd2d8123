//! One route of the document: what its handler says, and what only words can say.

use std::any::type_name;

use hyvve_domain::{Role, api_keys::Scope};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::part::{Access, Body, Handler, JSON, Takes};
use crate::reply::{Data, List, Success};

/// Makes a schema; what it refers to goes into the generator's definitions.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Value;

const EVENTS: &str = "text/event-stream";

/// What is no JSON is text.
const TEXT: Shape = |_| json!({ "type": "string" });

/// What is answered.
struct Reply {
    status: u16,
    means: &'static str,
    media: &'static str,
    /// None where the reply has no body.
    shape: Option<Shape>,
}

/// One route.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    handler: &'static str,
    summary: &'static str,
    more: Option<&'static str>,
    takes: Takes,
    role: Option<fn(Role) -> bool>,
    or_session: bool,
    headers: &'static [(&'static str, &'static str)],
    refuses: &'static [u16],
    replies: Vec<Reply>,
}

/// A schema of what is answered, by the type that is.
pub(super) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn operation<P, H: Handler<P>>(
    method: &'static str,
    path: &'static str,
    _handler: H,
    summary: &'static str,
) -> Operation {
    let mut takes = <H as Handler<P>>::takes();
    // A body of a GET has no meaning.
    takes.body = takes.body.filter(|_| method != "get");
    Operation {
        method,
        path,
        handler: type_name::<H>(),
        summary,
        more: None,
        takes,
        role: None,
        or_session: false,
        headers: &[],
        refuses: &[],
        replies: Vec::new(),
    }
}

macro_rules! methods {
    ($($method:ident)+) => {$(
        /// A route of this method: its path and handler as in the router, and what it is for, in a sentence.
        pub(super) fn $method<P, H: Handler<P>>(path: &'static str, handler: H, summary: &'static str) -> Operation {
            operation::<P, H>(stringify!($method), path, handler, summary)
        }
    )+};
}

methods! { get post put patch delete }

impl Operation {
    /// More than a sentence.
    pub(super) fn more(mut self, words: &'static str) -> Self {
        self.more = Some(words);
        self
    }

    /// The scope of API keys, where the handler's arguments do not say it.
    pub(super) fn scope(mut self, scope: Scope) -> Self {
        self.takes.access = Access::Key(Some(scope));
        self
    }

    /// Whose roles may; without it, every member's.
    pub(super) fn role(mut self, may: fn(Role) -> bool) -> Self {
        self.role = Some(may);
        self
    }

    /// Anyone may ask, and whoever has a session is told more.
    pub(super) fn or_session(mut self) -> Self {
        self.or_session = true;
        self
    }

    /// The request names the workspace that it is about, although no argument says so.
    pub(super) fn in_workspace(mut self) -> Self {
        self.takes.names_workspace = true;
        self
    }

    /// Headers that it takes, with what they mean.
    pub(super) fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// Statuses of refusals that its kind of route does not imply.
    pub(super) fn refuses(mut self, statuses: &'static [u16]) -> Self {
        self.refuses = statuses;
        self
    }

    /// Its body, where the handler reads it itself.
    pub(super) fn body(mut self, media: &'static [&'static str], schema: Value) -> Self {
        self.takes.body = Some(Body { media, schema });
        self
    }

    /// 200 with this, as it is.
    pub(super) fn answers(self, shape: Shape) -> Self {
        self.reply(200, "Done.", shape)
    }

    /// 200 `{data}`.
    pub(super) fn data<T: JsonSchema>(self) -> Self {
        self.answers(of::<Data<T>>)
    }

    /// 201 `{data}`.
    pub(super) fn made<T: JsonSchema>(self) -> Self {
        self.reply(201, "It is there now.", of::<Data<T>>)
    }

    /// 200 `{data, meta}`: one page of many.
    pub(super) fn page<T: JsonSchema>(self) -> Self {
        self.answers(of::<List<T>>)
    }

    /// 200 `{success: true}`.
    pub(super) fn success(self) -> Self {
        self.answers(of::<Success>)
    }

    /// JSON with this status.
    pub(super) fn reply(self, status: u16, means: &'static str, shape: Shape) -> Self {
        self.sends(status, means, JSON[0], Some(shape))
    }

    /// Something that is no JSON.
    pub(super) fn other(self, media: &'static str, means: &'static str) -> Self {
        self.sends(200, means, media, Some(TEXT))
    }

    /// 200 with a stream of events, or with this where somebody waits for the whole.
    pub(super) fn streams(self, means: &'static str, shape: Shape) -> Self {
        self.sends(200, means, EVENTS, Some(TEXT)).sends(200, means, JSON[0], Some(shape))
    }

    /// A status without a body.
    pub(super) fn bare(self, status: u16, means: &'static str) -> Self {
        self.sends(status, means, JSON[0], None)
    }

    fn sends(mut self, status: u16, means: &'static str, media: &'static str, shape: Option<Shape>) -> Self {
        self.replies.push(Reply { status, means, media, shape });
        self
    }

    /// Where its handler is: `approvals.list`, `agentos.runs.create`.
    pub(super) fn id(&self) -> String {
        let place = self.handler.split_once("::").map_or(self.handler, |(_, place)| place);
        place.strip_prefix("http::").unwrap_or(place).replace("::", ".")
    }

    /// OpenAPI's operation object.
    pub(super) fn described(&self, tag: &str, id: &str, generator: &mut SchemaGenerator) -> Value {
        let mut described = json!({
            "operationId": id,
            "summary": self.summary,
            "tags": [tag],
            "security": self.security(),
            "responses": self.responses(generator),
        });
        let words = self.words();
        if !words.is_empty() {
            described["description"] = json!(words);
        }
        let parameters = self.parameters();
        if !parameters.is_empty() {
            described["parameters"] = json!(parameters);
        }
        if let Some(Body { media, schema }) = &self.takes.body {
            let is_required = schema["required"].as_array().is_some_and(|fields| !fields.is_empty());
            described["requestBody"] = json!({ "required": is_required, "content": contents(media, schema) });
        }
        if let Some(may) = self.role {
            let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| may(*role)).collect();
            described["x-roles"] = json!(roles);
        }
        if let Access::Key(Some(scope)) = self.takes.access {
            described["x-scope"] = json!(scope);
        }
        described
    }

    fn words(&self) -> String {
        let mut words: Vec<String> = self.more.map(str::to_owned).into_iter().collect();
        if let Some(may) = self.role {
            let roles: Vec<&str> = Role::ALL.iter().filter(|role| may(**role)).map(|role| role.as_str()).collect();
            words.push(format!("Roles: {}.", roles.join(", ")));
        }
        match self.takes.access {
            Access::Key(Some(scope)) => words.push(format!("An API key needs the scope `{}`.", scope.as_str())),
            Access::Person => words.push("For a signed-in person; no API key and no access token will do.".to_owned()),
            Access::Anyone | Access::Key(None) => {}
        }
        words.join("\n\n")
    }

    fn security(&self) -> Value {
        match self.takes.access {
            Access::Anyone if self.or_session => json!([{}, { "session": [] }]),
            Access::Anyone => json!([]),
            Access::Person => json!([{ "session": [] }]),
            Access::Key(_) => json!([{ "session": [] }, { "bearer": [] }, { "key": [] }]),
        }
    }

    /// Whether it keeps its first reply for whoever asks again.
    fn is_kept(&self) -> bool {
        let is_ours = self.path.starts_with("/api/") && !self.path.starts_with("/api/auth/");
        self.method != "get" && is_ours && self.takes.access != Access::Anyone
    }

    fn parameters(&self) -> Vec<Value> {
        let names = self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        let in_path = names
            .zip(&self.takes.ids)
            .map(|(name, schema)| json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        let mut all: Vec<Value> = in_path.chain(self.takes.query.iter().cloned()).collect();
        all.extend(self.headers.iter().map(|(name, means)| {
            json!({ "name": name, "in": "header", "required": false, "description": means, "schema": { "type": "string" } })
        }));
        let common = [("Workspace", self.takes.names_workspace), ("IdempotencyKey", self.is_kept())];
        all.extend(
            common
                .into_iter()
                .filter(|(_, takes_it)| *takes_it)
                .map(|(name, _)| json!({ "$ref": format!("#/components/parameters/{name}") })),
        );
        all
    }

    fn responses(&self, generator: &mut SchemaGenerator) -> Value {
        let mut all = Map::new();
        for Reply { status, means, media, shape } in &self.replies {
            let reply = all.entry(status.to_string()).or_insert_with(|| json!({ "description": means }));
            if let Some(shape) = *shape {
                reply["content"][*media] = json!({ "schema": shape(generator) });
            }
        }
        let surface = surface(self.path);
        for status in self.refusals() {
            let refusal = json!({ "$ref": format!("#/components/responses/{surface}{status}") });
            all.entry(status.to_string()).or_insert(refusal);
        }
        all.insert("default".to_owned(), json!({ "$ref": format!("#/components/responses/{surface}Default") }));
        Value::Object(all)
    }

    /// The statuses of errors that it can answer with, but for faults of ours.
    fn refusals(&self) -> Vec<u16> {
        let Takes { access, names_workspace, ids, .. } = &self.takes;
        let (changes, is_for_anyone) = (self.method != "get", *access == Access::Anyone);
        let mut all = vec![400];
        for (status, is_possible) in [
            (401, !is_for_anyone),
            // Whatever changes something is refused to other sites' pages.
            (403, changes || !is_for_anyone),
            (404, *names_workspace || !ids.is_empty()),
            (409, changes),
            (413, changes),
            (422, changes),
            (429, !NOT_COUNTED.contains(&self.path)),
        ] {
            if is_possible {
                all.push(status);
            }
        }
        all.extend(self.refuses);
        all
    }
}

/// Routes that are not counted as calls: see the router.
const NOT_COUNTED: [&str; 3] = ["/health", "/api/pictures/{id}", "/api/runs/{id}/images/{position}"];

/// Whose envelope an error comes in: see `problem.rs`.
fn surface(path: &str) -> &'static str {
    match path {
        path if path.starts_with("/api/auth/") => "Auth",
        path if path.starts_with("/api/") => "Api",
        _ => "AgentOs",
    }
}

fn contents(media: &[&'static str], schema: &Value) -> Value {
    media.iter().map(|media| ((*media).to_owned(), json!({ "schema": schema }))).collect::<Map<String, Value>>().into()
}
