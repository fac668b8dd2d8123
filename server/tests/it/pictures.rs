//! Pictures of people and of workspaces: what is taken, what is kept, and who sees it.

use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::future::join_all;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};

use crate::{
    isolation::NOBODYS,
    support::{Caller, Reply, TestApp, password_of},
};

const ACCOUNT: &str = "/api/account/picture";

/// A picture as a file.
pub(crate) fn a_picture() -> Vec<u8> {
    picture_of(40, 30)
}

/// The same as better-auth's clients send it.
pub(crate) fn data_url() -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(a_picture()))
}

/// The form that a page sends.
pub(crate) fn form_of(file: Vec<u8>) -> Form {
    Form::new().part("image", Part::bytes(file).file_name("me.png").mime_str("image/png").unwrap())
}

fn picture_of(width: u32, height: u32) -> Vec<u8> {
    let picture: DynamicImage = RgbImage::from_pixel(width, height, Rgb([217, 154, 6])).into();
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// As a program.
async fn upload(who: &Caller, to: &str, file: Vec<u8>) -> Reply {
    Reply::of(who.request(Method::POST, to).multipart(form_of(file))).await
}

/// As a browser without scripts, from a page.
async fn submit(who: &Caller, to: &str, form: Form, page: &str) -> Reply {
    let request = who.request(Method::POST, to).header("accept", "text/html,application/xhtml+xml");
    Reply::of(request.header("referer", format!("http://localhost{page}?x=1")).multipart(form)).await
}

fn of_workspace(who: &Caller) -> String {
    format!("/api/workspaces/{}/picture", who.workspace())
}

fn image(reply: &Reply) -> String {
    reply.expect(200).body["data"]["image"].as_str().expect("a picture").to_owned()
}

async fn join(owner: &Caller, other: &Caller, role: &str) {
    let path = format!("/api/workspaces/{}/invitations", owner.workspace());
    let link = owner.post(&path, &json!({ "role": role })).await.expect(201).body["data"]["link"].clone();
    let token = link.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    other.post("/api/invitations/accept", &json!({ "token": token })).await.expect(200);
}

async fn own_image(who: &Caller) -> Value {
    who.get("/api/auth/session").await.expect(200).body["user"]["image"].clone()
}

/// How many pictures are kept, of people and of workspaces.
async fn kept(app: &TestApp) -> (i64, i64) {
    let mut conn = PgConnection::connect(app.setting("DATABASE_SYSTEM_URL")).await.unwrap();
    let count = "SELECT (SELECT count(*) FROM user_pictures), (SELECT count(*) FROM workspace_pictures)";
    sqlx::query_as(count).fetch_one(&mut conn).await.unwrap()
}

#[tokio::test]
async fn an_uploaded_picture_is_drawn_anew_and_shown_where_its_person_is_named() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let mut file = picture_of(900, 400);
    file.extend(b"<script>alert(1)</script>");
    let path = image(&upload(&ada, ACCOUNT, file).await);
    assert_eq!(own_image(&ada).await, json!(path));

    let response = ada.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("image/png"));
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
    assert_eq!(header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(header("cache-control"), Some("private, max-age=31536000, immutable"));
    let bytes = response.bytes().await.unwrap();
    let drawn = image::load_from_memory_with_format(&bytes, ImageFormat::Png).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (256, 256));
    assert!(!bytes.windows(7).any(|word| word == b"<script"), "what hid behind the picture is served");

    let tag = header("etag").unwrap();
    for (asked, status) in [(tag.to_owned(), 304), (format!("\"x\", W/{tag}"), 304), ("\"x\"".to_owned(), 200)] {
        Reply::of(ada.request(Method::GET, &path).header("if-none-match", asked)).await.expect(status);
    }
    let stranger = app.sign_up("Eve").await;
    Reply::of(stranger.request(Method::GET, &path).header("if-none-match", tag)).await.expect(404);

    let slug = ada.get(&format!("/api/workspaces/{}", ada.workspace())).await.body["data"]["slug"].clone();
    let of_workspace = image(&upload(&ada, &of_workspace(&ada), a_picture()).await);
    for (page, person, workspace) in [
        ("/account/profile".to_owned(), true, false),
        ("/account/workspaces".to_owned(), false, true),
        (format!("/w/{}/approvals", slug.as_str().unwrap()), true, true),
        (format!("/w/{}/settings/members", slug.as_str().unwrap()), true, true),
        (format!("/w/{}/settings/general", slug.as_str().unwrap()), true, true),
    ] {
        let shown = ada.get(&page).await;
        assert_eq!(shown.expect(200).text.contains(&format!("<img src=\"{path}\" alt=\"\"")), person, "{page}");
        assert_eq!(shown.text.contains(&format!("<img src=\"{of_workspace}\" alt=\"\"")), workspace, "{page}");
    }
    let members = ada.get(&format!("/api/workspaces/{}/members", ada.workspace())).await;
    assert_eq!(members.expect(200).body["data"][0]["image"], json!(path));
    let members = ada.get("/api/auth/organization/list-members").await;
    assert_eq!(members.expect(200).body["members"][0]["user"]["image"], json!(path));
    let organizations = ada.get("/api/auth/organization/list").await;
    assert_eq!(organizations.expect(200).body[0]["logo"], json!(of_workspace));
}

#[tokio::test]
async fn a_picture_is_seen_by_those_who_see_its_owner_and_unknown_to_everybody_else() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let (gus, eve) = (app.sign_up("Gus").await, app.sign_up("Eve").await);
    let of_ada = image(&upload(&ada, ACCOUNT, a_picture()).await);
    let of_bob = image(&upload(&bob, ACCOUNT, a_picture()).await);
    let of_home = image(&upload(&ada, &of_workspace(&ada), a_picture()).await);
    join(&ada, &bob, "viewer").await;
    join(&ada, &gus, "guest").await;

    // Ada's, Bob's, their workspace's.
    let see = async |who: &Caller| {
        let mut statuses = Vec::new();
        for path in [&of_ada, &of_bob, &of_home] {
            statuses.push(who.get(path).await.status.as_u16());
        }
        statuses
    };
    assert_eq!(see(&ada).await, [200, 200, 200]);
    assert_eq!(see(&bob).await, [200, 200, 200]);
    // Guests do not see who else is there.
    assert_eq!(see(&gus).await, [404, 404, 200]);
    assert_eq!(see(&eve).await, [404, 404, 404]);
    assert_eq!(see(&app.anonymous()).await, [401, 401, 401]);
    let unknown = eve.get(&format!("/api/pictures/{NOBODYS}")).await;
    assert_eq!(eve.get(&of_ada).await.without_id(), unknown.expect(404).without_id());

    // Programs see what is in their workspace, and reading is what they are for.
    let program = async |who: &Caller, workspace: &str, scope: &str| {
        let path = format!("/api/workspaces/{workspace}/api-keys");
        let made = who.post(&path, &json!({ "name": "x", "scopes": [scope] })).await;
        app.anonymous().with_key(made.expect(201).body["data"]["secret"].as_str().unwrap())
    };
    assert_eq!(see(&program(&ada, ada.workspace(), "read").await).await, [200, 200, 200]);
    assert_eq!(see(&program(&ada, ada.workspace(), "propose").await).await, [403, 403, 403]);
    assert_eq!(see(&program(&bob, bob.workspace(), "read").await).await, [404, 200, 404]);
    let minted = bob.get("/api/auth/token").await;
    let token = app.anonymous().with_key(minted.expect(200).body["token"].as_str().unwrap());
    assert_eq!(see(&token).await[1], 200);

    bob.post(&format!("/api/workspaces/{}/leave", ada.workspace()), &json!({})).await.expect(200);
    assert_eq!(see(&bob).await, [404, 200, 404]);
    assert_eq!(see(&ada).await, [200, 404, 200]);
    // Nobody enters a deleted workspace.
    let delete = ada.request(Method::DELETE, &format!("/api/workspaces/{}", ada.workspace()));
    Reply::of(delete.json(&json!({}))).await.expect(200);
    assert_eq!(see(&gus).await, [404, 404, 404]);
    assert_eq!(see(&ada).await, [200, 404, 404]);
}

#[tokio::test]
async fn what_is_no_picture_or_too_large_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let path = image(&upload(&ada, ACCOUNT, a_picture()).await);
    // A PNG of 60,000 by 60,000 points, of which there are none.
    let mut bomb = a_picture();
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let mut sum = flate_crc(&bomb[12..29]);
    bomb[29..33].swap_with_slice(&mut sum);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    let mut truncated = a_picture();
    truncated.truncate(50);
    for (file, status, constraint) in [
        (vec![0; (2 << 20) + 1], 413, "maxLength"),
        (vec![0; 5 << 20], 413, "maxLength"),
        (vec![0; 2 << 20], 400, "picture"),
        (bomb, 400, "maxPixels"),
        (svg, 400, "picture"),
        (b"hello".to_vec(), 400, "picture"),
        (truncated, 400, "picture"),
        (Vec::new(), 400, "required"),
    ] {
        for to in [ACCOUNT.to_owned(), of_workspace(&ada)] {
            let refused = upload(&ada, &to, file.clone()).await;
            let error = &refused.expect(status).body["error"]["details"];
            assert_eq!((&error["field"], &error["constraint"]), (&json!("image"), &json!(constraint)));
        }
    }
    for body in [json!({}), json!({ "image": "x" })] {
        ada.post(ACCOUNT, &body).await.expect(400);
    }
    // Other addresses take no files, whatever they are called.
    let form = Form::new().part("message", Part::bytes(vec![0xFF; 8]));
    Reply::of(ada.request(Method::POST, "/api/account/picture/x").multipart(form)).await.expect(400);
    let evil = ada.request(Method::POST, ACCOUNT).header("origin", "https://evil.example");
    Reply::of(evil.multipart(form_of(picture_of(9, 9)))).await.expect(403);
    upload(&app.anonymous(), ACCOUNT, a_picture()).await.expect(401);
    upload(&app.anonymous(), ACCOUNT, vec![0; 3 << 20]).await.expect(401);

    assert_eq!(own_image(&ada).await, json!(path));
    ada.get(&path).await.expect(200);
    assert_eq!(kept(&app).await, (1, 0));
}

#[tokio::test]
async fn a_picture_that_was_replaced_or_taken_away_is_gone() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    for to in [ACCOUNT.to_owned(), of_workspace(&ada)] {
        let first = image(&upload(&ada, &to, a_picture()).await);
        let second = image(&upload(&ada, &to, picture_of(300, 300)).await);
        ada.get(&first).await.expect(404);
        ada.get(&second).await.expect(200);
        let removed = Reply::of(ada.request(Method::POST, &to).multipart(Form::new().text("remove", "true"))).await;
        assert_eq!(removed.expect(200).body["data"]["image"], Value::Null);
        ada.get(&second).await.expect(404);
    }
    assert_eq!(kept(&app).await, (0, 0));
    let log = ada.get("/api/audit-log").await;
    let rows = log.expect(200).body["data"].as_array().unwrap().clone();
    let (mine, ours) = (json!("account.updated"), json!("workspace.updated"));
    let of = |action: &Value| rows.iter().filter(|row| row["action"] == *action).cloned().collect::<Vec<_>>();
    assert_eq!((of(&mine).len(), of(&ours).len()), (3, 3), "{}", log.text);
    assert_eq!(of(&mine)[0]["personal"]["after"]["image"], Value::Null);
    assert_eq!(of(&mine)[1]["personal"]["before"]["image"], of(&mine)[2]["personal"]["after"]["image"]);
    assert_eq!(of(&ours)[0]["details"]["before"]["image"], of(&ours)[1]["details"]["after"]["image"]);
}

#[tokio::test]
async fn of_many_uploads_at_once_one_picture_stays() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    for to in [ACCOUNT.to_owned(), of_workspace(&ada)] {
        let to = &to;
        let ada = &ada;
        let all = join_all((0..20).map(async |number| {
            if number % 4 == 3 {
                Reply::of(ada.request(Method::POST, to).multipart(Form::new().text("remove", "true"))).await
            } else {
                upload(ada, to, a_picture()).await
            }
        }));
        let mut paths = Vec::new();
        for reply in all.await {
            paths.extend(reply.expect(200).body["data"]["image"].as_str().map(str::to_owned));
        }
        let last = image(&upload(ada, to, a_picture()).await);
        for path in paths {
            ada.get(&path).await.expect(404);
        }
        ada.get(&last).await.expect(200);
    }
    assert_eq!(kept(&app).await, (1, 1));
}

#[tokio::test]
async fn programs_of_better_auth_send_the_picture_itself_and_no_address_elsewhere() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let workspace = format!("/api/workspaces/{}", ada.workspace());
    let person = async |image: Value| ada.post("/api/auth/update-user", &json!({ "image": image })).await;
    let logo = async |logo: Value| {
        ada.post(
            "/api/auth/organization/update",
            &json!({ "organizationId": ada.workspace(), "data": { "logo": logo } }),
        )
        .await
    };
    let ours =
        async |image: Value| Reply::of(ada.request(Method::PATCH, &workspace).json(&json!({ "image": image }))).await;
    person(json!(data_url())).await.expect(200);
    let path = own_image(&ada).await;
    person(path.clone()).await.expect(200);
    assert_eq!(own_image(&ada).await, path, "whoever sends the whole profile back keeps the picture");
    ada.post("/api/auth/update-user", &json!({ "name": "Countess" })).await.expect(200);
    assert_eq!(own_image(&ada).await, path);
    let first = logo(json!(data_url())).await.expect(200).body["logo"].clone();
    let second = ours(json!(data_url())).await.expect(200).body["data"]["image"].clone();
    assert_ne!(first, second);
    assert_eq!(ours(second.clone()).await.expect(200).body["data"]["image"], second);
    let renamed = Reply::of(ada.request(Method::PATCH, &workspace).json(&json!({ "name": "Ada & Co" }))).await;
    assert_eq!(renamed.expect(200).body["data"]["image"], second, "what is not named stays");

    let create =
        async |logo: Value| ada.post("/api/auth/organization/create", &json!({ "name": "Third", "logo": logo })).await;
    for bad in ["https://tracker.example/pixel.gif", "//tracker.example/x.png", path.as_str().unwrap(), "/x.png"] {
        ours(json!(bad)).await.expect(400);
        logo(json!(bad)).await.expect(400);
        create(json!(bad)).await.expect(400);
    }
    let refused = person(json!("https://tracker.example/pixel.gif")).await;
    assert!(refused.expect(400).text.contains("would tell its host who looks at it"), "{}", refused.text);
    assert_eq!(ada.get("/api/workspaces").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    assert!(create(json!(data_url())).await.expect(200).body["logo"].is_string());

    person(Value::Null).await.expect(200);
    logo(Value::Null).await.expect(200);
    assert_eq!(own_image(&ada).await, Value::Null);
    ada.get(path.as_str().unwrap()).await.expect(404);
    ada.get(second.as_str().unwrap()).await.expect(404);
}

#[tokio::test]
async fn forms_without_scripts_go_back_to_their_page_with_what_has_come_of_them() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let slug = ada.get(&format!("/api/workspaces/{}", ada.workspace())).await.body["data"]["slug"].clone();
    let general = format!("/w/{}/settings/general", slug.as_str().unwrap());
    for (to, page) in [(ACCOUNT.to_owned(), "/account/profile"), (of_workspace(&ada), general.as_str())] {
        let shown = ada.get(page).await;
        assert!(shown.expect(200).text.contains(&format!("action=\"{to}\"")), "{page}");
        assert!(shown.text.contains("enctype=\"multipart/form-data\"") && !shown.text.contains("Remove the picture"));
        for (file, said) in [
            (a_picture(), "Saved."),
            (vec![0; 5 << 20], "This file is too large: at most 2 MB, please."),
            (b"hello".to_vec(), "This is no picture that we can read."),
            (Vec::new(), "Please choose a picture first."),
        ] {
            let sent = submit(&ada, &to, form_of(file), page).await;
            assert_eq!(sent.expect(303).header("location"), Some(page), "{said}");
            let told = ada.clone().and_cookie(&sent.cookie_named("hyvve_flash").unwrap()).get(page).await;
            assert!(told.expect(200).text.contains(said) && told.text.contains("Remove the picture"), "{said}");
        }
        let removed = submit(&ada, &to, Form::new().text("remove", "true"), page).await;
        assert_eq!(removed.expect(303).header("location"), Some(page));
        assert!(!ada.get(page).await.expect(200).text.contains("/api/pictures/"), "{page}");
    }
    // Nobody is sent elsewhere, and whoever is not signed in any more comes to where one signs in.
    let sent = submit(&app.anonymous(), ACCOUNT, form_of(a_picture()), "//evil.example/").await;
    assert_eq!(sent.expect(303).header("location"), Some("/"));
    let sent = submit(&app.anonymous(), ACCOUNT, form_of(a_picture()), "/account/profile").await;
    assert_eq!(sent.expect(303).header("location"), Some("/account/profile"));
}

#[tokio::test]
async fn pictures_go_with_the_account_and_with_the_workspace() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    join(&ada, &bob, "viewer").await;
    let path = image(&upload(&bob, ACCOUNT, a_picture()).await);
    upload(&bob, &of_workspace(&bob), a_picture()).await.expect(200);
    ada.get(&path).await.expect(200);
    assert_eq!(kept(&app).await, (1, 1));
    bob.post("/api/auth/delete-user", &json!({ "password": password_of("Bob") })).await.expect(200);
    ada.get(&path).await.expect(404);
    // The workspace can be had back for a while.
    assert_eq!(kept(&app).await, (0, 1));
    let mut conn = PgConnection::connect(app.setting("DATABASE_SYSTEM_URL")).await.unwrap();
    conn.execute("UPDATE workspaces SET deleted_at = now() - interval '31 days' WHERE deleted_at IS NOT NULL")
        .await
        .unwrap();
    conn.execute("DELETE FROM workspaces WHERE deleted_at IS NOT NULL").await.unwrap();
    assert_eq!(kept(&app).await, (0, 0));
}

/// As PNG sums its chunks.
fn flate_crc(bytes: &[u8]) -> [u8; 4] {
    let step = |sum: u32| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
    (!bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))).to_be_bytes()
}
