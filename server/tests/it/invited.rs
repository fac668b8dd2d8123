//! Signing up with the link of an invitation: in that workspace at once, and in no other.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    accounts::{World, proved, token_in},
    isolation::functions::call,
    support::{Caller, MailServer, Reply, TestApp, password_of},
};

/// Signs up with the page's form; the names of all test people are fine passwords' owners.
async fn sign_up(app: &TestApp, name: &str, link: &str) -> Reply {
    let email = format!("{}@example.com", name.to_lowercase());
    let next = format!("/invite/{link}");
    let form = [("name", name), ("email", &email), ("password", &password_of(name)), ("next", &next)];
    let request = app.anonymous().request(Method::POST, "/_fn/auth/sign-up").header("accept", "text/html");
    Reply::of(request.form(&form)).await
}

/// Whoever a reply has let in.
fn entered(app: &TestApp, reply: &Reply) -> Caller {
    app.anonymous().with_cookie(&reply.expect(302).cookie().expect("a session"))
}

async fn slugs(who: &Caller) -> Vec<String> {
    let all = who.get("/api/workspaces").await.expect(200).body["data"].clone();
    all.as_array().unwrap().iter().map(|one| one["slug"].as_str().unwrap().to_owned()).collect()
}

fn secret(link: &Value) -> String {
    link.as_str().and_then(|link| link.rsplit('/').next()).expect("a link").to_owned()
}

/// The address of the owner's workspace in the API, and its path as a page.
async fn home(owner: &Caller) -> (String, String) {
    (format!("/api/workspaces/{}", owner.workspace()), format!("/w/{}", slugs(owner).await.remove(0)))
}

#[tokio::test]
async fn whoever_signs_up_with_a_link_is_in_that_workspace_and_has_none_besides() {
    let app = TestApp::start_with(&[]).await;
    let ada = app.sign_up("Ada").await;
    let (here, page) = home(&ada).await;
    let made = ada.post(&format!("{here}/invitations"), &json!({ "role": "viewer" })).await;
    let link = secret(&made.expect(201).body["data"]["link"]);
    let form = app.anonymous().get(&format!("/sign-up?next=/invite/{link}")).await;
    assert!(form.expect(200).text.contains("Ada invites you"), "{}", form.text);

    let bobs = sign_up(&app, "Bob", &link).await;
    assert_eq!(bobs.header("location"), Some(page.as_str()));
    let bob = entered(&app, &bobs);
    assert_eq!(slugs(&bob).await, [page.trim_start_matches("/w/")]);
    assert_eq!(bob.get("/api/auth/session").await.expect(200).body["user"]["emailVerified"], false);
    // Used up: nobody else comes in with it, and no account is made.
    let late = sign_up(&app, "Eve", &link).await;
    assert!(late.cookie().is_none_or(|cookie| !cookie.contains("session")), "{:?}", late.headers);
    let unknown = json!({ "email": "eve@example.com", "password": password_of("Eve") });
    app.anonymous().post("/api/auth/sign-in/email", &unknown).await.expect(401);
}

#[tokio::test]
async fn a_mailed_invitation_proves_its_address_also_where_nobody_else_may_sign_up() {
    let mail = MailServer::start().await;
    let url = format!("smtp://127.0.0.1:{}", mail.port);
    let smtp = [("SMTP_URL", url.as_str()), ("SMTP_FROM", "HYVVE <hyvve@example.com>")];
    let app = TestApp::start_with(&smtp).await;
    let ada = app.sign_up("Ada").await;
    let (here, page) = home(&ada).await;
    let invite = json!({ "email": "bob@example.com", "role": "member" });
    ada.post(&format!("{here}/members"), &invite).await.expect(201);
    let link = mailed_link(&mail, "bob@example.com").await;
    let closed = app.again_with(&[("HYVVE_SIGN_UP", "false"), ("HYVVE_VERIFY_EMAIL", "true")]).await;

    // Neither without the link nor with another address.
    let eve = json!({ "name": "Eve", "email": "eve@example.com", "password": password_of("Eve") });
    closed.anonymous().post("/api/auth/sign-up/email", &eve).await.expect(403);
    let foreign = sign_up(&closed, "Eve", &link).await;
    assert!(foreign.cookie().is_none_or(|cookie| !cookie.contains("session")), "{:?}", foreign.headers);
    let made_up = sign_up(&closed, "Eve", &"A".repeat(43)).await;
    assert!(made_up.cookie().is_none_or(|cookie| !cookie.contains("session")), "{:?}", made_up.headers);

    let bobs = sign_up(&closed, "Bob", &link).await;
    assert_eq!(bobs.header("location"), Some(page.as_str()));
    let bob = entered(&closed, &bobs);
    assert_eq!(bob.get("/api/auth/session").await.expect(200).body["user"]["emailVerified"], true);
    assert_eq!(slugs(&bob).await, [page.trim_start_matches("/w/")]);
}

#[tokio::test]
async fn one_link_makes_one_account_where_sign_up_is_closed_and_addresses_are_proved() {
    let mut world = World::where_addresses_are_proved().await;
    let ada = proved(&world, "Ada").await;
    let (here, page) = home(&ada).await;
    let made = ada.post(&format!("{here}/invitations"), &json!({ "role": "viewer" })).await;
    let link = secret(&made.expect(201).body["data"]["link"]);
    world.app = world.app.again_with(&[("HYVVE_SIGN_UP", "false")]).await;

    let told = sign_up(&world.app, "Bob", &link).await;
    assert_eq!(told.expect(302).header("location"), Some("/verify-email"));
    // It is not used up yet, and nobody else's any more.
    let late = sign_up(&world.app, "Eve", &link).await;
    assert_ne!(late.header("location"), Some("/verify-email"));
    let letter = world.letter("bob@example.com", "Confirm your e-mail address").await;
    let proof = [("token", token_in(&letter)), ("password", password_of("Bob"))];
    call(&world.anyone(), "auth/verify-email", serde_urlencoded::to_string(proof).unwrap()).await.expect(200);
    let bob = json!({ "email": "bob@example.com", "password": password_of("Bob") });
    let entered = world.anyone().post("/api/auth/sign-in/email", &bob).await;
    let bob = world.anyone().with_cookie(&entered.expect(200).cookie().unwrap());
    assert_eq!(slugs(&bob).await, [""; 0], "none of his own");
    bob.post("/api/invitations/accept", &json!({ "token": link })).await.expect(200);
    assert_eq!(slugs(&bob).await, [page.trim_start_matches("/w/")]);
    assert!(world.all("eve@example.com", "").is_empty(), "no account was made for Eve");

    // Whoever belongs nowhere any more gets no workspace unasked either.
    let leave = format!("{here}/leave");
    bob.post(&leave, &json!({})).await.expect(200);
    let again = json!({ "email": "bob@example.com", "password": password_of("Bob") });
    let entered = world.anyone().post("/api/auth/sign-in/email", &again).await;
    assert_eq!(entered.expect(200).body["session"]["activeOrganizationId"], Value::Null);
}

#[tokio::test]
async fn who_has_proved_an_address_and_is_invited_gets_no_workspace_unasked() {
    let world = World::where_addresses_are_proved().await;
    let host = proved(&world, "Ada").await;
    let (here, page) = home(&host).await;
    let invite = json!({ "email": "bob@example.com", "role": "member" });
    host.post(&format!("{here}/members"), &invite).await.expect(201);
    let bob = proved(&world, "Bob").await;
    assert_eq!(slugs(&bob).await, [""; 0]);
    assert_eq!(bob.get("/").await.header("location"), Some("/account/workspaces"));
    let asked = bob.get("/account/workspaces").await.expect(200).text.clone();
    assert!(asked.contains("Ada invites you"), "{asked}");
    let waiting = bob.get("/api/invitations").await.expect(200).body["data"][0]["id"].as_str().unwrap().to_owned();
    let request = bob.request(Method::POST, "/_fn/invitation/accept").header("accept", "text/html");
    let joined = Reply::of(request.form(&[("invitation", waiting)])).await;
    assert_eq!(joined.expect(302).header("location"), Some(page.as_str()));
    assert_eq!(slugs(&bob).await, [page.trim_start_matches("/w/")]);
}

#[tokio::test]
async fn without_a_mail_server_the_link_of_everybody_who_was_invited_is_shown_once() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let here = format!("/w/{}/settings/members", slugs(&ada).await.remove(0));
    let invite = async |emails: &str| {
        let request = ada.request(Method::POST, "/_fn/members/invite").header("accept", "text/html");
        let request = request.header("referer", format!("http://localhost{here}"));
        let sent = Reply::of(request.form(&[("emails", emails), ("role", "viewer")])).await;
        let cookies = format!("hyvve_session={}; {}", ada.token(), sent.expect(302).cookie().unwrap());
        ada.clone().with_cookie(&cookies).get(&here).await.expect(200).text.clone()
    };
    let shown = invite("bob@example.com, eve@example.com\nada@example.com").await;
    assert_eq!(shown.matches("/invite/").count(), 2, "{shown}");
    assert!(shown.contains("For bob@example.com") && shown.contains("For eve@example.com"), "{shown}");
    assert!(shown.contains("Invited 2 people.") && shown.contains("ada@example.com is a member already."), "{shown}");
    // More than can be shown are not invited.
    let many: Vec<String> = (0..40).map(|n| format!("person{n}@example.com")).collect();
    assert!(invite(&many.join(" ")).await.contains("Please invite fewer people at once"));
    let waiting = ada.get(&format!("/api/workspaces/{}/invitations", ada.workspace())).await;
    assert_eq!(waiting.expect(200).body["data"].as_array().unwrap().len(), 2);
}

/// The secret in the invitation that was mailed to this address.
async fn mailed_link(mail: &MailServer, to: &str) -> String {
    for _ in 0..200 {
        let letters = mail.letters();
        if let Some(letter) = letters.iter().find(|letter| letter.contains(&format!("To: {to}"))) {
            let text = letter.replace("=\n", "");
            let (_, rest) = text.split_once("/invite/").expect("a link");
            return rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no letter to {to}");
}
