//! What people, agents and providers wrote is text wherever it stands in a page: in the words, in attributes, in fields of several
//! lines, and in the title of the document.

use reqwest::Method;
use serde_json::json;

use crate::{
    isolation::{
        Things,
        pages::{PAGES, home},
    },
    kinds::send,
    outside::key,
    support::{Caller, Story, TestApp, id, until},
};

/// Ends whatever can stand around it, and then is an element.
const HOSTILE: &str = "</title></textarea></script>\"'><img src onerror=x()>";
/// What no page may hold.
const ELEMENT: &str = "<img src onerror";
/// The same as text.
const TEXT: &str = "&lt;img src onerror";

/// Asks the seeded agent; answers the run once it has paused or ended.
async fn asked(user: &Caller, agent: &str) -> String {
    let fields = [("message", HOSTILE), ("stream", "false"), ("background", "true")];
    let run = user.post_form(&format!("/agents/{agent}/runs"), &fields).await.expect(202).body["run_id"].clone();
    let run = run.as_str().unwrap().to_owned();
    until(user, &format!("/api/runs/{run}"), |body| {
        ["PAUSED", "COMPLETED"].iter().any(|status| body["data"]["run"]["status"] == *status)
    })
    .await;
    run
}

#[tokio::test]
async fn whatever_stands_in_a_name_a_message_or_a_proposal_is_text_on_every_page() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let (user, workspace) = (&story.user, story.user.workspace().to_owned());
    let things = Things::of(&story, app.setting("DATABASE_URL")).await;
    let rename = user.request(Method::PATCH, &format!("/api/workspaces/{workspace}")).json(&json!({ "name": HOSTILE }));
    assert_eq!(rename.send().await.unwrap().status(), 200);
    user.post("/api/auth/update-user", &json!({ "name": HOSTILE })).await.expect(200);
    let run = asked(user, &story.agent).await;
    let session = user.get(&format!("/api/runs/{run}")).await.expect(200).body["data"]["run"]["sessionId"].clone();
    let proposal = json!({
        "action": "refund", "arguments": { HOSTILE: HOSTILE }, "title": HOSTILE, "reason": HOSTILE, "confidence": 80,
    });
    let proposal =
        key(user, &["propose"]).await.post("/api/approvals", &proposal).await.expect(201).body["data"].clone();

    let home = home(user).await;
    let of_things = PAGES.iter().map(|(page, thing)| page.replace("{id}", things.id(*thing)));
    let own = ["approvals", "chat", "runs"].into_iter().zip([id(&proposal), session.as_str().unwrap(), &run]);
    let mut shown = 0;
    for page in of_things.chain(own.map(|(page, id)| format!("/{page}/{id}"))) {
        let page = user.get(&format!("{home}{page}")).await;
        page.expect(200);
        let (title, _) = page.text.split_once("<title>").unwrap().1.split_once("</title>").unwrap();
        // The workspace's name is part of it.
        assert!(title.contains(TEXT), "{title}");
        assert!(!page.text.contains(ELEMENT), "{}", page.text);
        shown += page.text.matches(TEXT).count();
    }
    assert!(shown > 2 * PAGES.len(), "only {shown} places");
}

#[tokio::test]
async fn what_was_typed_comes_back_as_text() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let page = format!("{}/settings/members", home(&ada).await);
    let typed: String = form_urlencoded::byte_serialize(format!("\r\n{HOSTILE}").as_bytes()).collect();
    let (back, next) = send(&ada, &page, "members/invite", format!("emails={typed}&role=member")).await;
    let shown = next.get(&back).await.expect(200).text.clone();
    assert!(shown.contains(">\n\r\n&lt;/title&gt;&lt;/textarea&gt;"), "{back}: {shown}");
    assert!(!shown.contains(ELEMENT), "{shown}");
}
