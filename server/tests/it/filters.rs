//! Finding things in the queue: filters, orders, cursors, and what somebody has saved of them.

use futures::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    assignment::{ask_for, in_database, person, program},
    isolation::{NOBODYS, functions::call},
    queue::admin,
    support::{Caller, Reply, Story, TestApp, id},
    workspaces::join,
};

/// Titles of a list, in its order.
async fn titles(user: &Caller, query: &str) -> Vec<String> {
    let list = user.get(&format!("/api/approvals?{query}")).await;
    let items = list.expect(200).body["data"].as_array().unwrap().clone();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_shows_what_was_asked_for_in_the_order_that_was_asked_for() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let user = &story.user;
    let ada = admin(&app, user, "Ada").await;
    let mia = app.sign_up("Mia").await;
    join(user, &mia, "member").await;
    let mia = program(&mia.in_workspace(user.workspace())).await;
    let mut made = Vec::new();
    for title in ["Äpfel für Ada", "Birnen für Grace", "Refund of an invoice"] {
        made.push(ask_for(&mia, title).await);
    }
    let of = |n: usize| made[n]["title"].as_str().unwrap().to_owned();
    let url = app.setting("DATABASE_URL");
    let set = async |n: usize, what: &str| {
        in_database(url, &format!("UPDATE approval_items SET {what} WHERE id = '{}'", id(&made[n]))).await;
    };
    let path = |n: usize| format!("/api/approvals/{}", id(&made[n]));
    let to_ada = json!({ "assigneeId": person(&ada).await });
    Reply::of(user.request(Method::PATCH, &path(1)).json(&to_ada)).await.expect(200);
    let later = |hours: u64| hyvve_domain::Timestamp::now().plus(std::time::Duration::from_hours(hours));
    for (n, hours) in [(2, 1), (1, 2)] {
        Reply::of(user.request(Method::PATCH, &path(n)).json(&json!({ "dueAt": later(hours) }))).await.expect(200);
    }
    set(0, "score = 20").await;
    set(1, "score = 90, review = 'quick'").await;

    // What is not said is not asked for.
    assert_eq!(titles(user, "status=pending").await.len(), 5);
    assert_eq!(titles(user, "type=external&status=pending").await, [of(2), of(1), of(0)]);
    assert_eq!(titles(user, "type=external&sort=oldest").await, [of(0), of(1), of(2)]);
    assert_eq!(titles(user, "type=external&status=pending&sort=due").await, [of(2), of(1), of(0)]);
    assert_eq!(titles(user, "type=external&status=pending&sort=score").await, [of(1), of(0), of(2)]);
    assert_eq!(titles(user, "review=quick").await, [of(1)]);
    assert_eq!(titles(&ada, "assignee=me").await, [of(1)]);
    assert_eq!(titles(user, &format!("assignee={}", person(&ada).await)).await, [of(1)]);
    assert_eq!(titles(user, "type=external&assignee=nobody").await, [of(2), of(0)]);
    assert_eq!(titles(user, &format!("agent={}&status=pending", story.agent)).await.len(), 2);
    assert_eq!(titles(user, &format!("agent={NOBODYS}")).await.len(), 0);

    // Words, by their beginnings, in any order.
    assert_eq!(titles(user, "q=birn").await, [of(1)]);
    assert_eq!(titles(user, "q=F%C3%BCr+refund").await, [of(1), of(0)], "the action's name is in the title too");
    assert_eq!(titles(user, "q=invoi+refu&sort=oldest").await, [of(2)]);
    assert_eq!(titles(user, "q=voice").await.len(), 0, "not from the middle of a word");
    assert_eq!(titles(user, "q=%25").await.len(), 0, "a sign is no word");

    // What waits for so long that a step was taken. What was due besides has timed out in a moment.
    assert_eq!(titles(user, "overdue=true").await.len(), 0);
    set(0, "ladder_taken = 1").await;
    assert_eq!(titles(user, "overdue=true").await, [of(0)]);

    for (bad, field) in [
        ("sort=due", "sort"),
        ("sort=score&status=approved", "sort"),
        ("sort=best", "sort"),
        ("assignee=somebody", "assignee"),
        ("agent=x", "agent"),
        ("review=none", "review"),
        (&format!("q={}", "x".repeat(201)), "q"),
        (&format!("type={}", "x".repeat(201)), "type"),
    ] {
        let refused = user.get(&format!("/api/approvals?{bad}")).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], field, "{bad}");
    }

    // A member finds his or her own, and nothing else.
    assert_eq!(titles(&mia, "q=für").await.len(), 2);
    assert_eq!(titles(&mia, &format!("agent={}", story.agent)).await.len(), 0);
    let eve = app.sign_up("Eve").await;
    assert_eq!(titles(&eve, "q=birnen").await.len(), 0);
    assert_eq!(titles(&eve, &format!("agent={}", story.agent)).await.len(), 0, "an agent of somebody else is nobody's");
}

#[tokio::test]
async fn a_cursor_goes_through_a_list_without_a_gap_or_a_repetition_while_it_grows() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let agent = program(&grace).await;
    for n in 0..7 {
        ask_for(&agent, &format!("Refund {n}")).await;
    }
    let url = app.setting("DATABASE_URL");
    in_database(url, "UPDATE approval_items SET score = 50, due_at = now() + interval '1 day'").await;
    for (query, grows) in [
        ("status=pending", false),
        ("sort=oldest", true),
        ("status=pending&sort=due", true),
        ("status=pending&sort=score", true),
    ] {
        let (mut seen, mut cursor, before) = (Vec::new(), None::<String>, titles(&grace, "pageSize=100").await.len());
        loop {
            let next = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = grace.get(&format!("/api/approvals?{query}&limit=3{next}")).await.expect(200).body.clone();
            let rows = page["data"].as_array().unwrap().clone();
            assert!(rows.len() <= 3);
            seen.extend(rows.iter().map(|item| id(item).to_owned()));
            if seen.len() == 3 {
                ask_for(&agent, "In between").await;
            }
            cursor = page["meta"]["nextCursor"].as_str().map(str::to_owned);
            assert_eq!(page["meta"]["hasMore"], cursor.is_some());
            if cursor.is_none() {
                break;
            }
        }
        let many = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), many), (before + usize::from(grows), before + usize::from(grows)), "{query}");
    }
    for bad in ["cursor=x", "cursor=oldest.1.x&sort=oldest", "cursor=newest.1&sort=oldest"] {
        let refused = grace.get(&format!("/api/approvals?{bad}")).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], "cursor", "{bad}");
    }
}

#[tokio::test]
async fn the_page_shows_what_its_address_says_and_offers_what_there_is() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let slug = story.user.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    let user = story.user.clone().naming_no_workspace();
    let page = async |query: &str| user.get(&format!("/w/{slug}/approvals{query}")).await.expect(200).text.clone();
    let (change, mail) = (story.change["title"].as_str().unwrap(), story.mail["title"].as_str().unwrap());
    let listed = |page: &str, title: &str| page.contains(&format!("<span class=\"row-title\">{title}"));
    let all = page("").await;
    assert!(listed(&all, change) && listed(&all, mail));
    let mails = page("?type=send_email").await;
    assert!(!listed(&mails, change) && listed(&mails, mail));
    assert!(mails.contains("Save this filter as") && !all.contains("Save this filter as"));
    for name in ["q", "type", "agent", "assignee", "review", "sort", "overdue"] {
        assert!(all.contains(&format!("name=\"{name}\"")), "{name}");
    }
    assert!(page("?q=nothing-like-this").await.contains("Nothing matches"));
    // What makes no sense counts as not said, and no page breaks.
    for odd in
        ["?sort=best&agent=x&assignee=y", "?tab=all&sort=due", "?overdue=maybe&review=nonsense", "?page=-1&q=%2B"]
    {
        page(odd).await;
    }
}

#[tokio::test]
async fn what_somebody_saves_is_his_or_her_own_and_named_once() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let user = &story.user;
    let ada = admin(&app, user, "Ada").await;
    let mine = json!({ "name": " Mine ", "filter": { "status": "pending", "assignee": "me", "sort": "due" } });
    let made = user.post("/api/approval-filters", &mine).await.expect(201).body["data"].clone();
    assert_eq!((&made["name"], &made["filter"]), (&json!("Mine"), &mine["filter"]));
    for (bad, field) in [
        (mine.clone(), "name"),
        (json!({ "name": "  " }), "name"),
        (json!({ "name": "x".repeat(81) }), "name"),
        (json!({ "name": "x", "filter": { "sort": "due" } }), "sort"),
        (json!({ "name": "x", "filter": { "assignee": "somebody" } }), "filter.assignee"),
        (json!({ "name": "x", "filter": { "workspace": "x" } }), "filter.workspace"),
        (json!({ "name": "x", "userId": NOBODYS }), "userId"),
    ] {
        let refused = user.post("/api/approval-filters", &bad).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], field, "{bad}");
    }
    ada.post("/api/approval-filters", &mine).await.expect(201);
    let path = format!("/api/approval-filters/{}", id(&made));
    let patch = async |who: &Caller, body: Value| Reply::of(who.request(Method::PATCH, &path).json(&body)).await;
    patch(&ada, json!({ "name": "Hers" })).await.expect(404);
    Reply::of(ada.request(Method::DELETE, &path)).await.expect(404);
    let changed = patch(user, json!({ "name": "Overdue", "filter": { "overdue": true } })).await;
    let changed = &changed.expect(200).body["data"];
    assert_eq!(
        (&changed["name"], &changed["filter"]),
        (&json!("Overdue"), &json!({ "overdue": true, "sort": "newest" }))
    );
    user.post("/api/approval-filters", &mine).await.expect(201);
    assert_eq!(patch(user, json!({ "name": "Mine" })).await.expect(400).body["error"]["details"]["field"], "name");

    // Made by a plain form from what shows, and a link above the queue.
    let form = "name=Mails&tab=waiting&narrowed[tool]=send_email&narrowed[q]=";
    call(user, "approvals/save-filter", form.to_owned()).await.expect(200);
    let list = user.get("/api/approval-filters").await.expect(200).body["data"].clone();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Mails", "Mine", "Overdue"]);
    assert_eq!(list[0]["filter"], json!({ "status": "pending", "type": "send_email", "sort": "newest" }));
    let slug = user.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    let page = user.clone().naming_no_workspace().get(&format!("/w/{slug}/approvals")).await;
    assert!(page.expect(200).text.contains(&format!("/w/{slug}/approvals?type=send_email\"")));
    Reply::of(user.request(Method::DELETE, &path)).await.expect(200);
    Reply::of(user.request(Method::DELETE, &path)).await.expect(404);
    assert_eq!(ada.get("/api/approval-filters").await.expect(200).body["data"].as_array().unwrap().len(), 1);

    // In another workspace one has others, and whoever leaves takes none along.
    let elsewhere = ada.clone().in_workspace(ada_home(&ada).await.as_str());
    assert_eq!(elsewhere.get("/api/approval-filters").await.expect(200).body["data"], json!([]));
}

#[tokio::test]
async fn the_command_menu_offers_ones_own_filters_and_what_the_role_may_do() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let slug = ada.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    let saved = json!({ "name": "Mails & co", "filter": { "type": "send_email", "q": "a b" } });
    ada.post("/api/approval-filters", &saved).await.expect(201);
    let menu = async |of: &Caller| {
        of.clone().naming_no_workspace().get(&format!("/w/{slug}/commands")).await.expect(200).text.clone()
    };
    let me = person(&ada).await;
    let hers = menu(&ada).await;
    for there in [
        "Filter: Mails &amp; co",
        &format!("go /w/{slug}/approvals?tab=all&amp;type=send_email&amp;q=a%20b"),
        "Settings: Webhooks",
        "Policy: All tools",
        &format!("/w/{slug}/settings/approval-policy?tool=send_email"),
        "Approval policy: Grants",
        "press a",
        &format!("choose assign-to {me}"),
        "choose snooze-for 24",
    ] {
        assert!(hers.contains(there), "{there}: {hers}");
    }
    for (role, sees, does_not) in [
        ("admin", vec!["press a", "Policy: All tools", "Settings: Security"], vec!["Mails"]),
        ("member", vec!["press j", "Settings: Members"], vec!["Mails", "press a", "snooze", "Policy:", "Webhooks"]),
        ("guest", vec!["Settings: Notifications"], vec!["Mails", "press j", "Policy:", "Settings: Members"]),
    ] {
        let guest = app.sign_up(role).await;
        join(&ada, &guest, role).await;
        let shown = menu(&guest).await;
        for text in sees {
            assert!(shown.contains(text), "{role} does not see {text}: {shown}");
        }
        for text in does_not {
            assert!(!shown.contains(text), "{role} sees {text}");
        }
    }
}

#[tokio::test]
async fn nobody_saves_more_than_fifty_filters_however_many_at_once() {
    let app = TestApp::start().await;
    let ada = &app.sign_up("Ada").await;
    let saved = stream::iter(0..60).map(|n| async move {
        ada.post("/api/approval-filters", &json!({ "name": format!("Filter {n}"), "filter": {} })).await.status == 201
    });
    let saved: Vec<bool> = saved.buffer_unordered(12).collect().await;
    assert_eq!(saved.iter().filter(|is_saved| **is_saved).count(), 50);
    assert_eq!(ada.get("/api/approval-filters").await.expect(200).body["data"].as_array().unwrap().len(), 50);
}

/// The workspace that somebody has of his or her own.
async fn ada_home(ada: &Caller) -> String {
    let all = ada.get("/api/workspaces").await.expect(200).body["data"].clone();
    let own = all.as_array().unwrap().iter().find(|one| one["role"] == "owner").expect("one of her own");
    id(own).to_owned()
}

#[tokio::test]
async fn a_page_of_a_long_queue_is_read_off_an_index_whatever_is_asked_for() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let url = app.setting("DATABASE_URL").to_owned();
    // Two thousand that wait, of another tool; the two of the story are needles in it.
    in_database(
        &url,
        "INSERT INTO approval_items (workspace_id, id, status, tool, tool_version, title, reversibility, canonical, hash, proposer_kind,
                                     proposer_id, requester_id, created_at)
         SELECT workspace_id, gen_random_uuid(), 'pending', 'other', 1, 'Something ' || n, 'reversible', '', hash, 'user', requester_id,
                requester_id, now() - n * interval '1 second'
         FROM approval_items, generate_series(1, 2000) AS n WHERE tool = 'send_email'",
    )
    .await;
    in_database(&url, "ANALYZE approval_items; ANALYZE approval_words").await;
    let begun = std::time::Instant::now();
    for query in [
        "type=send_email",
        "q=mail",
        "q=1999",
        "sort=oldest&status=pending",
        "status=pending&sort=due",
        "status=pending&sort=score",
    ] {
        let found = titles(&story.user, query).await;
        assert!(!found.is_empty(), "{query}");
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(titles(&story.user, "q=something+1999").await, ["Something 1999"]);
    let many = story.user.get("/api/approvals?q=something").await;
    assert_eq!(many.expect(200).body["meta"]["total"], 2_000);
}
