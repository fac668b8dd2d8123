//! Sign-up, sign-in, sign-out and the session, as better-auth's client calls them.

use axum::{
    Json as Reply,
    http::header,
    response::{AppendHeaders, IntoResponse, Response},
};
use hyvve_app::context::RequestContext;
use hyvve_domain::auth::{
    Session, SignIn, SignUp, SignedIn, User, device_token,
    service::{self, Begun, SignedUp},
    sessions::set_cookie,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{
    asking::{Anyone, Person},
    extract::Json,
    reply::{Answer, Success},
};

/// A person with the session, as better-auth's client expects them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignedIn")]
pub(crate) struct Seen {
    user: SeenUser,
    session: Session,
}

/// A person, with what the plugin `twoFactor` adds.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SignedInUser")]
struct SeenUser {
    #[serde(flatten)]
    user: User,
    /// Each live session of an account with a second factor has shown it.
    two_factor_enabled: bool,
}

impl Seen {
    pub(super) fn of(who: &SignedIn) -> Self {
        let SignedIn { user, session } = who.clone();
        Self { user: SeenUser { user, two_factor_enabled: session.second_factor_at.is_some() }, session }
    }
}

/// `POST /api/auth/sign-up/email`
pub(crate) async fn sign_up(Anyone(asking): Anyone, Json(input): Json<SignUp>) -> Answer<Response> {
    Ok(match service::sign_up(&asking.services, input, None, &asking.origin).await? {
        SignedUp::In(signed_in, token) => welcome(&asking, &Begun::In(signed_in, token)).await,
        SignedUp::Told(user) => Reply(json!({ "token": null, "user": user })).into_response(),
    })
}

/// `POST /api/auth/sign-in/email`. Where the account has a second factor: 200, `{twoFactorRedirect: true}` and no session.
pub(crate) async fn sign_in(Anyone(asking): Anyone, Json(input): Json<SignIn>) -> Answer<Response> {
    let begun = service::sign_in(&asking.services, input, &asking.origin).await?;
    Ok(welcome(&asking, &begun).await)
}

/// `POST /api/auth/sign-out`. Who is not signed in is signed out.
pub(crate) async fn sign_out(Anyone(asking): Anyone) -> Answer<Response> {
    if let Some(token) = &asking.token {
        service::sign_out(&asking.services, token, &asking.origin).await?;
    }
    let cookie = [(header::SET_COOKIE, set_cookie(None, asking.secure_cookies))];
    Ok((cookie, Reply(Success::new())).into_response())
}

/// `GET /api/auth/get-session`: without a session, 200 and `null`.
pub(crate) async fn get_session(Anyone(asking): Anyone) -> Reply<Option<Seen>> {
    Reply(asking.signed_in.as_ref().map(Seen::of))
}

/// `GET /api/auth/session`: without a session, 401.
pub(crate) async fn session(asking: Person) -> Reply<Seen> {
    Reply(Seen::of(&asking.signed_in))
}

/// The secret goes into the cookie and nowhere else: no script is to read it. Who is in has a known browser from now on.
pub(super) async fn welcome(asking: &RequestContext, begun: &Begun) -> Response {
    let session = (header::SET_COOKIE, begun.cookie(asking.secure_cookies));
    match begun {
        Begun::In(signed_in, _) => {
            let device = device_token::cookie(&asking.services, signed_in.user.id, &asking.origin).await;
            let cookies = [session].into_iter().chain(device.map(|cookie| (header::SET_COOKIE, cookie)));
            (AppendHeaders(cookies), Reply(Seen::of(signed_in))).into_response()
        }
        Begun::SecondFactor(pending) => {
            let told = json!({ "twoFactorRedirect": true, "twoFactorMethods": pending.methods });
            ([session], Reply(told)).into_response()
        }
    }
}
