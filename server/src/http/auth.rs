//! Sign-up, sign-in, sign-out and the session, as better-auth's client calls them.

use axum::{
    Json as Reply,
    http::header,
    response::{IntoResponse, Response},
};
use hyvve_domain::auth::{
    SignIn, SignUp, SignedIn,
    service::{self, SignedUp},
    sessions::{Token, set_cookie},
};
use serde_json::json;

use crate::{
    asking::{Anyone, Person},
    extract::Json,
    reply::{Answer, Success},
};

/// `POST /api/auth/sign-up/email`
pub(crate) async fn sign_up(Anyone(asking): Anyone, Json(input): Json<SignUp>) -> Answer<Response> {
    Ok(match service::sign_up(&asking.services, input, &asking.origin).await? {
        SignedUp::In(signed_in, token) => welcome(&signed_in, &token, asking.secure_cookies),
        SignedUp::Told(user) => Reply(json!({ "token": null, "user": user })).into_response(),
    })
}

/// `POST /api/auth/sign-in/email`
pub(crate) async fn sign_in(Anyone(asking): Anyone, Json(input): Json<SignIn>) -> Answer<Response> {
    let (signed_in, token) = service::sign_in(&asking.services, input, &asking.origin).await?;
    Ok(welcome(&signed_in, &token, asking.secure_cookies))
}

/// `POST /api/auth/sign-out`. Who is not signed in is signed out.
pub(crate) async fn sign_out(Anyone(asking): Anyone) -> Answer<Response> {
    if let Some(token) = &asking.token {
        service::sign_out(&asking.services, token).await?;
    }
    let cookie = [(header::SET_COOKIE, set_cookie(None, asking.secure_cookies))];
    Ok((cookie, Reply(Success::new())).into_response())
}

/// `GET /api/auth/get-session`: without a session, 200 and `null`.
pub(crate) async fn get_session(Anyone(asking): Anyone) -> Reply<Option<SignedIn>> {
    Reply(asking.signed_in)
}

/// `GET /api/auth/session`: without a session, 401.
pub(crate) async fn session(asking: Person) -> Reply<SignedIn> {
    Reply(asking.signed_in)
}

/// The secret goes into the cookie and nowhere else: no script is to read it.
fn welcome(signed_in: &SignedIn, token: &Token, secure: bool) -> Response {
    let cookie = [(header::SET_COOKIE, set_cookie(Some(token), secure))];
    (cookie, Reply(signed_in)).into_response()
}
