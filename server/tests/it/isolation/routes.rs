//! Routes: REST, streams and the agent runtime API.

use hyvve_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::{NOBODYS, Thing, Things};
use crate::{
    grants::grant_of,
    support::{Caller, Reply, Story, TestApp, id},
};

/// The server's table of contents. What stands there has to be probed here.
pub(crate) const ROUTER: &str = include_str!("../../../src/router.rs");

/// A request that names something of a workspace.
struct Probe {
    method: Method,
    /// As in the router.
    route: &'static str,
    /// The id in the route, or in the query.
    names: Thing,
    body: Body,
}

enum Body {
    None,
    Json(Value),
    Form(&'static [(&'static str, &'static str)]),
}

fn probes() -> Vec<Probe> {
    use Body::{Form, Json, None};
    let probe = |method, route, names, body| Probe { method, route, names, body };
    vec![
        probe(Method::GET, "/api/workspaces/{id}", Thing::Workspace, None),
        probe(Method::PATCH, "/api/workspaces/{id}", Thing::Workspace, Json(json!({ "name": "Mine" }))),
        probe(Method::DELETE, "/api/workspaces/{id}", Thing::Workspace, None),
        probe(Method::GET, "/api/workspaces/{id}/security", Thing::Workspace, None),
        probe(
            Method::PATCH,
            "/api/workspaces/{id}/security",
            Thing::Workspace,
            Json(json!({ "secondFactorRequired": false })),
        ),
        probe(Method::GET, "/api/workspaces/{id}/openness", Thing::Workspace, None),
        probe(Method::PATCH, "/api/workspaces/{id}/openness", Thing::Workspace, Json(json!({ "requestHosts": [] }))),
        probe(Method::POST, "/api/workspaces/{id}/restore", Thing::Workspace, None),
        probe(Method::POST, "/api/workspaces/{id}/leave", Thing::Workspace, None),
        probe(Method::POST, "/api/workspaces/{id}/transfer", Thing::Workspace, Json(json!({ "userId": NOBODYS }))),
        probe(Method::GET, "/api/workspaces/{id}/members", Thing::Workspace, None),
        probe(
            Method::POST,
            "/api/workspaces/{id}/members",
            Thing::Workspace,
            Json(json!({ "email": "eve@example.com", "role": "admin" })),
        ),
        probe(Method::PATCH, "/api/workspaces/{id}/members/{user_id}", Thing::Member, Json(json!({ "role": "guest" }))),
        probe(Method::DELETE, "/api/workspaces/{id}/members/{user_id}", Thing::Member, None),
        probe(Method::GET, "/api/workspaces/{id}/invitations", Thing::Workspace, None),
        probe(Method::POST, "/api/workspaces/{id}/invitations", Thing::Workspace, Json(json!({ "role": "admin" }))),
        probe(Method::DELETE, "/api/workspaces/{id}/invitations/{invitation_id}", Thing::Invitation, None),
        probe(Method::POST, "/api/workspaces/{id}/invitations/{invitation_id}/resend", Thing::Invitation, None),
        probe(Method::GET, "/api/workspaces/{id}/api-keys", Thing::Workspace, None),
        probe(
            Method::POST,
            "/api/workspaces/{id}/api-keys",
            Thing::Workspace,
            Json(json!({ "name": "x", "scopes": ["admin"] })),
        ),
        probe(Method::DELETE, "/api/workspaces/{id}/api-keys/{key_id}", Thing::Key, None),
        probe(Method::POST, "/api/workspaces/{id}/picture", Thing::Workspace, None),
        probe(Method::GET, "/api/pictures/{id}", Thing::Picture, None),
        probe(Method::GET, "/api/approvals/{id}", Thing::Change, None),
        probe(Method::POST, "/api/approvals/{id}/approve", Thing::Change, Json(json!({}))),
        probe(Method::POST, "/api/approvals/{id}/settle", Thing::Change, Json(json!({ "happened": true }))),
        probe(Method::PATCH, "/api/approvals/{id}", Thing::Change, Json(json!({ "dueAt": null }))),
        probe(Method::POST, "/api/approvals/{id}/claim", Thing::Change, None),
        probe(Method::POST, "/api/approvals/{id}/release", Thing::Change, None),
        probe(Method::POST, "/api/approvals/{id}/edit", Thing::Change, Json(json!({ "arguments": {} }))),
        probe(Method::POST, "/api/approvals/{id}/ask", Thing::Change, Json(json!({ "question": "Why?" }))),
        probe(Method::POST, "/api/approvals/{id}/comments", Thing::Change, Json(json!({ "body": "Mine." }))),
        probe(Method::GET, "/api/approvals/{id}/decision", Thing::Change, None),
        probe(
            Method::POST,
            "/api/approvals/{id}/outcome",
            Thing::Change,
            Json(json!({ "happened": true, "hash": "0" })),
        ),
        probe(Method::POST, "/api/approvals/{id}/review", Thing::Change, Json(json!({ "agreed": true }))),
        probe(Method::POST, "/api/approvals/{id}/reject", Thing::Change, Json(json!({ "reason": "Mine now." }))),
        probe(Method::GET, "/api/inbox/interrupts/{id}", Thing::Interrupt, None),
        probe(Method::DELETE, "/api/approval-grants/{id}", Thing::Grant, None),
        probe(Method::PATCH, "/api/approval-filters/{id}", Thing::Filter, Json(json!({ "name": "Mine" }))),
        probe(Method::DELETE, "/api/approval-filters/{id}", Thing::Filter, None),
        probe(Method::POST, "/api/approvals/{id}/presence", Thing::Change, Json(json!({ "tab": "x", "here": true }))),
        probe(Method::PATCH, "/api/ai-providers/{id}", Thing::Provider, Json(json!({ "name": "Mine" }))),
        probe(Method::DELETE, "/api/ai-providers/{id}", Thing::Provider, None),
        probe(Method::POST, "/api/ai-providers/{id}/test", Thing::Provider, None),
        probe(Method::PATCH, "/api/ai-providers/budgets/{budget_id}", Thing::Budget, Json(json!({ "limitMicros": 0 }))),
        probe(Method::DELETE, "/api/ai-providers/budgets/{budget_id}", Thing::Budget, None),
        probe(Method::GET, "/api/ai-providers/{id}/models", Thing::Provider, None),
        probe(Method::GET, "/api/webhooks/{id}", Thing::Webhook, None),
        probe(Method::PATCH, "/api/webhooks/{id}", Thing::Webhook, Json(json!({ "enabled": false }))),
        probe(Method::DELETE, "/api/webhooks/{id}", Thing::Webhook, None),
        probe(Method::POST, "/api/webhooks/{id}/rotate", Thing::Webhook, None),
        probe(Method::POST, "/api/webhooks/{id}/test", Thing::Webhook, None),
        probe(Method::POST, "/api/webhooks/{id}/replay", Thing::Webhook, Json(json!({ "since": Timestamp::now() }))),
        probe(Method::GET, "/api/webhooks/{id}/deliveries", Thing::Webhook, None),
        probe(Method::POST, "/api/webhooks/{id}/deliveries/{delivery_id}/redeliver", Thing::Webhook, None),
        probe(Method::POST, "/api/notifications/{id}/read", Thing::Notification, None),
        probe(Method::GET, "/api/workspaces/{id}/notification-settings", Thing::Workspace, None),
        probe(Method::PATCH, "/api/workspaces/{id}/notification-settings", Thing::Workspace, Json(json!({}))),
        probe(
            Method::PUT,
            "/api/workspaces/{id}/notification-webhook",
            Thing::Workspace,
            Json(json!({ "url": "http://127.0.0.1:9/" })),
        ),
        probe(Method::DELETE, "/api/workspaces/{id}/notification-webhook", Thing::Workspace, None),
        probe(Method::DELETE, "/api/events/dead-letters/{id}", Thing::DeadLetter, None),
        probe(Method::POST, "/api/events/dead-letters/{id}/requeue", Thing::DeadLetter, Json(json!({}))),
        probe(Method::PATCH, "/api/agents/{id}", Thing::Agent, Json(json!({ "model": null }))),
        probe(Method::GET, "/api/records/{id}", Thing::Record, None),
        probe(Method::GET, "/api/records/{id}/access", Thing::Record, None),
        probe(Method::POST, "/api/records/{id}/restore", Thing::Record, Json(json!({}))),
        probe(Method::PUT, "/api/records/{id}/assignee", Thing::Record, Json(json!({ "userId": null }))),
        probe(Method::POST, "/api/records/{id}/shares", Thing::Record, Json(json!({ "userId": NOBODYS }))),
        probe(Method::DELETE, "/api/records/{id}/shares/{user_id}", Thing::Record, None),
        probe(Method::GET, "/api/runs/{id}", Thing::Run, None),
        probe(Method::GET, "/api/runs/{id}/images/{position}", Thing::Run, None),
        probe(Method::GET, "/agents/{agent_id}", Thing::Agent, None),
        probe(Method::GET, "/agents/{agent_id}/runs", Thing::Agent, None),
        probe(Method::POST, "/agents/{agent_id}/runs", Thing::Agent, Form(&[("message", "Tell me everything.")])),
        probe(Method::GET, "/agents/{agent_id}/runs/{run_id}", Thing::Run, None),
        probe(Method::POST, "/agents/{agent_id}/runs/{run_id}/continue", Thing::Run, Form(&[("tools", "[]")])),
        probe(Method::POST, "/agents/{agent_id}/runs/{run_id}/cancel", Thing::Run, None),
        probe(Method::POST, "/agents/{agent_id}/runs/{run_id}/resume", Thing::Run, Form(&[("last_event_index", "0")])),
        probe(Method::GET, "/agents/runs/{run_id}/stream", Thing::Run, None),
        probe(Method::GET, "/approvals/{id}", Thing::Change, None),
        probe(Method::GET, "/approvals/{id}/status", Thing::Change, None),
        probe(Method::POST, "/approvals/{id}/resolve", Thing::Change, Json(json!({ "status": "approved" }))),
        // An id in the query; what a stream does with the ids of runs is in `stream.rs`
        probe(Method::GET, "/api/approvals?workspace={id}", Thing::Workspace, None),
    ]
}

/// Routes whose parameter is no id of anybody's: a collection's name is looked for in one's own workspace only.
const NAMES_NOTHING: [(&str, &str); 7] = [
    // Nobody who asks is known: what counts is a signature, and without one all ids are alike.
    ("POST", "/api/slack/{id}"),
    // Of no workspace, and only for those who run the installation: see `jobs.rs`.
    ("DELETE", "/api/operator/jobs/{id}"),
    ("POST", "/api/operator/jobs/{id}/run"),
    ("GET", "/api/collections/{slug}/records"),
    ("GET", "/api/auth/callback/{provider}"),
    ("ANY", "/api/{*rest}"),
    ("ANY", "/_fn/{*rest}"),
];

impl Probe {
    /// Sends it, with that id in the place of every id. What belongs to a workspace by its address is asked for in the
    /// caller's own.
    async fn send(&self, caller: &Caller, agent: &str, thing: &str) -> Reply {
        let nested = matches!(self.names, Thing::Member | Thing::Invitation | Thing::Key);
        let path = self.route.replace("{id}", if nested { caller.workspace() } else { thing });
        let path = path
            .replace("{run_id}", thing)
            .replace("{position}", "0")
            .replace("{user_id}", thing)
            .replace("{invitation_id}", thing)
            .replace("{key_id}", thing)
            .replace("{budget_id}", thing)
            .replace("{delivery_id}", thing);
        let path = path.replace("{agent_id}", if matches!(self.names, Thing::Agent) { thing } else { agent });
        let mut request = caller.request(self.method.clone(), &path);
        request = match &self.body {
            Body::None => request,
            Body::Json(body) => request.json(body),
            Body::Form(fields) => request.form(fields),
        };
        Reply::of(request).await
    }
}

/// Every method and path of the router; what takes any method is `ANY`.
pub(crate) fn routed() -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    for route in ROUTER.split(".route(").skip(1) {
        let (path, handlers) = route.trim_start().trim_start_matches('"').split_once('"').expect("a path in quotes");
        for method in ["get", "post", "put", "patch", "delete", "any"] {
            if handlers.contains(&format!(" {method}(")) || handlers.contains(&format!(".{method}(")) {
                found.push((method.to_uppercase(), path));
            }
        }
    }
    found
}

#[test]
fn every_route_that_takes_an_id_is_probed() {
    let is_probed = |method: &str, path: &str| probes().iter().any(|p| p.method.as_str() == method && p.route == path);
    let mut missing = routed();
    missing.retain(|(method, path)| {
        path.contains('{') && !is_probed(method, path) && !NAMES_NOTHING.contains(&(method.as_str(), path))
    });
    assert!(missing.is_empty(), "not probed: {missing:?}");
}

#[tokio::test]
async fn a_strangers_id_answers_exactly_like_one_that_nobody_has() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let stranger = app.sign_up("Eve").await;
    let own_agent = stranger.get("/agents").await.body[0]["id"].as_str().unwrap().to_owned();
    let things = Things::of(&story, app.setting("DATABASE_URL")).await;
    for probe in probes() {
        let what = format!("{} {}", probe.method, probe.route);
        let caller = match probe.names {
            Thing::Workspace if probe.route.contains('?') => stranger.clone().naming_no_workspace(),
            _ => stranger.clone(),
        };
        let foreign = probe.send(&caller, &story.agent, things.id(probe.names)).await;
        let unknown = probe.send(&caller, &own_agent, NOBODYS).await;
        assert_eq!(foreign.status, 404, "{what}: {}", foreign.text);
        assert_eq!(foreign.without_id(), unknown.without_id(), "{what}");
        let anonymous =
            probe.send(&app.anonymous().in_workspace(stranger.workspace()), &story.agent, things.id(probe.names)).await;
        assert_eq!(anonymous.status, 401, "{what}: {}", anonymous.text);
    }
    let item = story.user.get(&format!("/api/approvals/{}", id(&story.change))).await;
    assert_eq!(item.expect(200).body["data"]["status"], "pending", "nothing that Eve sent has done anything");
}

#[tokio::test]
async fn an_organization_in_a_body_or_a_query_is_as_foreign_as_one_in_a_path() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let person = ada.get("/api/auth/session").await.expect(200).body["user"]["id"].clone();
    let path = format!("/api/workspaces/{}/members", ada.workspace());
    let invited = ada.post(&path, &json!({ "email": "eve@example.com", "role": "admin" })).await;
    let invitation = invited.expect(201).body["data"]["id"].clone();
    for (call, extra) in [
        ("update", json!({ "data": { "name": "Mine" } })),
        ("delete", json!({})),
        ("set-active", json!({})),
        ("invite-member", json!({ "email": "x@example.com", "role": "admin" })),
        ("remove-member", json!({ "memberIdOrEmail": "ada@example.com" })),
        ("update-member-role", json!({ "memberId": person, "role": "guest" })),
        ("leave", json!({})),
        ("has-permission", json!({ "permissions": { "organization": ["delete"] } })),
    ] {
        let path = format!("/api/auth/organization/{call}");
        let naming = |id: &str| {
            let mut body = extra.clone();
            body["organizationId"] = json!(id);
            body
        };
        let foreign = eve.post(&path, &naming(ada.workspace())).await;
        let unknown = eve.post(&path, &naming(NOBODYS)).await;
        assert_eq!(foreign.expect(404).body, unknown.expect(404).body, "{call}");
        app.anonymous().post(&path, &naming(ada.workspace())).await.expect(401);
    }
    for call in ["get-full-organization", "list-members", "list-invitations", "get-active-member-role"] {
        let of = |id: &str| format!("/api/auth/organization/{call}?organizationId={id}");
        let foreign = eve.get(&of(ada.workspace())).await;
        assert_eq!(foreign.expect(404).body, eve.get(&of(NOBODYS)).await.expect(404).body, "{call}");
    }
    // The invited one's own address is not proved; somebody else's invitation is not there at all.
    let mia = app.sign_up("Mia").await;
    for call in ["accept-invitation", "reject-invitation", "cancel-invitation"] {
        let path = format!("/api/auth/organization/{call}");
        let foreign = mia.post(&path, &json!({ "invitationId": invitation })).await;
        let unknown = mia.post(&path, &json!({ "invitationId": NOBODYS })).await;
        assert_eq!(foreign.expect(404).body, unknown.expect(404).body, "{call}");
    }
}

/// Requests that name something of a workspace in their body, also deep inside of it; the path is the asking person's own.
fn named_in_bodies(own: &Things, theirs: &str) -> Vec<(Thing, Method, String, Value)> {
    let Things { workspace, agent, record, change, .. } = own;
    let budget = |scope: &str| json!({ "scope": scope, "subjectId": theirs, "limitMicros": 1 });
    let (budgets, grants) = ("/api/ai-providers/budgets".to_owned(), "/api/approval-grants".to_owned());
    let (prices, fallbacks) = ("/api/ai-providers/prices".to_owned(), "/api/ai-providers/fallbacks".to_owned());
    vec![
        (Thing::Agent, Method::POST, budgets.clone(), budget("agent")),
        (Thing::Member, Method::POST, budgets, budget("user")),
        (Thing::Agent, Method::POST, grants, grant_of(theirs)),
        (Thing::Provider, Method::PUT, prices, json!({ "providerId": theirs, "model": "x", "price": null })),
        (Thing::Provider, Method::PUT, fallbacks, json!({ "fallbacks": [{ "providerId": theirs }] })),
        (Thing::Provider, Method::PATCH, format!("/api/agents/{agent}"), json!({ "providerId": theirs })),
        (Thing::Member, Method::PUT, format!("/api/records/{record}/assignee"), json!({ "userId": theirs })),
        (Thing::Member, Method::POST, format!("/api/records/{record}/shares"), json!({ "userId": theirs })),
        (Thing::Member, Method::PATCH, format!("/api/approvals/{change}"), json!({ "assigneeId": theirs })),
        (Thing::Member, Method::POST, format!("/api/workspaces/{workspace}/transfer"), json!({ "userId": theirs })),
        (
            Thing::Change,
            Method::POST,
            "/api/approvals/bulk".to_owned(),
            json!({ "ids": [theirs], "action": "approve" }),
        ),
    ]
}

#[tokio::test]
async fn an_id_of_somebody_elses_in_a_body_answers_exactly_like_one_that_nobody_has() {
    let app = TestApp::start().await;
    let (ada, eve) = (Story::begin(&app, "Ada").await, Story::begin(&app, "Eve").await);
    let database = app.setting("DATABASE_URL").to_owned();
    let (hers, own) = (Things::of(&ada, &database).await, Things::of(&eve, &database).await);
    let count = named_in_bodies(&own, NOBODYS).len();
    for number in 0..count {
        let (thing, ..) = named_in_bodies(&own, NOBODYS).swap_remove(number);
        let send = async |theirs: &str| {
            let (_, method, path, body) = named_in_bodies(&own, theirs).swap_remove(number);
            let reply = Reply::of(eve.user.request(method, &path).json(&body)).await;
            (path, reply.status.as_u16(), reply.without_id().to_string().replace(theirs, NOBODYS))
        };
        let (foreign, unknown) = (send(hers.id(thing)).await, send(NOBODYS).await);
        assert_eq!(foreign, unknown);
        let (path, status, said) = foreign;
        // Of several, each has an answer of its own.
        let refused = if path.ends_with("/bulk") { said.contains("NOT_FOUND") } else { (400..500).contains(&status) };
        assert!(refused, "{path}: {status} {said}");
    }
    let item = ada.user.get(&format!("/api/approvals/{}", hers.change)).await;
    assert_eq!(item.expect(200).body["data"]["status"], "pending", "nothing that Eve sent has done anything");
}
