//! Workspaces and their people: inviting, joining, roles, leaving, handing over, deleting.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Story, TestApp, answer, id, listing, until};

async fn send(who: &Caller, method: Method, path: &str, body: Value) -> Reply {
    Reply::of(who.request(method, path).json(&body)).await
}

/// The caller's own workspace, below which everything here stands.
fn at(workspace: &str, rest: &str) -> String {
    format!("/api/workspaces/{workspace}{rest}")
}

async fn user_id(who: &Caller) -> String {
    who.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned()
}

/// What stands at the end of an invitation's link.
fn token(invitation: &Value) -> String {
    invitation["link"].as_str().and_then(|link| link.rsplit('/').next()).expect("a link").to_owned()
}

/// Makes `guest` a member of the host's workspace.
pub(crate) async fn join(host: &Caller, guest: &Caller, role: &str) {
    let made = host.post(&at(host.workspace(), "/invitations"), &json!({ "role": role })).await;
    let accept = json!({ "token": token(&made.expect(201).body["data"]) });
    guest.post("/api/invitations/accept", &accept).await.expect(200);
}

#[tokio::test]
async fn an_invited_person_joins_once_and_only_with_the_address_that_was_invited() {
    let mails = tempfile::tempdir().unwrap();
    let app = TestApp::start_with(&[("HYVVE_MAIL_FOLDER", mails.path().to_str().unwrap())]).await;
    let (ada, bob, eve) = (app.sign_up("Ada").await, app.sign_up("Bob").await, app.sign_up("Eve").await);
    let home = ada.workspace().to_owned();
    let invited = ada.post(&at(&home, "/members"), &json!({ "email": " BOB@example.com", "role": "member" })).await;
    let invitation = invited.expect(201).body["data"].clone();
    assert_eq!((&invitation["email"], &invitation["status"]), (&json!("bob@example.com"), &json!("pending")));

    // The mail holds the link, and is written once.
    let link = invitation["link"].as_str().unwrap();
    let text = mail_to(mails.path(), "bob@example.com").await;
    assert!(text.contains(&token(&invitation)), "{text}");

    let accept = json!({ "token": link.rsplit('/').next() });
    let foreign = eve.post("/api/invitations/accept", &accept).await;
    assert!(foreign.expect(403).text.contains("eve@example.com"), "{}", foreign.text);
    app.anonymous().post("/api/invitations/accept", &accept).await.expect(401);
    // An id opens nothing as long as nobody proved the address.
    let by_id = json!({ "invitationId": invitation["id"] });
    eve.post("/api/invitations/accept", &by_id).await.expect(404);
    bob.post("/api/invitations/accept", &by_id).await.expect(403);

    let all = join_all((0..20).map(|_| bob.post("/api/invitations/accept", &accept))).await;
    assert_eq!(all.iter().filter(|reply| reply.status == 200).count(), 1);
    assert!(all.iter().all(|reply| matches!(reply.status.as_u16(), 200 | 409)));
    let bob = bob.in_workspace(&home);
    assert_eq!(bob.get(&at(&home, "")).await.expect(200).body["data"]["id"], json!(home));
    let members = ada.get(&at(&home, "/members")).await;
    assert_eq!(members.expect(200).body["data"].as_array().unwrap().len(), 2);
    let again = ada.post(&at(&home, "/members"), &json!({ "email": "bob@example.com", "role": "member" })).await;
    assert_eq!(again.expect(409).body["error"]["details"]["field"], "email");
}

/// The text of the first mail to an address, as soon as it is there.
async fn mail_to(folder: &std::path::Path, address: &str) -> String {
    for _ in 0..100 {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            if text.contains(&format!("To: {address}")) {
                return text.replace("=\r\n", "").replace("=3D", "=");
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no mail to {address}")
}

#[tokio::test]
async fn a_link_lets_one_person_in_whoever_is_first() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let mut others = Vec::new();
    for n in 0..6 {
        let other = app.sign_up(&format!("Other{n}")).await;
        let id = user_id(&other).await;
        others.push((other, id));
    }
    for round in 0..20 {
        let made = ada.post(&at(ada.workspace(), "/invitations"), &json!({ "role": "viewer" })).await;
        let accept = json!({ "token": token(&made.expect(201).body["data"]) });
        let all = join_all(others.iter().cycle().take(50).map(|(who, _)| who.post("/api/invitations/accept", &accept)));
        let codes: Vec<u16> = all.await.iter().map(|reply| reply.status.as_u16()).collect();
        assert!(codes.iter().all(|code| matches!(code, 200 | 409)), "{round}: {codes:?}");
        let joined: Vec<usize> = codes.iter().enumerate().filter(|(_, code)| **code == 200).map(|(n, _)| n).collect();
        assert_eq!(joined.len(), 1, "{round}: {codes:?}");
        let (_, winner) = &others[joined[0] % others.len()];
        let membership = at(ada.workspace(), &format!("/members/{winner}"));
        send(&ada, Method::DELETE, &membership, json!({})).await.expect(200);
    }
    assert_eq!(ada.get(&at(ada.workspace(), "/invitations")).await.expect(200).body["data"], json!([]));
}

#[tokio::test]
async fn an_invitation_that_is_taken_back_sent_again_or_declined_leaves_no_open_link() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let home = ada.workspace().to_owned();
    let invite = json!({ "email": "bob@example.com", "role": "member" });
    let first = ada.post(&at(&home, "/members"), &invite).await.expect(201).body["data"].clone();
    ada.post(&at(&home, "/members"), &invite).await.expect(409);
    let id = first["id"].as_str().unwrap();
    let again = ada.post(&at(&home, &format!("/invitations/{id}/resend")), &json!({})).await;
    let second = again.expect(200).body["data"].clone();
    assert_eq!(second["id"], first["id"]);
    bob.post("/api/invitations/accept", &json!({ "token": token(&first) })).await.expect(404);
    send(&ada, Method::DELETE, &at(&home, &format!("/invitations/{id}")), json!({})).await.expect(200);
    bob.post("/api/invitations/accept", &json!({ "token": token(&second) })).await.expect(409);
    send(&ada, Method::DELETE, &at(&home, &format!("/invitations/{id}")), json!({})).await.expect(409);

    let third = ada.post(&at(&home, "/members"), &invite).await.expect(201).body["data"].clone();
    bob.post("/api/invitations/reject", &json!({ "token": token(&third) })).await.expect(200);
    bob.post("/api/invitations/accept", &json!({ "token": token(&third) })).await.expect(409);
    assert_eq!(bob.get(&at(&home, "")).await.status, 404);
}

#[tokio::test]
async fn of_many_who_want_one_address_one_gets_a_workspace_and_nobody_half_of_one() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let wanted = json!({ "name": "Team", "slug": "team-of-one" });
    let all = join_all((0..4).map(|_| ada.post("/api/auth/organization/create", &wanted))).await;
    let mut codes: Vec<u16> = all.iter().map(|reply| reply.status.as_u16()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [200, 400, 400, 400]);
    assert_eq!(ada.get("/api/workspaces").await.expect(200).body["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn nobody_comes_back_by_an_own_invitation() {
    let app = TestApp::start().await;
    let (ada, eve, bob) = (app.sign_up("Ada").await, app.sign_up("Eve").await, app.sign_up("Bob").await);
    let home = ada.workspace().to_owned();
    join(&ada, &eve, "admin").await;
    let (admin, her) = (eve.clone().in_workspace(&home), at(&home, &format!("/members/{}", user_id(&eve).await)));
    let invite = async |who: &Caller, role: &str| {
        let made = who.post(&at(&home, "/invitations"), &json!({ "role": role })).await;
        made.expect(201).body["data"].clone()
    };
    let (own, adas) = (invite(&admin, "viewer").await, invite(&ada, "admin").await);
    // Sent again by her it is hers: she has seen its link.
    let other = invite(&ada, "guest").await;
    let other = admin.post(&at(&home, &format!("/invitations/{}/resend", id(&other))), &json!({})).await;
    let other = other.expect(200).body["data"].clone();

    send(&ada, Method::PATCH, &her, json!({ "role": "member" })).await.expect(200);
    for taken_back in [&own, &other] {
        let refused = bob.post("/api/invitations/accept", &json!({ "token": token(taken_back) })).await;
        assert!(refused.expect(409).text.contains("was taken back"), "{}", refused.text);
    }
    let left = ada.get(&at(&home, "/invitations")).await.expect(200).body["data"].clone();
    assert_eq!(left.as_array().unwrap().iter().map(id).collect::<Vec<_>>(), [id(&adas)]);

    send(&ada, Method::PATCH, &her, json!({ "role": "admin" })).await.expect(200);
    let back = invite(&admin, "admin").await;
    send(&ada, Method::DELETE, &her, json!({})).await.expect(200);
    eve.post("/api/invitations/accept", &json!({ "token": token(&back) })).await.expect(409);
    admin.get(&at(&home, "")).await.expect(404);
    bob.post("/api/invitations/accept", &json!({ "token": token(&adas) })).await.expect(200);
    let log = ada.get("/api/audit-log").await;
    let rows = log.expect(200).body["data"].as_array().unwrap().clone();
    assert_eq!(rows.iter().filter(|row| row["action"] == "workspace.invitation.canceled").count(), 3);
}

#[tokio::test]
async fn invitations_by_mail_are_counted_by_address_and_by_workspace() {
    let limits = [("HYVVE_LIMIT_FORGOT_PASSWORD", "2/1h"), ("HYVVE_LIMIT_INVITATIONS", "4/1h")];
    let app = TestApp::start_with(&limits).await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let invite = async |who: &Caller, email: &str| {
        let asked = json!({ "email": email, "role": "viewer", "resend": true });
        who.post(&at(who.workspace(), "/members"), &asked).await
    };
    let bob = invite(&ada, "bob@example.com").await.expect(201).body["data"].clone();
    let again = at(ada.workspace(), &format!("/invitations/{}/resend", id(&bob)));
    ada.post(&again, &json!({})).await.expect(200);
    let shut = |reply: &Reply| {
        let wait: u64 = reply.expect(429).header("retry-after").expect("how long").parse().unwrap();
        assert!((1..=3600).contains(&wait), "{wait}");
    };
    shut(&ada.post(&again, &json!({})).await);
    shut(&invite(&ada, " BOB@example.com").await);
    shut(&invite(&eve, "bob@example.com").await);
    // What comes to nothing costs nothing.
    for _ in 0..5 {
        invite(&ada, "ada@example.com").await.expect(409);
    }
    for name in ["carol", "dan"] {
        invite(&ada, &format!("{name}@example.com")).await.expect(201);
    }
    shut(&invite(&ada, "erin@example.com").await);
    invite(&eve, "erin@example.com").await.expect(201);
    ada.post(&at(ada.workspace(), "/invitations"), &json!({ "role": "viewer" })).await.expect(201);
}

#[tokio::test]
async fn roles_bound_what_members_may_do_to_each_other_from_the_next_request_on() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let home = ada.workspace().to_owned();
    let mut people = Vec::new();
    for (name, role) in [("Adam", "admin"), ("Mia", "member"), ("Vic", "viewer"), ("Gus", "guest")] {
        let person = app.sign_up(name).await;
        join(&ada, &person, role).await;
        people.push((person.clone().in_workspace(&home), role, user_id(&person).await));
    }
    let owner = user_id(&ada).await;
    let member = |id: &str| at(&home, &format!("/members/{id}"));
    let (admin, mia) = (&people[0].0, &people[1]);
    for (person, role, _) in &people {
        let manages = *role == "admin";
        let refused = if manages { 201 } else { 403 };
        let invite = json!({ "email": format!("new-{role}@example.com"), "role": "viewer" });
        person.post(&at(&home, "/members"), &invite).await.expect(refused);
        person.get(&at(&home, "/members")).await.expect(if *role == "guest" { 403 } else { 200 });
        person.get(&at(&home, "/invitations")).await.expect(if manages { 200 } else { 403 });
        let rename = json!({ "name": format!("By {role}") });
        send(person, Method::PATCH, &at(&home, ""), rename).await.expect(if manages { 200 } else { 403 });
        send(person, Method::DELETE, &at(&home, ""), json!({})).await.expect(403);
        person.post(&at(&home, "/transfer"), &json!({ "userId": mia.2 })).await.expect(403);
        // Owners are out of everybody's reach.
        send(person, Method::PATCH, &member(&owner), json!({ "role": "guest" })).await.expect(403);
        send(person, Method::DELETE, &member(&owner), json!({})).await.expect(403);
    }
    send(admin, Method::PATCH, &member(&mia.2), json!({ "role": "owner" })).await.expect(403);
    send(admin, Method::PATCH, &member(&mia.2), json!({ "role": "king" })).await.expect(400);
    admin.post(&at(&home, "/members"), &json!({ "email": "x@example.com", "role": "owner" })).await.expect(400);
    send(admin, Method::PATCH, &member(&mia.2), json!({ "role": "admin" })).await.expect(200);
    mia.0.get(&at(&home, "/invitations")).await.expect(200);
    send(admin, Method::PATCH, &member(&mia.2), json!({ "role": "viewer" })).await.expect(200);
    mia.0.get(&at(&home, "/invitations")).await.expect(403);
    send(admin, Method::DELETE, &member(&mia.2), json!({})).await.expect(200);
    mia.0.get(&at(&home, "")).await.expect(404);
    mia.0.get("/api/records/00000000-0000-7000-8000-000000000000").await.expect(404);
}

#[tokio::test]
async fn a_workspace_never_loses_its_last_owner() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let home = ada.workspace().to_owned();
    ada.post(&at(&home, "/leave"), &json!({})).await.expect(409);
    let me = user_id(&ada).await;
    send(&ada, Method::PATCH, &at(&home, &format!("/members/{me}")), json!({ "role": "admin" })).await.expect(409);
    for round in 0..5 {
        let bob = app.sign_up(&format!("Bob{round}")).await;
        join(&ada, &bob, "admin").await;
        let (bob, id) = (bob.clone().in_workspace(&home), user_id(&bob).await);
        send(&ada, Method::PATCH, &at(&home, &format!("/members/{id}")), json!({ "role": "owner" })).await.expect(200);
        let (leave, nothing) = (at(&home, "/leave"), json!({}));
        let (hers, his) = tokio::join!(ada.post(&leave, &nothing), bob.post(&leave, &nothing));
        let statuses = [hers.status.as_u16(), his.status.as_u16()];
        assert!(statuses.contains(&200) && statuses.contains(&409), "round {round}: {statuses:?}");
        if hers.status == 200 {
            join(&bob, &ada, "admin").await;
            let back = json!({ "userId": me });
            bob.post(&at(&home, "/transfer"), &back).await.expect(200);
            bob.post(&leave, &nothing).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_deleted_workspace_is_out_of_reach_and_comes_back_as_it_was() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let home = ada.workspace().to_owned();
    join(&ada, &bob, "admin").await;
    let bob = bob.in_workspace(&home);
    let wrong = send(&ada, Method::DELETE, &at(&home, ""), json!({ "confirm": "Something" })).await;
    assert_eq!(wrong.expect(400).body["error"]["details"]["field"], "confirm");
    send(&ada, Method::DELETE, &at(&home, ""), json!({})).await.expect(200);
    // Who has no other is sent to where it can be had back.
    let start = ada.clone().naming_no_workspace().get("/").await;
    assert_eq!(start.expect(303).header("location"), Some("/account/workspaces"));
    ada.clone().naming_no_workspace().get("/account/workspaces").await.expect(200);
    for who in [&ada, &bob] {
        who.get(&at(&home, "")).await.expect(404);
        who.get("/api/approvals").await.expect(404);
    }
    bob.post(&at(&home, "/restore"), &json!({})).await.expect(404);
    assert_eq!(bob.get("/api/workspaces/deleted").await.expect(200).body["data"], json!([]));
    let list = ada.get("/api/workspaces/deleted").await;
    assert_eq!(list.expect(200).body["data"][0]["id"], json!(home));
    ada.post(&at(&home, "/restore"), &json!({})).await.expect(200);
    bob.get(&at(&home, "/members")).await.expect(200);
    let log = ada.get("/api/audit-log").await;
    let actions: Vec<_> =
        log.expect(200).body["data"].as_array().unwrap().iter().map(|r| r["action"].clone()).collect();
    for action in ["workspace.member.invited", "workspace.member.joined", "workspace.deleted", "workspace.restored"] {
        assert!(actions.contains(&json!(action)), "{action} is not in {actions:?}");
    }
}

#[tokio::test]
async fn a_person_owns_five_workspaces_at_most_even_when_asking_for_all_at_once() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let names: Vec<_> = (0..12).map(|n| json!({ "name": format!("Team {n}") })).collect();
    let all = join_all(names.iter().map(|name| ada.post("/api/workspaces", name))).await;
    assert_eq!(all.iter().filter(|reply| reply.status == 201).count(), 4);
    assert!(all.iter().all(|reply| matches!(reply.status.as_u16(), 201 | 422)));

    // Nor by being made an owner of somebody else's; and what a stranger owns is nobody's business.
    let bob = app.sign_up("Bob").await;
    let (home, full) = (bob.workspace().to_owned(), user_id(&ada).await);
    bob.post(&at(&home, "/transfer"), &json!({ "userId": full })).await.expect(404);
    let member = at(&home, &format!("/members/{full}"));
    send(&bob, Method::PATCH, &member, json!({ "role": "owner" })).await.expect(404);
    join(&bob, &ada, "admin").await;
    bob.post(&at(&home, "/transfer"), &json!({ "userId": full })).await.expect(422);
    send(&bob, Method::PATCH, &member, json!({ "role": "owner" })).await.expect(422);
}

#[tokio::test]
async fn settings_are_checked_and_an_address_belongs_to_one_workspace() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let home = ada.workspace().to_owned();
    let change = async |body: Value| send(&ada, Method::PATCH, &at(&home, ""), body).await;
    let good = json!({ "name": "Ada & Co", "slug": "ada-co", "timezone": "Europe/Berlin" });
    let changed = change(good.clone()).await.expect(200).body["data"].clone();
    for field in ["name", "slug", "timezone"] {
        assert_eq!(changed[field], good[field]);
    }
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a\r\nBcc: x")),
        ("slug", json!("Not Good")),
        ("timezone", json!("Mars/Olympus")),
        ("image", json!("javascript:alert(1)")),
        ("ownerId", json!("x")),
        ("status", json!("x")),
    ] {
        let refused = change(json!({ field: value })).await;
        assert_eq!(refused.expect(400).body["error"]["details"]["field"], field, "{field}");
    }
    let taken = send(&bob, Method::PATCH, &at(bob.workspace(), ""), json!({ "slug": "ada-co" })).await;
    assert_eq!(taken.expect(409).body["error"]["details"]["field"], "slug");
}

#[tokio::test]
async fn what_the_agents_of_a_removed_member_are_at_stops() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let home = ada.workspace().to_owned();
    join(&ada, &bob, "admin").await;
    let bob = bob.in_workspace(&home);
    let story = Story::of(bob.clone()).await;
    bob.post(&at(&home, "/invitations"), &json!({ "role": "viewer" })).await.expect(201);
    // A provider that lists its model, then takes the question and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", silent.local_addr().unwrap());
    let provider = json!({
        "provider": "openai_compatible", "name": "Silent", "baseUrl": url, "apiKey": "sk-of-nobody", "defaultModel": "m",
        "makeDefault": true,
    });
    let list = async {
        let (asking, _) = silent.accept().await.unwrap();
        answer(asking, listing(&["m"])).await.unwrap();
    };
    let (added, ()) = tokio::join!(ada.post("/api/ai-providers", &provider), list);
    added.expect(201);
    let agent = bob.get("/agents").await.expect(200).body[0]["id"].as_str().unwrap().to_owned();
    let fields = [("message", "Hello"), ("stream", "false"), ("background", "true")];
    let begun = bob.post_form(&format!("/agents/{agent}/runs"), &fields).await;
    let run = format!("/api/runs/{}", begun.expect(202).body["run_id"].as_str().unwrap());
    let _question = silent.accept().await.unwrap();
    assert_eq!(ada.get(&run).await.expect(200).body["data"]["run"]["status"], "RUNNING");
    send(&ada, Method::DELETE, &at(&home, &format!("/members/{}", user_id(&bob).await)), json!({})).await.expect(200);
    let ended = until(&ada, &run, |body| body["data"]["run"]["status"] == "CANCELLED").await;
    // What the person was at is there to be looked at, and to be decided, under no name.
    assert_eq!(ended["data"]["run"]["requester"], "Somebody who is gone");
    let waiting = ada.get("/api/approvals?status=pending").await.expect(200).body["data"].clone();
    let ids: Vec<&str> = waiting.as_array().unwrap().iter().map(id).collect();
    assert!(ids.contains(&id(&story.mail)) && ids.contains(&id(&story.change)), "{waiting}");
    let asked = ada.get(&at(&home, "/invitations")).await.expect(200).body["data"].clone();
    assert_eq!(asked, json!([]), "whom the person had invited might be the person");
}
