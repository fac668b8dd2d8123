//! Deciding on several at once, as the page of approvals does.

use reqwest::Method;
use serde_json::{Value, json};

use crate::queue::{admin, detail, put};
use crate::{
    isolation::{NOBODYS, functions::call, pages::home},
    kinds::send,
    support::{Caller, Reply, Story, TestApp, id, until},
};

#[tokio::test]
async fn several_are_decided_at_once_each_by_itself_and_a_plain_form_can_do_it() {
    let app = TestApp::start().await;
    let Story { user, change, mail, .. } = Story::begin(&app, "Grace").await;
    let picked = |item: &Value| format!("picked[]={}.{}", id(item), item["hash"].as_str().unwrap());
    let both = format!("{}&{}", picked(&change), picked(&mail));
    let send = |form: String| call(&user, "approvals/bulk", form);

    // What is wrong with all of them is said before any is decided.
    let without_reason = send(format!("verdict=reject&note=+&{both}")).await;
    assert_eq!(without_reason.expect(400).body["details"]["field"], "reason");
    send("verdict=approve".to_owned()).await.expect(400);
    send(format!("verdict=approve&picked[]=x&{both}")).await.expect(400);
    let unknown = format!("picked[]={NOBODYS}.00");
    send(format!("verdict=approve&{both}&{unknown}")).await.expect(404);
    let many: Vec<_> = (0..101).map(|n| format!("picked[{n}]={}.0", hyvve_domain::ids::ApprovalId::new())).collect();
    let too_many = send(format!("verdict=approve&{}", many.join("&"))).await;
    assert_eq!(too_many.expect(400).body["details"]["constraint"], "maxItems");
    for item in [&change, &mail] {
        assert_eq!(detail(&user, id(item)).await["status"], "pending");
    }

    // Another hash than the one that was shown: that one is refused, the other is not.
    let stale =
        format!("verdict=approve&{}&picked[]={}.{}&{}", picked(&change), id(&mail), "0".repeat(64), picked(&change));
    let outcome = send(stale).await.expect(200).body.clone();
    assert_eq!((&outcome["done"], outcome["refused"].as_array().unwrap().len()), (&json!([change["id"]]), 1));
    let refused = &outcome["refused"][0];
    assert_eq!((&refused["id"], &refused["title"]), (&mail["id"], &mail["title"]));
    assert!(refused["why"].as_str().unwrap().contains("not what you were shown"), "{refused}");
    let (first, second) = (detail(&user, id(&change)).await, detail(&user, id(&mail)).await);
    assert_eq!((&first["status"], &second["status"]), (&json!("approved"), &json!("pending")));

    // Without JavaScript: back to the list, and on to what has come of it.
    let form = user.request(Method::POST, "/_fn/approvals/bulk").header("accept", "text/html");
    let form = form
        .header("referer", "http://localhost/w/x/approvals/selected/decide?verdict=reject")
        .header("content-type", "application/x-www-form-urlencoded");
    let list = "back=%2Fw%2Fx%2Fapprovals%3Ftab%3Dall";
    let reply = Reply::of(form.body(format!("verdict=reject&note=A+letter+instead&{list}&{both}"))).await;
    assert_eq!(reply.expect(302).header("location"), Some("/w/x/approvals?tab=all"));
    assert!(reply.cookie().is_some_and(|cookie| cookie.starts_with("hyvve_flash=")));
    let after = detail(&user, id(&mail)).await;
    assert_eq!((&after["status"], &after["history"][1]["note"]), (&json!("rejected"), &json!("A letter instead")));
    assert_eq!(detail(&user, id(&change)).await["status"], first["status"], "decided once");
}

#[tokio::test]
async fn a_selection_that_waits_for_others_says_so() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let changed = put(&grace, json!({ "quorum": 2 })).await;
    let proposal = changed.expect(200).body["data"]["approvalId"].as_str().unwrap().to_owned();
    let hash = detail(&grace, &proposal).await["hash"].as_str().unwrap().to_owned();
    let form = format!("verdict=approve&picked[]={proposal}.{hash}");
    let own = call(&grace, "approvals/bulk", form.clone()).await;
    assert_eq!(own.expect(200).body["refused"][0]["why"], "Nobody decides on their own proposal.");
    let decidable = |queue: &Reply| queue.expect(200).body["decidable"].clone();
    let list = "tab=waiting&page=1".to_owned();
    assert_eq!(decidable(&call(&grace, "approvals/list", list.clone()).await), json!([]), "her own");
    assert_eq!(decidable(&call(&ada, "approvals/list", list).await), json!([proposal]));
    assert_eq!(call(&ada, "approvals/bulk", form).await.expect(200).body["done"], json!([proposal]));
    let held = |body: &Value| body["data"].as_array().is_some_and(|all| all.len() == 2);
    until(&ada, "/api/approval-policies", held).await;

    let story = Story::of(grace).await;
    let form = format!("verdict=approve&picked[]={}.{}", id(&story.change), story.change["hash"].as_str().unwrap());
    let voted = call(&story.user, "approvals/bulk", form).await.expect(200).body.clone();
    assert_eq!(
        (&voted["waiting"], &voted["done"], &voted["undo_ms"]),
        (&json!([story.change["id"]]), &json!([]), &json!(0))
    );
}

#[tokio::test]
async fn a_selection_says_what_it_would_do_together_and_what_of_it_is_held_back() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let picked = |item: &Value| format!("picked[]={}.{}", id(item), item["hash"].as_str().unwrap());
    let propose = async |who: &Caller, action: &str, arguments: Value| {
        let body = json!({ "action": action, "arguments": arguments });
        who.post("/api/approvals", &body).await.expect(201).body["data"].clone()
    };
    let story = Story::of(grace.clone()).await;
    let items = [
        story.change.clone(),
        story.mail.clone(),
        propose(&ada, "refund", json!({ "amount": 0.1, "currency": "EUR", "order_id": 7 })).await,
        propose(&ada, "refund", json!({ "amount": 0.2, "currency": "EUR", "order_id": 8 })).await,
        propose(&ada, "ship", json!({ "quantity": 3 })).await,
        propose(&grace, "refund", json!({ "amount": 1000, "currency": "EUR" })).await,
    ];
    let all = items.iter().map(picked).collect::<Vec<_>>().join("&");
    let told = call(&grace, "approvals/sum", all).await.expect(200).body.clone();
    let told: Vec<&str> = told.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    for expected in [
        "2 × “refund” by outside agents: amount 0.30 EUR in total. Cannot be taken back.",
        "1 × “ship” by outside agents: quantity 3 in total. Cannot be taken back.",
        "1 × Send a mail: to 1 address. Cannot be taken back.",
        "1 is held back: you may not decide on it.",
    ] {
        assert!(told.contains(&expected), "{expected} is missing: {told:#?}");
    }
    let change = told.iter().find(|line| line.starts_with("1 × Change a record: ")).expect("the change");
    assert!(change.contains("1 record of ") && change.contains(" becomes 20"), "{change}");

    // A program is told the same in figures.
    let ids: Vec<&str> = items.iter().map(id).collect();
    let sum = grace.post("/api/approvals/bulk/preview", &json!({ "ids": ids })).await.expect(200).body["data"].clone();
    assert_eq!((&sum["barred"], &sum["movedOn"], &sum["irreversible"]), (&json!(1), &json!(0), &json!(4)));
    let refunds = json!({
        "tool": "external", "action": "refund", "actions": 2, "irreversible": 2,
        "facts": [{ "kind": "total", "name": "amount", "currency": "EUR", "total": "0.30", "actions": 2 }],
    });
    assert_eq!(sum["groups"][0], refunds, "the most frequent first");
    grace.post("/api/approvals/bulk/preview", &json!({ "ids": [items[0]["id"], NOBODYS] })).await.expect(404);

    // What is decided, or is not as it was shown, is left out of it.
    ada.post(&format!("/api/approvals/{}/reject", id(&story.mail)), &json!({ "reason": "No." })).await.expect(200);
    let stale = format!("{}&picked[]={}.{}", picked(&story.mail), id(&story.change), "0".repeat(64));
    let told = call(&grace, "approvals/sum", stale).await;
    assert_eq!(told.expect(200).body, json!(["2 are not as they were shown any more. Reload the page."]));
    call(&grace, "approvals/sum", format!("picked[]={NOBODYS}.00")).await.expect(404);
    call(&app.sign_up("Eve").await, "approvals/sum", picked(&story.change)).await.expect(404);
}

#[tokio::test]
async fn without_a_script_a_page_says_what_a_selection_would_do_and_decides_on_what_it_showed() {
    let app = TestApp::start().await;
    let grace = app.sign_up("Grace").await;
    let ada = admin(&app, &grace, "Ada").await;
    let refund = async |who: &Caller, amount: f64| {
        let body = json!({ "action": "refund", "arguments": { "amount": amount, "currency": "EUR" } });
        who.post("/api/approvals", &body).await.expect(201).body["data"].clone()
    };
    let (first, second, own) = (refund(&ada, 0.1).await, refund(&ada, 0.2).await, refund(&grace, 5.0).await);
    let mail = Story::of(grace.clone()).await.mail;
    let shown = |item: &Value| format!("{}.{}", id(item), item["hash"].as_str().unwrap());
    let (home, grace) = (home(&grace).await, grace.naming_no_workspace());
    let list = format!("{home}/approvals?type=external");

    // The list is a form that leads there, and says which list it is.
    let queue = grace.get(&list).await.expect(200).text.clone();
    let box_of = format!("name=\"picked\" value=\"{}\"", shown(&first));
    let leads = format!("action=\"{home}/approvals/selected/decide\"");
    for part in [leads.as_str(), &box_of, "name=\"type\" value=\"external\""] {
        assert!(queue.contains(part), "{part} is missing: {queue}");
    }

    let page = async |verdict: &str, items: &[&Value]| {
        let picked = items.iter().map(|item| format!("&picked={}", shown(item))).collect::<Vec<_>>().concat();
        let query = format!("verdict={verdict}&tab=waiting&page=1&type=external{picked}");
        grace.get(&format!("{home}/approvals/selected/decide?{query}")).await.expect(200).text.clone()
    };
    ada.post(&format!("/api/approvals/{}/reject", id(&mail)), &json!({ "reason": "No." })).await.expect(200);
    let asked = page("approve", &[&first, &mail, &own, &second]).await;
    let field = |item: &Value| format!("name=\"picked[]\" value=\"{}\"", shown(item));
    for part in [
        "Approve what you selected?",
        "2 × “refund” by outside agents: amount 0.30 EUR in total. Cannot be taken back.",
        "2 × left out: not decided on.",
        "Nobody decides on their own proposal.",
        "it was changed or decided on meanwhile.",
        &field(&first),
        &field(&second),
        &format!("name=\"back\" value=\"{list}\""),
    ] {
        assert!(asked.contains(part), "{part} is missing: {asked}");
    }
    for item in [&mail, &own] {
        assert!(!asked.contains(&field(item)), "what is left out is in the form: {asked}");
        assert!(asked.contains(item["title"].as_str().unwrap()), "{asked}");
    }
    assert_eq!(detail(&ada, id(&first)).await["status"], "pending", "nothing is decided by looking");

    // A rejection without a reason leads back to the selection. The browser has not said where the form stood.
    let function = format!("approvals/bulk?workspace={}", ada.workspace());
    let back: String = form_urlencoded::byte_serialize(list.as_bytes()).collect();
    let both = format!("back={back}&picked[]={}&picked[]={}", shown(&first), shown(&second));
    let (to, next) = send(&grace, "/", &function, format!("verdict=reject&note=+&{both}")).await;
    assert!(
        to.starts_with(&format!("{home}/approvals/selected/decide?verdict=reject&picked={}", shown(&first))),
        "{to}"
    );
    assert!(to.ends_with("&type=external"), "{to}");
    let again = next.get(&to).await.expect(200).text.clone();
    for part in ["Reject what you selected?", "Please say why; the agent is told.", &field(&second)] {
        assert!(again.contains(part), "{part} is missing: {again}");
    }

    // What is decided on meanwhile is named, and the rest is decided on as it was shown.
    let other = json!({ "reason": "Too much." });
    let grace_there = grace.clone().in_workspace(ada.workspace());
    grace_there.post(&format!("/api/approvals/{}/reject", id(&second)), &other).await.expect(200);
    let (to, next) = send(&grace, "/", &function, format!("verdict=approve&note=&{both}")).await;
    assert_eq!(to, list);
    let told = next.get(&to).await.expect(200).text.clone();
    let (_, report) = told.split_once("1 approved, 1 refused.\n").expect("what came of it");
    assert!(report.starts_with(&format!("{}: ", second["title"].as_str().unwrap())), "{report}");
    let statuses =
        [detail(&ada, id(&first)).await["status"].clone(), detail(&ada, id(&second)).await["status"].clone()];
    assert_eq!(statuses, [json!("approved"), json!("rejected")]);

    // Nothing is left to be decided, and nothing selected is no mistake.
    let over = page("approve", &[&first, &second]).await;
    assert!(over.contains("2 × left out") && !over.contains("name=\"picked[]\""), "{over}");
    assert!(page("approve", &[]).await.contains("Nothing is selected"));
}
