//! Whose turn it is: who may decide, who has taken it, when it is due, what let it through, and what it has cost so far.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    assignment::{ask_for, hold, in_database, person, program, send},
    grants::grant_of,
    isolation::functions::call,
    queue::{admin, detail, put},
    routing::{propose, trusted},
    support::{Caller, Reply, Story, TestApp, id, until},
    workspaces::join,
};

/// The text of a page of somebody's workspace.
pub(crate) async fn page(user: &Caller, path: &str) -> String {
    let all = user.get("/api/workspaces").await.expect(200).body["data"].clone();
    let here = all.as_array().unwrap().iter().find(|one| one["id"] == user.workspace()).unwrap();
    let path = format!("/w/{}{path}", here["slug"].as_str().unwrap());
    user.clone().naming_no_workspace().get(&path).await.expect(200).text.clone()
}

async fn card(user: &Caller, item: &Value) -> String {
    page(user, &format!("/approvals/{}", id(item))).await
}

/// Which of the items that wait, as one sees the list, wait for others.
async fn for_others(user: &Caller) -> Value {
    call(user, "approvals/list", "tab=waiting&page=1".to_owned()).await.expect(200).body["others"].clone()
}

#[tokio::test]
async fn of_two_who_take_it_at_once_one_gets_it_and_only_that_one_hands_it_back() {
    let [here, there] = TestApp::start_nodes::<2>(&[]).await;
    let grace = here.sign_up("Grace").await;
    let ada = admin(&here, &grace, "Ada").await.at(&there);
    let story = Story::of(grace).await;
    let path = |how: &str| format!("/api/approvals/{}/{how}", id(&story.change));
    let (claim, release, body) = (path("claim"), path("release"), json!({}));
    story.user.post(&release, &body).await.expect(409);
    assert!(card(&story.user, &story.change).await.contains("Take it"));
    let (one, other) = tokio::join!(story.user.post(&claim, &body), ada.post(&claim, &body));
    let (first, second, winner, loser, name) = if one.status == 200 {
        (one, other, &story.user, &ada, "Grace")
    } else {
        (other, one, &ada, &story.user, "Ada")
    };
    assert_eq!(first.expect(200).body["data"]["assignee"], name);
    let why = second.expect(409).body["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!(why, format!("{name} has this already. Whoever may decide can hand it over."));
    loser.post(&release, &body).await.expect(409);
    assert_eq!(detail(loser, id(&story.change)).await["assignee"], name);
    winner.post(&claim, &body).await.expect(200);
    assert!(card(winner, &story.change).await.contains("Hand it back"));
    let shown = card(loser, &story.change).await;
    assert!(!shown.contains("Hand it back") && !shown.contains("Take it"), "{shown}");

    assert_eq!(winner.post(&release, &body).await.expect(200).body["data"]["assigneeId"], Value::Null);
    let form = |take: bool| format!("id={}&take={take}", id(&story.change));
    call(loser, "approvals/claim", form(true)).await.expect(200);
    call(winner, "approvals/claim", form(true)).await.expect(409);
    call(loser, "approvals/claim", form(false)).await.expect(200);
    assert_eq!(detail(winner, id(&story.change)).await["assigneeId"], Value::Null);
    // To nobody in particular by the other form, and nothing where it says nothing.
    call(winner, "approvals/claim", form(true)).await.expect(200);
    call(winner, "approvals/assign", format!("id={}&assignee=", id(&story.change))).await.expect(200);
    assert!(detail(winner, id(&story.change)).await["assigneeId"].is_string());
    call(winner, "approvals/assign", format!("id={}&assignee=nobody", id(&story.change))).await.expect(200);
    assert_eq!(detail(winner, id(&story.change)).await["assigneeId"], Value::Null);
    winner.post(&path("approve"), &body).await.expect(200);
    loser.post(&claim, &body).await.expect(409);
}

#[tokio::test]
async fn whoever_decides_no_more_has_nothing_and_who_may_not_decide_takes_nothing() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let (ada, mia) = (admin(&app, &grace, "Ada").await, app.sign_up("Mia").await);
    join(&grace, &mia, "member").await;
    let story = Story::of(grace).await;
    let claim = format!("/api/approvals/{}/claim", id(&story.change));
    ada.post(&claim, &json!({})).await.expect(200);
    story.user.post(&claim, &json!({})).await.expect(409);
    let member = format!("/api/workspaces/{}/members/{}", story.user.workspace(), person(&ada).await);
    Reply::of(story.user.request(Method::PATCH, &member).json(&json!({ "role": "member" }))).await.expect(200);
    assert_eq!(story.user.post(&claim, &json!({})).await.expect(200).body["data"]["assignee"], "Grace");
    // What one proposed oneself, one may see and not take.
    let own = ask_for(&program(&mia.clone().in_workspace(story.user.workspace())).await, "A refund").await;
    let mia = mia.in_workspace(story.user.workspace());
    mia.post(&format!("/api/approvals/{}/claim", id(&own)), &json!({})).await.expect(403);
}

#[tokio::test]
async fn the_card_says_who_may_decide_in_this_case_and_why_the_reader_may_not() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let (ada, _alan) = (admin(&app, &grace, "Ada").await, admin(&app, &grace, "Alan").await);
    let mia = app.sign_up("Mia").await;
    join(&grace, &mia, "member").await;
    let mia = mia.in_workspace(grace.workspace());
    let handling = json!({
        "quorum": 2, "groups": [{ "role": "owner", "atLeast": 1 }], "ladder": [],
        "assignment": { "kind": "role", "role": "owner" },
    });
    let own = send(&grace, "send_email", json!({ "quorum": 2 })).await.expect(200).body["data"]["approvalId"].clone();
    let own = own.as_str().unwrap();
    let one_of = "One of 2 owners and admins decides.";
    let (grace_may_not, she) =
        ("Grace may not: Nobody decides on their own proposal.", "You may not: Nobody decides on their own proposal.");
    assert_eq!(detail(&grace, own).await["whoDecides"], json!([one_of, she]));
    assert_eq!(detail(&ada, own).await["whoDecides"], json!([one_of, grace_may_not]));

    hold(&grace, &ada, "external", handling).await;
    let item = ask_for(&program(&mia).await, "A refund").await;
    let two = "2 of 3 owners and admins have to agree, an owner among them.";
    let asked = "Any owner is asked; whoever else may decide still may.";
    assert_eq!(detail(&grace, id(&item)).await["whoDecides"], json!([two, asked]));
    let words = card(&grace, &item).await;
    assert!(words.contains("Who may decide") && words.contains(two) && words.contains(asked), "{words}");
    let path = format!("/api/approvals/{}/approve", id(&item));
    let voted = ada.post(&path, &json!({})).await.expect(200).body["data"].clone();
    assert_eq!(voted["whoDecides"], json!([two, asked, "You have agreed already."]));
    let why = "You may not: Only owners and admins decide on proposals.";
    assert_eq!(detail(&mia, id(&item)).await["whoDecides"], json!([two, asked, why]));
    assert!(card(&mia, &item).await.contains(why));
    let decided = grace.post(&path, &json!({})).await.expect(200).body["data"].clone();
    assert_eq!((&decided["status"], &decided["whoDecides"]), (&json!("approved"), &json!([])));
}

#[tokio::test]
async fn what_waits_for_others_stands_apart() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let proposal = put(&grace, json!({ "quorum": 2 })).await.expect(200).body["data"]["approvalId"].clone();
    // One's own.
    assert_eq!((for_others(&grace).await, for_others(&ada).await), (json!([proposal]), json!([])));
    assert!(page(&grace, "/approvals").await.contains("Waiting on others"));
    assert!(!page(&ada, "/approvals").await.contains("Waiting on others"));
    ada.post(&format!("/api/approvals/{}/approve", proposal.as_str().unwrap()), &json!({})).await.expect(200);
    let held = |body: &Value| body["data"].as_array().is_some_and(|all| all.len() == 2);
    until(&ada, "/api/approval-policies", held).await;

    // What one has agreed to, and what somebody else has.
    let story = Story::of(grace).await;
    let (grace, change, mail) = (&story.user, &story.change, &story.mail);
    assert_eq!((for_others(grace).await, for_others(&ada).await), (json!([]), json!([])));
    grace.post(&format!("/api/approvals/{}/approve", id(change)), &json!({})).await.expect(200);
    assert_eq!((for_others(grace).await, for_others(&ada).await), (json!([change["id"]]), json!([])));
    ada.post(&format!("/api/approvals/{}/claim", id(mail)), &json!({})).await.expect(200);
    let both = call(grace, "approvals/list", "tab=waiting&page=1".to_owned()).await.expect(200).body.clone();
    assert_eq!(both["others"].as_array().map(Vec::len), Some(2));
    assert_eq!(for_others(&ada).await, json!([]));
    ada.post(&format!("/api/approvals/{}/release", id(mail)), &json!({})).await.expect(200);
    let after = call(grace, "approvals/list", "tab=waiting&page=1".to_owned()).await.expect(200).body.clone();
    let order: Vec<&Value> = after["page"]["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!((&after["others"], order), (&json!([change["id"]]), vec![&mail["id"], &change["id"]]));

    // Whoever is left alone has to say so once more, and waits for nobody.
    let member = format!("/api/workspaces/{}/members/{}", grace.workspace(), person(&ada).await);
    Reply::of(grace.request(Method::PATCH, &member).json(&json!({ "role": "member" }))).await.expect(200);
    assert_eq!(for_others(grace).await, json!([]));
}

#[tokio::test]
async fn a_due_date_is_set_on_the_page_by_the_workspaces_clock_and_removed() {
    let app = TestApp::start().await;
    let Story { user, change, .. } = Story::begin(&app, "Grace").await;
    let home = format!("/api/workspaces/{}", user.workspace());
    let zone = json!({ "timezone": "Europe/Berlin" });
    Reply::of(user.request(Method::PATCH, &home).json(&zone)).await.expect(200);
    let set = async |due: &str| call(&user, "approvals/assign", format!("id={}&due_at={due}", id(&change))).await;
    set("2099-07-01T12:00").await.expect(200);
    assert_eq!(detail(&user, id(&change)).await["dueAt"], "2099-07-01T10:00:00.000Z");
    let shown = card(&user, &change).await;
    for words in ["Europe/Berlin", "value=\"2099-07-01T12:00\"", "Remove the due date", "datetime-local"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    for bad in ["2020-01-01T00:00", "soon", "2099-02-30T12:00"] {
        assert_eq!(set(bad).await.expect(400).body["details"]["field"], "dueAt", "{bad}");
    }
    assert_eq!(detail(&user, id(&change)).await["dueAt"], "2099-07-01T10:00:00.000Z");

    // Without a script: the message stands at the field, and what was typed stays.
    let slug = user.get("/api/workspaces").await.expect(200).body["data"][0]["slug"].as_str().unwrap().to_owned();
    let here = format!("/w/{slug}/approvals/{}", id(&change));
    let request = user.request(Method::POST, "/_fn/approvals/assign");
    let request = request.header("accept", "text/html").header("referer", format!("http://x{here}"));
    let posted = Reply::of(request.form(&[("id", id(&change)), ("due_at", "2020-01-01T00:00")])).await;
    assert_eq!((posted.status.as_u16(), posted.header("location")), (302, Some(here.as_str())), "{}", posted.text);
    let told = user.clone().naming_no_workspace().and_cookie(&posted.cookie_named("hyvve_flash").unwrap());
    let told = told.get(&here).await.expect(200).text.clone();
    assert!(told.contains("This has passed already.") && told.contains("value=\"2020-01-01T00:00\""), "{told}");

    set("never").await.expect(200);
    assert_eq!(detail(&user, id(&change)).await["dueAt"], Value::Null);
    assert!(!card(&user, &change).await.contains("Remove the due date"));
}

#[tokio::test]
async fn what_went_on_by_itself_names_the_policy_with_its_version_or_the_grant() {
    let app = TestApp::start_with(&[("HYVVE_UNDO_SECONDS", "0")]).await;
    let story = Story::begin(&app, "Grace").await;
    let user = &story.user;
    assert_eq!(detail(user, id(&story.change)).await["letThrough"], Value::Null, "it waits");
    let through = async |item: &Value| {
        let path = format!("/api/approvals/{}", id(item));
        let there = until(user, &path, |body| body["data"]["status"] == "auto_approved").await;
        there["data"]["letThrough"].clone()
    };
    let grant = user.post("/api/approval-grants", &grant_of(&story.agent)).await.expect(201).body["data"].clone();
    let covered = propose(&story, 2).await;
    let by = json!({ "kind": "grant", "id": grant["id"], "by": "Grace", "when": "changes.discount_percent < 3" });
    assert_eq!(through(&covered).await, by);
    let words = card(user, &covered).await;
    assert!(words.contains("By rule") && words.contains("A standing grant of Grace"), "{words}");

    trusted(&app, &story, &story.change, 200).await;
    let shipped = propose(&story, 35).await;
    assert_eq!(through(&shipped).await, json!({ "kind": "policy", "tool": null, "version": 0 }));
    assert!(card(user, &shipped).await.contains("The policy that HYVVE ships with"));
    let within_a_month = json!({ "dueMinutes": 43_200 });
    let all = send(user, "*", within_a_month.clone()).await;
    assert_eq!(all.expect(200).body["data"]["version"], 1);
    let of_all = propose(&story, 36).await;
    assert_eq!(through(&of_all).await, json!({ "kind": "policy", "tool": "*", "version": 1 }));
    assert!(card(user, &of_all).await.contains("The policy for all tools, version 1"));
    // The tool's own, of which there is a version 1 as well from now on.
    let own = send(user, "update_record", within_a_month).await;
    assert_eq!(own.expect(200).body["data"]["version"], 1);
    let of_tool = propose(&story, 37).await;
    assert_eq!(through(&of_tool).await, json!({ "kind": "policy", "tool": "update_record", "version": 1 }));
    assert_eq!(through(&of_all).await["tool"], "*", "what was let through stays so");
    let listed = page(user, "/approvals?tab=automatic").await;
    for words in
        ["The policy “Change a record”, version 1", "The policy for all tools, version 1", "A standing grant of Grace"]
    {
        assert!(listed.contains(words), "{words}: {listed}");
    }
}

#[tokio::test]
async fn the_card_says_what_the_run_has_cost_so_far_and_that_a_price_is_unknown() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Grace").await;
    let user = &story.user;
    let cost = async || detail(user, id(&story.change)).await["cost"].clone();
    let used = user.get("/api/ai-providers/usage").await.expect(200).body["data"]["total"].clone();
    let here = cost().await;
    assert!(here["calls"].as_i64().is_some_and(|calls| calls > 0), "{here}");
    assert_eq!(here, used, "so far there is one run");
    propose(&story, 33).await;
    assert_eq!(cost().await, used, "another run costs this one nothing");
    let url = app.setting("DATABASE_URL").to_owned();
    in_database(&url, &format!("UPDATE usage_ledger SET cost_micros = 20000 WHERE run_id = '{}'", story.run)).await;
    let shown = card(user, &story.change).await;
    assert!(shown.contains("Cost so far") && shown.contains(" of this run") && shown.contains("$0."), "{shown}");
    in_database(&url, &format!("UPDATE usage_ledger SET cost_micros = NULL WHERE run_id = '{}'", story.run)).await;
    let unknown = cost().await;
    assert_eq!((&unknown["unpriced"], &unknown["costMicros"]), (&unknown["calls"], &json!(0)));
    assert!(card(user, &story.change).await.contains("price unknown"));
}
