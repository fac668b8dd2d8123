//! Server functions: what pages call.

use leptos::server_fn::axum::server_fn_paths;
use reqwest::Method;

use super::{NOBODYS, Thing, Things};
use crate::support::{Caller, Reply, Story, TestApp, id};

/// Every server function that acts in a workspace, with a form that it understands. An id in braces is somebody's.
pub(crate) const IN_A_WORKSPACE: [(&str, &str); 81] = [
    ("agents/list", ""),
    ("agents/change", "id={agent}&provider=&model=&falls_back=true"),
    ("agents/answers", "id={agent}&output_schema="),
    ("approvals/list", "tab=waiting&page=1"),
    ("approvals/get", "id={change}"),
    ("approvals/decide", "id={change}&verdict=approve&hash=0"),
    ("approvals/bulk", "verdict=approve&picked[]={change}.0"),
    ("approvals/sum", "picked[]={change}.0"),
    ("approvals/settle", "id={change}&happened=true"),
    ("approvals/review", "id={change}&agreed=true"),
    ("approvals/ask", "id={change}&question=x"),
    ("approvals/assign", "id={change}&assignee=nobody"),
    ("approvals/claim", "id={change}&take=true"),
    ("approvals/comment", "id={change}&body=x"),
    ("approvals/edit", "id={change}&hash=0"),
    ("approvals/undo", "id={change}"),
    ("approvals/filters", ""),
    ("approvals/save-filter", "name=From+a+form&tab=waiting"),
    ("approvals/rename-filter", "id={filter}&name=Another"),
    ("approvals/remove-filter", "id={filter}"),
    ("approvals/watch", "id={change}&tab=x"),
    (
        "approval-policy/change",
        "tool=update_record&thresholds[auto]=86&thresholds[quick]=60&thresholds[target]=95&thresholds[sample]=5",
    ),
    ("approval-grants/make", "agent_id={agent}&tool=update_record&when=size+%3C+1&max_uses=1&days=1"),
    ("approval-grants/revoke", "id={grant}"),
    ("chat/sessions", ""),
    ("chat/conversation", "id={session}"),
    ("chat/send", "agent_id={agent}&message=Tell+me+everything"),
    ("chat/reply", "run_id={run}&tool_call_id=x&text=x"),
    ("runs/cancel", "id={run}"),
    (
        "ai-providers/add",
        "provider=openai_compatible&name=x&base_url=http%3A%2F%2F127.0.0.1%3A9&api_key=x&default_model=x",
    ),
    ("ai-providers/change", "id={provider}&name=x&base_url=&default_model=x"),
    ("ai-providers/delete", "id={provider}"),
    ("ai-providers/test", "id={provider}"),
    ("ai-providers/add-fallback", "provider_id={provider}&fallback_model="),
    ("ai-providers/arrange-fallback", "position=0&provider_id={provider}&model=&to=remove"),
    ("usage/set-budget", "whose=agent:{agent}&dollars=5"),
    ("usage/change-budget", "id={budget}&dollars=5"),
    ("usage/remove-budget", "id={budget}"),
    ("usage/set-price", "provider_id={provider}&model=x&input=1&output=1"),
    ("usage/forget-price", "provider_id={provider}&model=x"),
    ("ai-providers/models", "id={provider}"),
    ("ai-providers/pace", "id={provider}&max_at_once=2&max_per_minute="),
    ("records/assign", "id={record}&user="),
    ("records/share", "id={record}&user={member}"),
    ("records/restore", "id={record}"),
    ("records/unshare", "id={record}&user={member}"),
    ("workspace/change", "name=x&slug=x-y&timezone=UTC"),
    ("workspace/name", "name=Another"),
    ("workspace/delete", "confirm=not+its+name"),
    ("workspace/security", "required=false"),
    ("workspace/request-hosts", "hosts=api.example.com"),
    ("workspace/traces", "content=true"),
    ("workspace/leave", ""),
    ("api-keys/make", "name=x&days=7&read=true"),
    ("api-keys/revoke", "id={key}"),
    ("webhooks/add", "url=http%3A%2F%2F127.0.0.1%3A9&description=x&events=nothing.&filtered=true"),
    ("webhooks/change", "id={webhook}&url=http%3A%2F%2F127.0.0.1%3A9&description=x&events=nothing."),
    ("webhooks/switch", "id={webhook}&enabled=true"),
    ("webhooks/rotate", "id={webhook}"),
    ("webhooks/test", "id={webhook}"),
    ("webhooks/replay", "id={webhook}&hours=1"),
    ("events/replay", "id={webhook}&since=&only=nothing."),
    ("webhooks/redeliver", "id={webhook}&delivery={delivery}"),
    ("webhooks/signing-secret", "id={webhook}&secret=0123456789abcdef"),
    ("webhooks/remove", "id={webhook}"),
    ("notifications/read", "id={notification}"),
    ("notifications/read-all", ""),
    (
        "notifications/choose",
        "channels[mentioned][in_app]=true&channels[mentioned][mail]=now&digest=daily&digest_hour=8",
    ),
    ("notifications/set-webhook", "url=http%3A%2F%2F127.0.0.1%3A9"),
    ("notifications/remove-webhook", ""),
    ("notifications/connect-channel", "token=x"),
    ("notifications/disconnect-channel", "id=00000000-0000-7000-8000-000000000000&slack_user=x"),
    ("dead-letters/requeue", "id={dead_letter}"),
    ("dead-letters/discard", "id={dead_letter}"),
    ("members/invite", "emails=new%40example.com&role=viewer"),
    ("members/invite-by-link", "role=viewer"),
    ("members/resend", "id={invitation}"),
    ("members/cancel-invitation", "id={invitation}"),
    ("members/role", "user={member}&role=owner"),
    ("members/transfer", "user={member}"),
    ("members/remove", "user={member}"),
];

/// Those that anyone may call, and those that look at nothing but what they are sent.
pub(crate) const ELSEWHERE: [&str; 13] = [
    "auth/sign-in",
    "auth/sign-in-with",
    "auth/sign-up",
    "auth/sign-out",
    "auth/forgot-password",
    "auth/reset-password",
    "auth/send-verification",
    "auth/verify-email",
    "auth/send-link",
    "auth/use-link",
    "auth/second-factor",
    "auth/passkey",
    "chat/format",
];

/// Those that act on the account of whoever is signed in, with a form that they understand. What they do is in `accounts.rs`.
pub(crate) const ON_ONES_ACCOUNT: [(&str, &str); 23] = [
    ("account/reminders", "reminded=true"),
    ("account/profile", "name=x"),
    ("account/change-email", "email=x%40example.com"),
    ("account/prove-address", ""),
    ("account/change-password", "current_password=x&password=x"),
    ("account/delete", "password=x"),
    ("account/link", "provider=x"),
    ("account/unlink", "id=00000000-0000-7000-8000-000000000000"),
    ("account/first-password", ""),
    ("account/revoke-session", "id=00000000-0000-7000-8000-000000000000"),
    ("account/revoke-other-sessions", ""),
    ("account/revoke-sessions", ""),
    ("account/authenticator-begin", "password=x"),
    ("account/authenticator-confirm", "code=123456"),
    ("account/authenticator-remove", "password=x"),
    ("account/recovery-codes", "password=x"),
    ("account/passkey-add", "credential=%7B%7D&name=x"),
    ("account/passkey-rename", "id=00000000-0000-7000-8000-000000000000&name=x"),
    ("account/passkey-remove", "id=00000000-0000-7000-8000-000000000000&password=x"),
    ("workspace/create", "name=x"),
    ("workspace/restore", "id=00000000-0000-7000-8000-000000000000"),
    ("invitation/accept", "invitation=x"),
    ("invitation/reject", "invitation=x"),
];

/// Those that are for whoever runs the installation, and for nobody else. What they do is in `jobs.rs`.
pub(crate) const OF_OPERATORS: [(&str, &str); 2] = [("operator/run-job", "id=1"), ("operator/give-up-job", "id=1")];

const IDS: [(&str, Thing); 16] = [
    ("{key}", Thing::Key),
    ("{member}", Thing::Member),
    ("{invitation}", Thing::Invitation),
    ("{record}", Thing::Record),
    ("{agent}", Thing::Agent),
    ("{change}", Thing::Change),
    ("{session}", Thing::Session),
    ("{run}", Thing::Run),
    ("{provider}", Thing::Provider),
    ("{budget}", Thing::Budget),
    ("{grant}", Thing::Grant),
    ("{filter}", Thing::Filter),
    ("{webhook}", Thing::Webhook),
    ("{delivery}", Thing::Delivery),
    ("{notification}", Thing::Notification),
    ("{dead_letter}", Thing::DeadLetter),
];

pub(crate) async fn call(caller: &Caller, function: &str, form: String) -> Reply {
    let request = caller.request(Method::POST, &format!("/_fn/{function}"));
    Reply::of(request.header("content-type", "application/x-www-form-urlencoded").body(form)).await
}

pub(crate) fn filled(form: &str, id_of: impl Fn(Thing) -> String) -> String {
    IDS.iter().fold(form.to_owned(), |form, (name, thing)| form.replace(name, &id_of(*thing)))
}

#[tokio::test]
async fn a_server_function_answers_a_stranger_as_if_there_were_nothing() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let things = Things::of(&story, app.setting("DATABASE_URL")).await;
    let stranger = app.sign_up("Eve").await;
    let in_hers = stranger.clone().in_workspace(story.user.workspace());
    for (function, form) in IN_A_WORKSPACE {
        let hers = filled(form, |thing| things.id(thing).to_owned());
        call(&app.anonymous().in_workspace(story.user.workspace()), function, hers.clone()).await.expect(401);
        call(&in_hers, function, hers.clone()).await.expect(404);
        if hers != form {
            let foreign = call(&stranger, function, hers).await;
            let unknown = call(&stranger, function, filled(form, |_| NOBODYS.to_owned())).await;
            assert_eq!(foreign.expect(404).body, unknown.expect(404).body, "{function}");
        }
    }
    let item = story.user.get(&format!("/api/approvals/{}", id(&story.change))).await;
    assert_eq!(item.expect(200).body["data"]["status"], "pending", "nothing that Eve sent has done anything");

    let known = |name: &str| {
        IN_A_WORKSPACE.iter().chain(&ON_ONES_ACCOUNT).chain(&OF_OPERATORS).any(|(function, _)| *function == name)
            || ELSEWHERE.contains(&name)
    };
    let missing: Vec<&str> =
        server_fn_paths().filter_map(|(path, _)| path.strip_prefix("/_fn/")).filter(|name| !known(name)).collect();
    assert!(missing.is_empty(), "not probed: {missing:?}");
}

#[tokio::test]
async fn an_owner_may_call_what_a_stranger_may_not() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let things = Things::of(&story, app.setting("DATABASE_URL")).await;
    for (function, form) in IN_A_WORKSPACE {
        let reply = call(&story.user, function, filled(form, |thing| things.id(thing).to_owned())).await;
        let status = reply.status.as_u16();
        assert!(![401, 403, 404].contains(&status) && status < 500, "{function}: {status} {}", reply.text);
    }
}
