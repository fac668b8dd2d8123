//! A server that sends no mail: whoever runs it passes on the links that people ask for, and nobody else sees them.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::{
    accounts::{reset, sign_in, token_in},
    assignment::{in_database, number},
    isolation::functions::call,
    jobs::counts,
    support::TestApp,
};

const PAGE: &str = "/operator/letters";
const KEPT: &str = "SELECT count(*) FROM letters WHERE state = 'kept' AND sealed IS NOT NULL";
const NEW: &str = "quite another long secret";

#[tokio::test]
async fn a_link_that_cannot_be_mailed_is_passed_on_by_an_operator_and_seen_by_nobody_else() {
    let app = TestApp::start_with(&[("HYVVE_OPERATORS", "ada@example.com")]).await;
    let url = app.setting("DATABASE_URL");
    let (ada, eve) = (app.sign_up("Ada").await.naming_no_workspace(), app.sign_up("Eve").await.naming_no_workspace());
    ada.get(PAGE).await.expect(404);
    in_database(url, "UPDATE users SET email_verified = true").await;
    // A session is remembered for a moment as it was.
    let since = Instant::now();
    while ada.get(PAGE).await.status.as_u16() != 200 {
        assert!(since.elapsed() < Duration::from_secs(10), "she runs the installation");
        sleep(Duration::from_millis(100)).await;
    }
    assert!(ada.get(PAGE).await.expect(200).text.contains("No letter waits"));
    assert!(ada.get("/account/profile").await.expect(200).text.contains(PAGE), "it can be found");

    call(&app.anonymous(), "auth/forgot-password", "email=eve%40example.com".to_owned()).await.expect(200);
    counts(url, KEPT, 1).await;
    let told = app.anonymous().get("/forgot-password").await;
    assert!(told.expect(200).text.contains("This server sends no mail"), "{}", told.text);
    let asked = json!({ "email": "nobody@example.com" });
    let told = app.anonymous().post("/api/auth/request-password-reset", &asked).await;
    assert!(told.expect(200).text.contains("This server sends no mail"), "{}", told.text);
    eve.get(PAGE).await.expect(404);
    app.anonymous().get(PAGE).await.expect(303);
    assert!(!eve.get("/account/profile").await.expect(200).text.contains(PAGE));

    let page = ada.get(PAGE).await.expect(200).text.clone();
    assert!(page.contains("Choose a new password") && page.contains("eve@example.com"), "{page}");
    let token: String =
        token_in(&page).chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    reset(&app.anonymous(), &token, NEW).await.expect(200);
    sign_in(&app.anonymous(), "eve@example.com", NEW).await.expect(200);
    // That it was changed is told as well, but nobody needs that letter: it is not kept.
    counts(url, "SELECT count(*) FROM letters WHERE state = 'failed' AND subject = 'Your password was changed'", 1)
        .await;
    assert_eq!(number(url, KEPT).await, 1);

    in_database(url, "UPDATE letters SET ended_at = now() - interval '25 hours' WHERE state = 'kept'").await;
    assert!(ada.get(PAGE).await.expect(200).text.contains("No letter waits"), "after a day it is gone");
}

#[tokio::test]
async fn where_letters_are_written_into_a_folder_none_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_with(&[("HYVVE_MAIL_FOLDER", &folder.path().display().to_string())]).await;
    let url = app.setting("DATABASE_URL");
    app.sign_up("Eve").await;
    call(&app.anonymous(), "auth/forgot-password", "email=eve%40example.com".to_owned()).await.expect(200);
    counts(url, "SELECT count(*) FROM letters WHERE state = 'sent' AND subject = 'Choose a new password'", 1).await;
    assert_eq!(number(url, KEPT).await, 0);
    assert!(!app.anonymous().get("/forgot-password").await.expect(200).text.contains("sends no mail"));
}
