//! API keys: what a program with one may do, and when it may not any more.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    isolation::functions::call,
    support::{Caller, Reply, Story, TestApp, id},
};

async fn make(owner: &Caller, scopes: &[&str]) -> (String, Caller) {
    let reply = owner.post(&keys(owner), &json!({ "name": "Nightly report", "scopes": scopes })).await;
    let made = reply.expect(201).body["data"].clone();
    let secret = made["secret"].as_str().expect("the secret");
    (id(&made).to_owned(), owner.clone().naming_no_workspace().with_key(secret))
}

fn keys(of: &Caller) -> String {
    format!("/api/workspaces/{}/api-keys", of.workspace())
}

async fn revoke(owner: &Caller, key: &str) -> Reply {
    Reply::of(owner.request(Method::DELETE, &format!("{}/{key}", keys(owner)))).await
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_its_secret() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let new = json!({ "name": " Nightly report ", "scopes": ["decide", "read", "read"], "expiresInDays": 7 });
    let made = ada.post(&keys(&ada), &new).await.expect(201).body["data"].clone();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("hyvve_") && secret.starts_with(made["prefix"].as_str().unwrap()));
    assert_eq!((&made["name"], &made["scopes"]), (&json!("Nightly report"), &json!(["read", "decide"])));
    let listed = ada.get(&keys(&ada)).await;
    assert!(!listed.expect(200).text.contains(secret));
    assert_eq!(listed.body["data"][0]["lastUsedAt"], Value::Null);

    let program = ada.clone().naming_no_workspace().with_key(secret);
    program.get("/api/approvals").await.expect(200);
    let used = ada.get(&keys(&ada)).await.body["data"][0].clone();
    assert_eq!(used["lastUsedIp"], "127.0.0.1");
    assert!(used["lastUsedAt"].is_string());
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused_by_field() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    for (body, field) in [
        (json!({ "scopes": ["read"] }), "name"),
        (json!({ "name": " ", "scopes": ["read"] }), "name"),
        (json!({ "name": "a\nb", "scopes": ["read"] }), "name"),
        (json!({ "name": "x" }), "scopes"),
        (json!({ "name": "x", "scopes": [] }), "scopes"),
        (json!({ "name": "x", "scopes": ["everything"] }), "scopes[0]"),
        (json!({ "name": "x", "scopes": ["read"], "expiresInDays": 0 }), "expiresInDays"),
        (json!({ "name": "x", "scopes": ["read"], "expiresInDays": 367 }), "expiresInDays"),
        (json!({ "name": "x", "scopes": ["read"], "user_id": "x" }), "user_id"),
        (json!({ "name": "x", "scopes": ["read"], "workspace_id": "x" }), "workspace_id"),
    ] {
        let refused = ada.post(&keys(&ada), &body).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], field, "{body}");
    }
    assert_eq!(ada.get(&keys(&ada)).await.body["data"], json!([]));
}

#[tokio::test]
async fn each_scope_opens_its_own_doors_and_no_other() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let owner = &story.user;
    let (change, mail) = (id(&story.change), id(&story.mail));
    let workspace = format!("/api/workspaces/{}", owner.workspace());
    let runs = format!("/agents/{}/runs", story.agent);
    let resume = format!("{runs}/{}/continue", story.run);
    let approve = json!({ "tools": "[]" });
    let approvals = format!("/api/approvals/{change}/approve");
    for scope in ["read", "propose", "decide", "admin"] {
        let (_, program) = make(owner, &[scope]).await;
        let status = |wanted: &str, status: u16| if scope == wanted { status } else { 403 };
        program.get("/api/approvals").await.expect(status("read", 200));
        program.get("/agents").await.expect(status("read", 200));
        program.get(&format!("/approvals/{mail}/status")).await.expect(status("read", 200));
        let stream = program.request(Method::GET, "/api/stream").send().await.unwrap();
        assert_eq!(stream.status().as_u16(), status("read", 200), "{scope}");
        let message = [("message", "Hello"), ("stream", "false"), ("background", "true")];
        program.post_form(&runs, &message).await.expect(status("propose", 202));
        let reason = json!({ "reason": "No." });
        program.post(&format!("/api/approvals/{mail}/reject"), &reason).await.expect(status("decide", 200));
        let renamed = program.request(Method::PATCH, &workspace).json(&json!({ "name": format!("By {scope}") }));
        Reply::of(renamed).await.expect(status("admin", 200));
    }
    // A key that may answer agents may not decide by the same door.
    let (_, program) = make(owner, &["propose", "read"]).await;
    let run = program.get(&format!("{runs}/{}", story.run)).await.expect(200).body.clone();
    let mut tools = run["tools"].clone();
    for tool in tools.as_array_mut().unwrap() {
        tool["confirmed"] = json!(true);
    }
    let fields = [("tools", tools.to_string()), ("stream", "false".into())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = program.post_form(&resume, &fields).await;
    assert!(refused.expect(403).text.contains("scope “decide”"), "{}", refused.text);
    program.post(&approvals, &approve).await.expect(403);
    let item = owner.get(&format!("/api/approvals/{change}")).await;
    assert_eq!(item.expect(200).body["data"]["status"], "pending");
}

#[tokio::test]
async fn a_key_never_does_what_only_a_person_may() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (key, program) = make(&ada, &["read", "propose", "decide", "admin"]).await;
    let workspace = format!("/api/workspaces/{}", ada.workspace());
    for (method, path, body) in [
        (Method::GET, keys(&ada), Value::Null),
        (Method::POST, keys(&ada), json!({ "name": "x", "scopes": ["admin"] })),
        (Method::DELETE, format!("{}/{key}", keys(&ada)), Value::Null),
        (Method::DELETE, workspace.clone(), json!({})),
        (Method::POST, format!("{workspace}/leave"), json!({})),
        (Method::POST, format!("{workspace}/transfer"), json!({ "userId": key })),
        (Method::GET, "/api/workspaces".into(), Value::Null),
        (Method::POST, "/api/workspaces".into(), json!({ "name": "Another" })),
        (Method::GET, "/api/auth/session".into(), Value::Null),
        (Method::POST, "/api/auth/change-email".into(), json!({ "newEmail": "eve@example.com" })),
        (Method::GET, "/api/auth/list-sessions".into(), Value::Null),
    ] {
        let request = program.request(method.clone(), &path);
        let request = if body.is_null() { request } else { request.json(&body) };
        Reply::of(request).await.expect(401);
    }
    call(&program, "api-keys/make", "name=x&days=7&read=true".to_owned()).await.expect(401);
    // A page shows nobody in, and a key in the address is none.
    let page = program.get("/account/security").await;
    assert_eq!(page.status.as_u16(), 303, "{}", page.text);
    let (_, secret) =
        (0, ada.post(&keys(&ada), &json!({ "name": "x", "scopes": ["read"] })).await.body["data"]["secret"].clone());
    for name in ["api_key", "apiKey", "access_token", "key", "token", "x-api-key"] {
        let path = format!("/api/approvals?{name}={}&workspace={}", secret.as_str().unwrap(), ada.workspace());
        app.anonymous().get(&path).await.expect(401);
    }
}

#[tokio::test]
async fn a_key_works_in_its_own_workspace_only() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let second = ada.post("/api/workspaces", &json!({ "name": "Second" })).await.expect(201).body["data"].clone();
    let (_, program) = make(&ada, &["read", "admin"]).await;
    for other in [id(&second), eve.workspace(), "00000000-0000-7000-8000-000000000000"] {
        let foreign = program.clone().in_workspace(other).get("/api/approvals").await;
        foreign.expect(404);
        program.get(&format!("/api/workspaces/{other}")).await.expect(404);
        let renamed =
            program.request(Method::PATCH, &format!("/api/workspaces/{other}")).json(&json!({ "name": "Mine" }));
        Reply::of(renamed).await.expect(404);
        program.get(&format!("/api/approvals?workspace={other}")).await.expect(404);
    }
    program.clone().in_workspace(ada.workspace()).get("/api/approvals").await.expect(200);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_ends_its_streams() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (key, program) = make(&ada, &["read"]).await;
    let stream = program.open("/api/stream").await;
    program.get("/api/approvals").await.expect(200);
    let revoked = revoke(&ada, &key).await;
    assert!(revoked.expect(200).body["data"]["revokedAt"].is_string());
    let since = Instant::now();
    let refused = program.get("/api/approvals").await;
    assert!(refused.expect(401).text.contains("revoked"), "{}", refused.text);
    stream.rest().await;
    assert!(since.elapsed() < Duration::from_secs(2), "the stream went on for {:?}", since.elapsed());
    // Once more is no error, and changes nothing.
    assert_eq!(revoke(&ada, &key).await.expect(200).body["data"], revoked.body["data"]);
}

#[tokio::test]
async fn a_key_goes_with_its_person_and_does_not_come_back() {
    let app = TestApp::start().await;
    let (ada, mia) = (app.sign_up("Ada").await, app.sign_up("Mia").await);
    let members = format!("/api/workspaces/{}", ada.workspace());
    let join = async || {
        let link = ada.post(&format!("{members}/invitations"), &json!({ "role": "member" })).await;
        let link = link.expect(201).body["data"]["link"].as_str().unwrap().to_owned();
        let token = link.rsplit('/').next().unwrap().to_owned();
        mia.post("/api/invitations/accept", &json!({ "token": token })).await.expect(200);
    };
    join().await;
    let there = mia.clone().in_workspace(ada.workspace());
    let (key, program) = make(&there, &["read", "admin", "decide"]).await;
    // As her role allows, and no further.
    program.get("/api/collections").await.expect(200);
    let renamed = program.request(Method::PATCH, &members).json(&json!({ "name": "Mine" }));
    Reply::of(renamed).await.expect(403);
    // Ada sees it and could revoke it; Mia does not see Ada's.
    let (adas, _) = make(&ada, &["read"]).await;
    assert_eq!(ada.get(&keys(&ada)).await.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(there.get(&keys(&there)).await.body["data"].as_array().unwrap().len(), 1);
    revoke(&there, &adas).await.expect(404);

    let person = mia.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned();
    let demoted = ada.request(Method::PATCH, &format!("{members}/members/{person}")).json(&json!({ "role": "guest" }));
    Reply::of(demoted).await.expect(200);
    program.get("/api/workspaces").await.expect(401);
    // What one has made one may end, whatever one has become.
    assert_eq!(there.get(&keys(&there)).await.expect(200).body["data"].as_array().unwrap().len(), 1);
    there.post(&keys(&there), &json!({ "name": "x", "scopes": ["read"] })).await.expect(403);
    Reply::of(ada.request(Method::DELETE, &format!("{members}/members/{person}"))).await.expect(200);
    sleep(Duration::from_millis(1100)).await;
    program.get("/api/collections").await.expect(401);
    join().await;
    program.get("/api/collections").await.expect(401);
    revoke(&ada, &key).await.expect(404);
}

#[tokio::test]
async fn the_audit_log_names_the_key_and_where_its_program_was() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let (key, program) = make(&ada, &["admin"]).await;
    let renamed = program.request(Method::PATCH, &format!("/api/workspaces/{}", ada.workspace()));
    Reply::of(renamed.header("user-agent", "nightly/1").json(&json!({ "name": "Renamed" }))).await.expect(200);
    revoke(&ada, &key).await.expect(200);
    let log = ada.get("/api/audit-log").await.expect(200).body["data"].clone();
    let of = |action: &str| log.as_array().unwrap().iter().find(|row| row["action"] == action).unwrap().clone();
    let updated = of("workspace.updated");
    assert_eq!(updated["details"]["apiKey"], key.as_str());
    assert_eq!(updated["details"]["after"]["name"], "Renamed");
    assert_eq!(updated["personal"], json!({ "ip": "127.0.0.1", "userAgent": "nightly/1" }));
    let revoked = of("workspace.api_key.revoked");
    assert_eq!((&revoked["subjectId"], &revoked["details"]["apiKey"]), (&json!(key), &Value::Null));
    assert_eq!(revoked["personal"]["ip"], "127.0.0.1");
    assert_eq!(of("workspace.api_key.created")["details"]["scopes"], json!(["admin"]));
    let verified = ada.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verified.expect(200).body["data"]["firstBad"], Value::Null, "{}", verified.text);
}

#[tokio::test]
async fn a_key_lets_nobody_in_who_could_do_more_than_a_key() {
    let app = TestApp::start().await;
    let (ada, mia) = (app.sign_up("Ada").await, app.sign_up("Mia").await);
    let here = format!("/api/workspaces/{}", ada.workspace());
    let (_, program) = make(&ada, &["admin"]).await;
    let link =
        ada.post(&format!("{here}/invitations"), &json!({ "role": "viewer" })).await.expect(201).body["data"].clone();
    let token = link["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    mia.post("/api/invitations/accept", &json!({ "token": token })).await.expect(200);
    let person = mia.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned();
    let member = format!("{here}/members/{person}");
    for role in ["owner", "admin"] {
        program.post(&format!("{here}/invitations"), &json!({ "role": role })).await.expect(403);
        let invite = json!({ "email": "x@example.com", "role": role });
        program.post(&format!("{here}/members"), &invite).await.expect(403);
        let change = program.request(Method::PATCH, &member).json(&json!({ "role": role }));
        Reply::of(change).await.expect(403);
    }
    let mighty =
        ada.post(&format!("{here}/invitations"), &json!({ "role": "admin" })).await.expect(201).body["data"].clone();
    program.post(&format!("{here}/invitations/{}/resend", id(&mighty)), &json!({})).await.expect(401);
    // Whoever only works there may come in.
    program.post(&format!("{here}/invitations"), &json!({ "role": "member" })).await.expect(201);
    let change = program.request(Method::PATCH, &member).json(&json!({ "role": "member" }));
    Reply::of(change).await.expect(200);
}

#[tokio::test]
async fn what_a_page_shows_once_stays_until_one_leaves_it() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let slug = ada.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    for (page, function, form, once) in [
        ("api-keys", "api-keys/make", "name=x&days=7&read=true", "hyvve_"),
        ("members", "members/invite-by-link", "role=viewer", "/invite/"),
        ("members", "members/invite", "role=viewer&emails=x%40example.com", "/invite/"),
    ] {
        let here = format!("/w/{slug}/settings/{page}");
        let request = ada.request(Method::POST, &format!("/_fn/{function}")).header("accept", "text/html");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let sent = Reply::of(request.header("referer", format!("http://localhost{here}")).body(form)).await;
        let flash = sent.expect(302).cookie().unwrap();
        let cookies = format!("hyvve_session={}; {flash}", ada.token());
        let shown = ada.clone().with_cookie(&cookies).get(&here).await;
        let secret = |text: &str| text.split("value=\"").any(|value| value.split('"').next().unwrap().contains(once));
        assert!(secret(&shown.expect(200).text) && !shown.text.contains("data-follow="), "{page}: {}", shown.text);
        let again = ada.get(&here).await;
        assert!(!secret(&again.expect(200).text) && again.text.contains("data-follow="), "{page}");
    }
}

#[tokio::test]
async fn a_key_that_is_over_opens_nothing_and_fifty_are_enough_for_one_person() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let tries = (0..60).map(|n| {
        let (ada, path) = (ada.clone(), keys(&ada));
        async move { ada.post(&path, &json!({ "name": format!("Key {n}"), "scopes": ["read"] })).await.status.as_u16() }
    });
    let made = futures::future::join_all(tries).await;
    assert_eq!(made.iter().filter(|status| **status == 201).count(), 50);
    assert_eq!(made.iter().filter(|status| **status == 422).count(), 10);
    for bad in ["", "x", "hyvve_", "hyvve_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ada.token()] {
        let program = app.anonymous().in_workspace(ada.workspace()).with_key(bad);
        program.get("/api/approvals").await.expect(401);
    }
    // A good session beside a bad key: the cookie does not count.
    let both = ada.request(Method::GET, "/api/approvals").header("x-api-key", "nonsense");
    Reply::of(both).await.expect(401);
}
