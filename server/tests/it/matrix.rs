//! Who may do what: every route and every server function, for every role, and the status that each of them is answered
//! with. `matrix.txt` is the table. A line of it is a promise; a route or function that has none fails the test.
//!
//! Lines are asked for from the top to the bottom, columns from the left to the right, in one workspace: where somebody has
//! changed something, the next one finds it changed. A new column is a name in the first line and an arm in [`caller`].

use std::{collections::BTreeSet, fmt::Write as _};

use hyvve_domain::Timestamp;
use leptos::server_fn::axum::server_fn_paths;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    grants::grant_of,
    isolation::{
        NOBODYS, Things,
        functions::{ELSEWHERE, IN_A_WORKSPACE, OF_OPERATORS, ON_ONES_ACCOUNT, filled},
        routes::routed,
    },
    pictures::{a_picture, form_of},
    support::{Caller, Reply, Story, TestApp, lister},
};

const TABLE: &str = include_str!("matrix.txt");
/// What stands in the place of a method for a server function.
pub(crate) const FUNCTION: &str = "FN";

/// What would end the session that asks, or its membership, so that the columns after it would say nothing. Each has a test of
/// its own in `auth.rs`, `accounts/sessions.rs` or `workspaces.rs`.
const NOT_ASKED: [(&str, &str); 7] = [
    ("POST", "/api/auth/sign-out"),
    ("POST", "/api/auth/revoke-sessions"),
    ("POST", "/api/auth/organization/leave"),
    (FUNCTION, "auth/sign-out"),
    (FUNCTION, "account/revoke-sessions"),
    (FUNCTION, "workspace/leave"),
    ("ANY", "/api/{*rest}"),
];

/// Routes of ours that take a file, a signed letter, or what another product has laid down.
const TAKE_NO_JSON_OF_OURS: [&str; 5] = [
    "/api/messages",
    "/api/account/picture",
    "/api/workspaces/{id}/picture",
    "/api/slack/{id}",
    "/api/inbox/interrupts",
];

/// One line.
pub(crate) struct Line {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// By column.
    pub(crate) expected: Vec<u16>,
}

/// The columns' names, and the lines.
pub(crate) fn table() -> (Vec<&'static str>, Vec<Line>) {
    let mut lines = TABLE.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let columns: Vec<&str> = lines.next().expect("the columns' names").split_whitespace().collect();
    let read = |line: &'static str| {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().expect("a method"), words.next().expect("a path"));
        Line { method, path, expected: words.map(|status| status.parse().expect("a status")).collect() }
    };
    (columns, lines.map(read).collect())
}

/// The owner's workspace, and everybody who knocks at it.
pub(crate) struct Workspace {
    pub(crate) app: TestApp,
    owner: Caller,
    things: Things,
    /// Where an AI provider is that takes every key.
    provider: String,
}

impl Workspace {
    pub(crate) async fn new() -> Self {
        let app = TestApp::start().await;
        let story = Story::begin(&app, "Ada").await;
        let things = Things::of(&story, app.setting("DATABASE_URL")).await;
        Self { app, owner: story.user, things, provider: lister(&["x"]).await }
    }

    pub(crate) async fn caller(&self, column: &str) -> Caller {
        let id = self.owner.workspace();
        match column {
            "nobody" => self.app.anonymous().in_workspace(id),
            "stranger" => self.app.sign_up("Eve").await.in_workspace(id),
            "owner" => self.owner.clone(),
            "token" => {
                let minted = self.owner.get("/api/auth/token").await;
                let token = minted.expect(200).body["token"].as_str().unwrap().to_owned();
                self.app.anonymous().with_key(&token).in_workspace(id)
            }
            "guest" | "viewer" | "member" | "admin" => {
                let person = self.app.sign_up(column).await;
                let link = self.owner.post(&self.at("/invitations"), &json!({ "role": column })).await;
                let link = link.expect(201).body["data"]["link"].as_str().unwrap().to_owned();
                let accept = json!({ "token": link.rsplit('/').next() });
                person.post("/api/invitations/accept", &accept).await.expect(200);
                person.in_workspace(id)
            }
            key => {
                let scope = key.strip_prefix("key:").unwrap_or_else(|| panic!("no column is called {key:?}"));
                let made = self.owner.post(&self.at("/api-keys"), &json!({ "name": key, "scopes": [scope] })).await;
                let secret = made.expect(201).body["data"]["secret"].as_str().unwrap().to_owned();
                self.app.anonymous().with_key(&secret).in_workspace(id)
            }
        }
    }

    fn at(&self, rest: &str) -> String {
        format!("/api/workspaces/{}{rest}", self.owner.workspace())
    }

    /// A request as its handler wants it, so that it is refused for who asks and for nothing else. Who or what would be gone
    /// afterwards is somebody whom nobody has.
    pub(crate) fn request(&self, caller: &Caller, line: &Line) -> RequestBuilder {
        let things = &self.things;
        if line.method == FUNCTION {
            let mut all = IN_A_WORKSPACE.iter().chain(&ON_ONES_ACCOUNT).chain(&OF_OPERATORS);
            let known = all.find(|(name, _)| *name == line.path);
            let form = filled(known.map_or("", |(_, form)| form), |thing| things.id(thing).to_owned());
            let request = caller.request(Method::POST, &format!("/_fn/{}", line.path));
            return request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let of_id = match line.path {
            path if path.starts_with("/api/workspaces/") => &things.workspace,
            path if path.starts_with("/api/ai-providers/") && line.method != "DELETE" => &things.provider,
            path if path.starts_with("/api/ai-providers/") => NOBODYS,
            path if path.starts_with("/api/approval-grants/") => NOBODYS,
            path if path.starts_with("/api/approval-filters/") => NOBODYS,
            path if path.starts_with("/api/webhooks/") && line.method != "DELETE" => &things.webhook,
            path if path.starts_with("/api/webhooks/") => NOBODYS,
            path if path.starts_with("/api/notifications/") => &things.notification,
            path if path.starts_with("/api/events/dead-letters/") && line.method != "DELETE" => &things.dead_letter,
            path if path.starts_with("/api/events/dead-letters/") => NOBODYS,
            path if path.starts_with("/api/records/") => &things.record,
            path if path.starts_with("/api/runs/") => &things.run,
            path if path.starts_with("/api/agents/") => &things.agent,
            path if path.starts_with("/api/pictures/") => &things.picture,
            path if path.starts_with("/api/inbox/") => &things.interrupt,
            path if path.starts_with("/api/operator/") => "1",
            _ => &things.change,
        };
        let mut path = line.path.replace("{id}", of_id).replace("{agent_id}", &things.agent);
        path = path.replace("{run_id}", &things.run).replace("{slug}", "customers").replace("{provider}", "nobody");
        path = path.replace("{delivery_id}", &things.delivery).replace("{position}", "0");
        for nobodys in ["{user_id}", "{invitation_id}", "{key_id}", "{budget_id}"] {
            path = path.replace(nobodys, NOBODYS);
        }
        if line.method == "GET" && line.path.starts_with("/api/auth/organization/") {
            let _ = write!(path, "?organizationId={}&id={NOBODYS}", things.workspace);
        }
        let request = caller.request(line.method.parse().unwrap(), &path);
        match (line.method, line.path) {
            ("GET", _) => request,
            (_, "/api/account/picture" | "/api/workspaces/{id}/picture") => request.multipart(form_of(a_picture())),
            (_, "/agents/{agent_id}/runs") => {
                request.form(&[("message", "Hello"), ("stream", "false"), ("background", "true")])
            }
            (_, "/api/messages") => request.form(&[("agent_id", things.agent.as_str()), ("message", "Hello")]),
            (_, "/agents/{agent_id}/runs/{run_id}/continue") => request.form(&[("tools", "[]")]),
            (_, "/agents/{agent_id}/runs/{run_id}/resume") => request.form(&[("last_event_index", "0")]),
            _ => request.json(&self.body(line)),
        }
    }

    pub(crate) fn body(&self, line: &Line) -> Value {
        if let Some(call) = line.path.strip_prefix("/api/auth/organization/") {
            let mut body = match call {
                "check-slug" => json!({ "slug": "nobody-has-this" }),
                "update" => json!({ "data": { "name": "Ada’s" } }),
                "invite-member" => json!({ "email": "new@example.com", "role": "viewer", "resend": true }),
                "remove-member" => json!({ "memberIdOrEmail": "ada@example.com" }),
                "update-member-role" => json!({ "memberId": NOBODYS, "role": "viewer" }),
                "has-permission" => json!({ "permissions": {} }),
                "accept-invitation" | "reject-invitation" | "cancel-invitation" => json!({ "invitationId": NOBODYS }),
                _ => json!({}),
            };
            body["organizationId"] = json!(self.things.workspace);
            return body;
        }
        match (line.method, line.path) {
            ("PATCH", "/api/workspaces/{id}") => json!({ "name": "Ada’s" }),
            ("DELETE", "/api/workspaces/{id}") => json!({ "confirm": "not its name" }),
            (_, "/api/workspaces/{id}/transfer" | "/api/records/{id}/shares") => json!({ "userId": NOBODYS }),
            (_, "/api/workspaces/{id}/security") => json!({ "secondFactorRequired": false }),
            (_, "/api/workspaces/{id}/members") => {
                json!({ "email": "x@example.com", "role": "viewer", "resend": true })
            }
            ("PATCH", "/api/workspaces/{id}/members/{user_id}") | (_, "/api/workspaces/{id}/invitations") => {
                json!({ "role": "viewer" })
            }
            (_, "/api/workspaces/{id}/api-keys") => json!({ "name": "x", "scopes": ["read"] }),
            (_, "/api/invitations/accept" | "/api/invitations/reject") => json!({ "token": "x" }),
            (_, "/api/approval-policies" | "/api/approval-policies/dry-run") => json!({
                "tool": "send_email", "thresholds": { "auto": 90, "quick": 60, "target": 0.95, "sample": 0.05 },
            }),
            (_, "/api/approval-grants") => grant_of(&self.things.agent),
            (_, "/api/approvals/{id}/presence") => json!({ "tab": "x", "here": true }),
            (_, "/api/approvals/{id}/review") => json!({ "agreed": true }),
            (_, "/api/approvals/{id}/edit") => json!({ "arguments": {} }),
            (_, "/api/approvals/{id}/ask") => json!({ "question": "Why?" }),
            (_, "/api/approvals/{id}/comments") => json!({ "body": "x" }),
            ("POST", "/api/approvals") => json!({ "action": "x", "arguments": {} }),
            (_, "/api/inbox/interrupts") => json!({
                "action_requests": [{ "name": "x", "args": {} }],
                "review_configs": [{ "action_name": "x", "allowed_decisions": ["approve"] }],
            }),
            (_, "/api/approvals/{id}/outcome") => json!({ "happened": true, "hash": "0" }),
            (_, "/api/approvals/bulk/preview") => json!({ "ids": [] }),
            (_, "/api/approvals/bulk") => json!({ "ids": [], "action": "approve" }),
            (_, "/api/approvals/{id}/reject") => json!({ "reason": "No." }),
            (_, "/api/approvals/{id}/settle") => json!({ "happened": true }),
            ("PUT", "/api/records/{id}/assignee") => json!({ "userId": null }),
            ("POST", "/api/ai-providers") => {
                json!({ "provider": "openai_compatible", "baseUrl": self.provider, "defaultModel": "x" })
            }
            ("PUT", "/api/ai-providers/prices") => {
                json!({ "providerId": self.things.provider, "model": "x", "price": null })
            }
            ("PUT", "/api/ai-providers/fallbacks") => json!({ "fallbacks": [] }),
            ("POST", "/api/ai-providers/budgets") => {
                json!({ "scope": "agent", "subjectId": NOBODYS, "limitMicros": 1 })
            }
            ("PATCH", "/api/ai-providers/budgets/{budget_id}") => json!({ "limitMicros": 1 }),
            ("POST", "/api/webhooks") => json!({ "url": "http://127.0.0.1:9/hooks", "events": ["nothing."] }),
            (_, "/api/webhooks/{id}/replay") => json!({ "since": Timestamp::now() }),
            ("PUT", "/api/workspaces/{id}/notification-webhook") => json!({ "url": "http://127.0.0.1:9/" }),
            (_, "/api/approval-filters") | ("PATCH", "/api/ai-providers/{id}") => json!({ "name": "x" }),
            (_, "/approvals/{id}/resolve") => json!({ "status": "approved" }),
            _ => json!({}),
        }
    }
}

/// Every route and every server function.
fn everything() -> BTreeSet<(String, String)> {
    let functions = server_fn_paths().filter_map(|(path, _)| path.strip_prefix("/_fn/").map(str::to_owned));
    let functions = functions.map(|name| (FUNCTION.to_owned(), name));
    routed().into_iter().map(|(method, path)| (method, path.to_owned())).chain(functions).collect()
}

#[tokio::test]
async fn every_role_gets_what_the_table_says_and_nothing_else() {
    let workspace = Workspace::new().await;
    let (columns, lines) = table();
    let mut callers = Vec::new();
    for column in &columns {
        callers.push(workspace.caller(column).await);
    }
    let mut surprises = String::new();
    for line in &lines {
        let mut found = Vec::new();
        for caller in &callers {
            // A stream's head says all; nobody waits for its end.
            found.push(workspace.request(caller, line).send().await.unwrap().status().as_u16());
        }
        if found != line.expected {
            let found = columns.iter().zip(found).map(|(name, status)| format!("{status:>0$}", name.len()));
            let _ = writeln!(surprises, "{:<6} {:<63} {}", line.method, line.path, found.collect::<Vec<_>>().join(" "));
        }
    }
    assert!(surprises.is_empty(), "this is what {columns:?} got instead:\n{surprises}");
}

#[tokio::test]
async fn a_field_that_nobody_declared_is_refused_by_every_route_of_ours() {
    let workspace = Workspace::new().await;
    let (_, lines) = table();
    let is_ours =
        |line: &&Line| line.path.starts_with("/api/") && !line.path.starts_with("/api/auth/") && line.method != "GET";
    for line in lines.iter().filter(is_ours).filter(|line| !TAKE_NO_JSON_OF_OURS.contains(&line.path)) {
        for name in ["user_id", "workspace_id", "status"] {
            let mut body = workspace.body(line);
            body[name] = json!(NOBODYS);
            let reply = Reply::of(workspace.request(&workspace.owner, line).json(&body)).await;
            let what = format!("{} {} with {name}: {}", line.method, line.path, reply.text);
            assert_eq!(reply.status.as_u16(), 400, "{what}");
            assert!(reply.body["error"]["details"].to_string().contains(name), "{what}");
        }
    }
}

#[tokio::test]
async fn the_table_names_every_route_and_every_function_once() {
    // The functions are known once a server stands.
    let _app = TestApp::start().await;
    let (_, lines) = table();
    let written: Vec<(&str, &str)> = lines.iter().map(|line| (line.method, line.path)).chain(NOT_ASKED).collect();
    let known: BTreeSet<_> = written.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(known.len(), written.len(), "a line stands there twice");
    let all = everything();
    let missing: Vec<_> = all.difference(&known).collect();
    let gone: Vec<_> = known.difference(&all).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in the table: {missing:#?}\nnot there any more: {gone:#?}");
    assert!(ELSEWHERE.iter().all(|name| known.contains(&(FUNCTION.to_owned(), (*name).to_owned()))));
}
