//! Whose account it is that a provider vouches for.

use serde_json::json;

use super::{SOCIAL, Two, param};
use crate::{
    accounts::{NEW, reset, sign_in},
    support::password_of,
};

#[tokio::test]
async fn somebody_new_gets_an_account_and_is_the_same_person_when_coming_back() {
    let two = Two::new().await;
    let mut ada = two.browser();
    let wish = json!({ "provider": "google", "callbackURL": "/account/profile", "newUserCallbackURL": "/account/workspaces?x=1" });
    let left = ada.post(SOCIAL, &wish).await;
    let cookie = left.expect(200).header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.starts_with("hyvve_openid=") && cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let out = left.body["url"].as_str().unwrap().to_owned();
    assert_eq!(
        (param(&out, "code_challenge_method"), param(&out, "response_type")),
        ("S256".to_owned(), "code".to_owned())
    );
    assert_eq!(param(&out, "scope"), "openid+email+profile");
    assert!(
        param(&out, "nonce").len() == 43
            && param(&out, "state").len() == 43
            && param(&out, "code_challenge").len() == 43
    );
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(!out.contains(secret), "the browser's secret goes to the provider");

    let back = ada.pick(&out, "ada").await;
    let welcome = ada.get(&back).await;
    assert_eq!(welcome.expect(302).header("location"), Some("/account/workspaces?x=1"));
    let cookie = welcome.header("set-cookie").unwrap();
    assert!(cookie.starts_with("hyvve_session=") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let user = ada.user().await;
    assert_eq!(
        (&user["email"], &user["emailVerified"], &user["name"]),
        (&json!("ada@example.com"), &json!(true), &json!("Ada Lovelace"))
    );
    ada.get("/api/approvals").await.expect(200);
    assert_eq!(ada.audit("auth.signed_up").await[0]["details"], json!({ "provider": "google" }));

    let mut again = two.browser();
    let out = again.out(SOCIAL, wish).await;
    let back = again.pick(&out, "ada").await;
    assert_eq!(again.get(&back).await.expect(302).header("location"), Some("/account/profile"));
    assert_eq!(again.user().await["id"], user["id"]);
    assert_eq!(again.audit("auth.signed_in").await[0]["details"], json!({ "provider": "google" }));
    let accounts = again.accounts().await;
    assert_eq!(accounts.len(), 1);
    assert_eq!(
        (&accounts[0]["providerId"], &accounts[0]["accountId"], &accounts[0]["userId"], &accounts[0]["scopes"]),
        (&json!("google"), &json!("ada"), &user["id"], &json!([]))
    );
    // The same subject of another provider is somebody else, who has the same proved address: it is linked.
    let mut company = two.browser();
    let out = company.out(SOCIAL, json!({ "provider": "company" })).await;
    let back = company.pick(&out, "ada").await;
    assert_eq!(company.get(&back).await.expect(302).header("location"), Some("/"));
    assert_eq!((company.user().await["id"].clone(), company.accounts().await.len()), (user["id"].clone(), 2));
    two.world.letter("ada@example.com", "The Company was linked to your account").await;
}

#[tokio::test]
async fn an_address_links_an_account_only_where_both_sides_have_proved_it() {
    let two = Two::new().await;
    let ada = two.world.app.sign_up("Ada").await;
    let id = ada.get("/api/auth/session").await.body["user"]["id"].clone();

    // HYVVE has not: whoever signed up with this address need not be the one who has it.
    let mut browser = two.browser();
    let refused = two.google(&mut browser, "ada").await;
    assert_eq!(refused.expect(302).header("location"), Some("/sign-in"));
    let page = browser.read(&refused).await;
    assert!(page.contains("link Google under Account → Security"), "{page}");
    assert!(browser.session().await.is_none());
    assert_eq!(two.browser_of(&ada).accounts().await.len(), 1);

    // The provider has not.
    let link = two.world.reset_link("ada@example.com").await;
    reset(&two.world.anyone(), &link, NEW).await.expect(200);
    let mut mallory = two.browser();
    let refused = two.google(&mut mallory, "mallory").await;
    assert!(mallory.read(&refused).await.contains("it is not certain that it is yours"));
    assert!(mallory.session().await.is_none());

    // Both have.
    let linked = two.google(&mut browser, "ada").await;
    assert_eq!(linked.expect(302).header("location"), Some("/"));
    assert_eq!(browser.user().await["id"], id);
    let accounts = browser.accounts().await;
    let providers: Vec<_> = accounts.iter().map(|account| account["providerId"].as_str().unwrap()).collect();
    assert_eq!(providers, ["credential", "google"]);
    two.world.letter("ada@example.com", "Google was linked to your account").await;
    let noted = browser.audit("auth.linked").await;
    assert_eq!(noted[0]["personal"]["after"], json!({ "provider": "google", "email": "ada@example.com" }));
    sign_in(&two.world.anyone(), "ada@example.com", NEW).await.expect(200);
}

#[tokio::test]
async fn where_addresses_are_proved_a_provider_that_has_not_is_refused() {
    let two = Two::with(&[("HYVVE_VERIFY_EMAIL", "true")]).await;
    for (person, why) in [
        ("una", "Google has not confirmed that una@example.com is your address."),
        ("nobody", "Google did not tell us your e-mail address"),
        ("strange", "Please enter an address of plain letters"),
    ] {
        let mut browser = two.browser();
        let refused = two.google(&mut browser, person).await;
        assert_eq!(refused.expect(302).header("location"), Some("/sign-in"), "{person}");
        assert!(browser.read(&refused).await.contains(why), "{person}");
        assert!(browser.session().await.is_none(), "{person}");
    }
    for person in ["bob", "worded"] {
        let mut browser = two.browser();
        two.google(&mut browser, person).await;
        let user = browser.user().await;
        assert_eq!((&user["email"], &user["emailVerified"]), (&json!(format!("{person}@example.com")), &json!(true)));
    }
}

/// Una could be anybody who wrote this address. Once its owner proves it, what Una had linked is gone.
#[tokio::test]
async fn who_proves_an_address_is_alone_in_its_account() {
    let two = Two::new().await;
    let mut una = two.browser();
    two.google(&mut una, "una").await;
    let user = una.user().await;
    assert_eq!((&user["email"], &user["emailVerified"]), (&json!("una@example.com"), &json!(false)));
    let link = two.world.reset_link("una@example.com").await;
    reset(&two.world.anyone(), &link, NEW).await.expect(200);
    assert!(una.session().await.is_none());
    let refused = two.google(&mut una, "una").await;
    assert!(una.read(&refused).await.contains("it is not certain that it is yours"));
    assert!(una.session().await.is_none());
    let owner = sign_in(&two.world.anyone(), "una@example.com", NEW).await;
    let owner = two.world.anyone().with_cookie(&owner.expect(200).cookie().unwrap());
    assert_eq!(owner.get("/api/auth/session").await.body["user"]["id"], user["id"]);
    assert_eq!(two.browser_of(&owner).accounts().await.len(), 1);
}

#[tokio::test]
async fn where_sign_up_is_closed_a_provider_opens_it_for_nobody() {
    let two = Two::with(&[("HYVVE_SIGN_UP", "false")]).await;
    let mut browser = two.browser();
    let refused = two.google(&mut browser, "ada").await;
    assert!(browser.read(&refused).await.contains("Sign-up is closed here."));
    assert!(browser.session().await.is_none());
}

#[tokio::test]
async fn whoever_is_invited_comes_in_by_a_provider_as_well_and_one_link_lets_in_one() {
    let mut two = Two::new().await;
    let ada = two.world.app.sign_up("Host").await;
    let invitations = format!("/api/workspaces/{}/invitations", ada.workspace());
    let made = ada.post(&invitations, &json!({ "role": "viewer" })).await;
    let link =
        made.expect(201).body["data"]["link"].as_str().and_then(|link| link.rsplit('/').next()).unwrap().to_owned();
    two.world.app = two.world.app.again_with(&[("HYVVE_SIGN_UP", "false")]).await;

    let (mut first, mut second) = (two.browser(), two.browser());
    let invited = json!({ "provider": "google", "callbackURL": format!("/invite/{link}") });
    let out = first.out(SOCIAL, invited.clone()).await;
    let back = first.pick(&out, "ada").await;
    assert_eq!(first.get(&back).await.expect(302).header("location"), Some("/"));
    let own = first.get("/api/workspaces").await.expect(200).body["data"].clone();
    assert_eq!(own.as_array().unwrap().len(), 1, "{own}");
    assert_eq!(own[0]["id"], json!(ada.workspace()));

    let out = second.out(SOCIAL, invited).await;
    let back = second.pick(&out, "bob").await;
    second.get(&back).await.expect(302);
    assert_eq!(second.session().await, None, "the link is used up");
}

#[tokio::test]
async fn an_account_of_a_password_is_not_reached_by_an_id_token_from_a_browser() {
    let two = Two::new().await;
    let sent = json!({ "provider": "google", "idToken": { "token": "e30.e30." } });
    let refused = two.browser().post(SOCIAL, &sent).await;
    assert_eq!(refused.expect(400).body["code"], "VALIDATION_ERROR");
    let unknown = two.browser().post(SOCIAL, &json!({ "provider": "github" })).await;
    assert_eq!(unknown.expect(404).body["code"], "NOT_FOUND");
    two.world.app.sign_up("Ada").await;
    sign_in(&two.world.anyone(), "ada@example.com", &password_of("Ada")).await.expect(200);
}
