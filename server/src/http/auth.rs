//! Sign-up, sign-in, sign-out and the session, as better-auth's client calls them.

use axum::{
    Json as Reply,
    http::header,
    response::{AppendHeaders, IntoResponse, Response},
};
use hyvve_app::context::RequestContext;
use hyvve_domain::auth::{
    SignIn, SignUp, SignedIn, device_token,
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
        SignedUp::In(signed_in, token) => welcome(&asking, &signed_in, &token).await,
        SignedUp::Told(user) => Reply(json!({ "token": null, "user": user })).into_response(),
    })
}

/// `POST /api/auth/sign-in/email`
pub(crate) async fn sign_in(Anyone(asking): Anyone, Json(input): Json<SignIn>) -> Answer<Response> {
    let (signed_in, token) = service::sign_in(&asking.services, input, &asking.origin).await?;
    Ok(welcome(&asking, &signed_in, &token).await)
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

/// The secret goes into the cookie and nowhere else: no script is to read it. The browser is a known one from now on.
async fn welcome(asking: &RequestContext, signed_in: &SignedIn, token: &Token) -> Response {
    let session = (header::SET_COOKIE, set_cookie(Some(token), asking.secure_cookies));
    let device = device_token::cookie(&asking.services, signed_in.user.id, &asking.origin).await;
    let cookies = [session].into_iter().chain(device.map(|cookie| (header::SET_COOKIE, cookie)));
    (AppendHeaders(cookies), Reply(signed_in)).into_response()
}
