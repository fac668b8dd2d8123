//! Pages: what the server renders for somebody who may see it, and for a stranger.

use super::{NOBODYS, Thing, Things};
use crate::support::{Caller, Story, TestApp};

/// Every page that takes an id, and those that show lists.
pub(crate) const PAGES: [(&str, Thing); 35] = [
    ("", Thing::Workspace),
    ("/approvals", Thing::Workspace),
    ("/approvals/{id}", Thing::Change),
    ("/approvals/selected/decide?verdict=approve&picked={id}.0", Thing::Change),
    ("/chat", Thing::Workspace),
    ("/chat/{id}", Thing::Session),
    ("/agents", Thing::Workspace),
    ("/agents/{id}", Thing::Agent),
    ("/runs", Thing::Workspace),
    ("/runs/{id}", Thing::Run),
    ("/records", Thing::Workspace),
    ("/records/customers", Thing::Workspace),
    ("/records/customers/{id}", Thing::Record),
    ("/usage", Thing::Workspace),
    ("/usage/budgets", Thing::Workspace),
    ("/usage/prices", Thing::Workspace),
    ("/mailbox", Thing::Workspace),
    ("/notifications", Thing::Workspace),
    ("/settings/notifications", Thing::Workspace),
    ("/welcome", Thing::Workspace),
    ("/commands", Thing::Workspace),
    ("/settings/general", Thing::Workspace),
    ("/settings/members", Thing::Workspace),
    ("/settings/security", Thing::Workspace),
    ("/settings/ai-providers", Thing::Workspace),
    ("/settings/approval-policy?tool=update_record", Thing::Workspace),
    ("/settings/approval-policy/calibration", Thing::Workspace),
    ("/settings/approval-policy/grants", Thing::Workspace),
    ("/settings/api-keys", Thing::Workspace),
    ("/settings/webhooks", Thing::Workspace),
    ("/settings/webhooks/{id}", Thing::Webhook),
    ("/settings/events", Thing::Workspace),
    ("/settings/events/dead-letters", Thing::Workspace),
    ("/settings/events/dead-letters/{id}", Thing::DeadLetter),
    ("/settings/audit-log?verify=1", Thing::Workspace),
];

/// Those show a list beside the one thing; what is no id at all is nobody's, and shows the list.
const BESIDE_A_LIST: [&str; 2] = ["/approvals/{id}", "/chat/{id}"];

/// The tables of contents: the pages that are only read, and the routes of those that one works with.
const READ: &str = include_str!("../../../../app/src/pages.rs");
const ROUTES: &str = include_str!("../../../../app/src/lib.rs");

/// The parts of each page's address below the workspace's; `*` stands for whatever comes there.
fn patterns() -> Vec<Vec<&'static str>> {
    let (_, arms) = READ.split_once("match parts[..] {").unwrap();
    let (arms, _) = arms.split_once("_ => Err").unwrap();
    let parts = |arm: &'static str| {
        let parts = arm.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| part.strip_prefix('"').map_or("*", |part| part.trim_end_matches('"'))).collect()
    };
    let read =
        arms.lines().filter_map(|line| line.trim().strip_prefix('[')?.split_once("] =>")).map(|(arm, _)| parts(arm));
    let mut all: Vec<Vec<&str>> = read.collect();
    let (_, routes) = ROUTES.split_once("WorkspaceFrame ssr").unwrap();
    for route in routes.split("path!(\"/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let parts: Vec<&str> = route.split('/').filter(|part| !part.is_empty()).collect();
        match parts[..] {
            [] | ["*page"] => {}
            [page, own] if own.starts_with(':') && own.ends_with('?') => all.extend([vec![page], vec![page, "*"]]),
            _ => panic!("how is {route} probed?"),
        }
    }
    all
}

#[test]
fn every_page_of_a_workspace_is_probed() {
    let patterns = patterns();
    assert!(patterns.len() > 30, "read too few: {patterns:?}");
    let is_probed = |pattern: &Vec<&str>| {
        PAGES.iter().any(|(page, _)| {
            let path = page.split('?').next().unwrap_or_default();
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            parts.len() == pattern.len()
                && parts.iter().zip(pattern).all(|(part, wanted)| *wanted == "*" || part == wanted)
        })
    };
    let missing: Vec<_> = patterns.iter().filter(|pattern| !is_probed(pattern)).map(|parts| parts.join("/")).collect();
    // It leads on to the first of its pages.
    assert_eq!(missing, ["settings"]);
}

/// The address of somebody's workspace.
pub(crate) async fn home(caller: &Caller) -> String {
    let workspaces = caller.get("/api/workspaces").await;
    let slug = workspaces.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    format!("/w/{slug}")
}

#[tokio::test]
async fn a_page_shows_what_is_ones_own_and_nothing_else() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let things = Things::of(&story, app.setting("DATABASE_URL")).await;
    let stranger = app.sign_up("Eve").await;
    let (hers, eves) = (home(&story.user).await, home(&stranger).await);
    for (page, thing) in PAGES {
        let page_of = |home: &str, id: &str| format!("{home}{}", page.replace("{id}", id));
        // Whatever a header says, the address of a page names its workspace.
        let (ada, eve) = (story.user.clone().naming_no_workspace(), stranger.clone().naming_no_workspace());
        ada.get(&page_of(&hers, things.id(thing))).await.expect(200);
        let foreign = eve.get(&page_of(&hers, things.id(thing))).await;
        let unknown = eve.get(&page_of("/w/nobody-has-this", NOBODYS)).await;
        assert_eq!((foreign.status.as_u16(), unknown.status.as_u16()), (404, 404), "{page}");
        assert!(!foreign.text.contains("Lovelace"), "{page} of Ada's workspace tells Eve about it");
        if page.contains("{id}") {
            eve.get(&page_of(&eves, things.id(thing))).await.expect(404);
            eve.get(&page_of(&eves, NOBODYS)).await.expect(404);
            let none = eve.get(&page_of(&eves, "not-an-id")).await;
            none.expect(if BESIDE_A_LIST.contains(&page) { 200 } else { 404 });
        }
        let anonymous = app.anonymous().get(&page_of(&hers, things.id(thing))).await;
        assert_eq!(anonymous.status.as_u16(), 303, "{page}: {}", anonymous.text);
        assert!(anonymous.header("location").is_some_and(|to| to.starts_with("/sign-in?next=")), "{page}");
    }
    story.user.clone().naming_no_workspace().get(&format!("{hers}/no-such-page/at-all")).await.expect(404);
}
