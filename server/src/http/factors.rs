//! The second factor, passkeys and links by mail, as better-auth's plugins `twoFactor`, `passkey` and `magicLink` call them.
//!
//! Stricter by design: an account with a passkey alone is asked for it after the password as well; `trustDevice` is not taken;
//! opening the address in a link by mail signs nobody in.

use axum::{
    Json as Reply,
    extract::FromRequestParts,
    http::{header, request::Parts},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use hyvve_app::context::{self, RequestContext};
use hyvve_domain::{
    Error,
    auth::{
        Password, SignedIn, device_token,
        factors::{
            Party,
            passkeys::{self, Asked, Passkey},
            pending, recovery_codes,
            totp::{self, Codes},
        },
        magic_link,
        sessions::{Token, set_cookie},
    },
    ids::PasskeyId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    account::{Done, done, follow},
    auth::Seen,
};
use crate::{
    asking::{Anyone, Person},
    extract::{Json, Query},
    problem::Problem,
    reply::Answer,
};

/// What a browser carries on its way in.
pub(crate) struct Carried {
    /// Its sign-in that waits for the second factor.
    waiting: Option<Token>,
    /// What its passkey was asked to sign.
    asked: Option<Token>,
    /// The site, at the address that the browser uses.
    party: Result<Party, Error>,
    secure: bool,
}

impl<S: Sync> FromRequestParts<S> for Carried {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Anyone(RequestContext { services, secure_cookies: secure, .. }) =
            Anyone::from_request_parts(parts, state).await?;
        let token = |name: &str| context::cookie(&parts.headers, name).and_then(|value| Token::parse(&value));
        Ok(Self {
            waiting: token(pending::cookie_name(secure)),
            asked: token(passkeys::cookie_name(secure)),
            party: Party::here(&services.settings.public_url, context::host(parts).as_deref()),
            secure,
        })
    }
}

/// The password again, where there is one.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Again {
    password: Option<Password>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Shown {
    code: String,
}

/// `POST /api/auth/two-factor/enable`: it counts once `verify-totp` has seen a right code.
pub(crate) async fn enable(asking: Person, Json(input): Json<Again>) -> Answer<Reply<Value>> {
    let (setup, codes) =
        totp::begin_with_codes(&asking.services, &asking.signed_in, input.password.as_ref(), &asking.origin).await?;
    Ok(Reply(json!({ "method": "totp", "totpURI": setup.uri, "backupCodes": codes })))
}

/// `POST /api/auth/two-factor/get-totp-uri`
pub(crate) async fn totp_uri(asking: Person, Json(input): Json<Again>) -> Answer<Reply<Value>> {
    let uri = totp::uri(&asking.services, &asking.signed_in, input.password.as_ref(), &asking.origin).await?;
    Ok(Reply(json!({ "totpURI": uri })))
}

/// `POST /api/auth/two-factor/verify-totp`: with a session, the first code of an app that is set up; without, the second step
/// of a sign-in.
pub(crate) async fn verify_totp(
    Anyone(asking): Anyone,
    carried: Carried,
    Json(input): Json<Shown>,
) -> Answer<Response> {
    let Some(who) = asking.signed_in else { return second_step(&asking, carried, &input.code).await };
    totp::confirm(&asking.services, &who, &input.code, Codes::Made, &asking.origin).await?;
    Ok(Reply(json!({ "token": null, "user": who.user })).into_response())
}

/// `POST /api/auth/two-factor/verify-backup-code`
pub(crate) async fn verify_backup_code(
    Anyone(asking): Anyone,
    carried: Carried,
    Json(input): Json<Shown>,
) -> Answer<Response> {
    second_step(&asking, carried, &input.code).await
}

async fn second_step(asking: &RequestContext, carried: Carried, code: &str) -> Answer<Response> {
    let shown = pending::show_code(&asking.services, carried.waiting.as_ref(), code, &asking.origin).await?;
    Ok(let_in(asking, &shown.0, &shown.1, &carried).await)
}

/// `POST /api/auth/two-factor/disable`: removes the app. Passkeys stay, and stay a second factor.
pub(crate) async fn disable(asking: Person, Json(input): Json<Again>) -> Answer<Reply<Done>> {
    totp::remove(&asking.services, &asking.signed_in, input.password.as_ref(), &asking.origin).await?;
    Ok(done())
}

/// `POST /api/auth/two-factor/generate-backup-codes`
pub(crate) async fn backup_codes(asking: Person, Json(input): Json<Again>) -> Answer<Reply<Value>> {
    let (s, who) = (&asking.services, &asking.signed_in);
    let codes = recovery_codes::renew(s, who, input.password.as_ref(), &asking.origin).await?;
    Ok(Reply(json!({ "status": true, "backupCodes": codes })))
}

/// `GET` and `POST /api/auth/passkey/generate-register-options`
pub(crate) async fn register_options(asking: Person, carried: Carried, Json(input): Json<Again>) -> Answer<Response> {
    let (s, who) = (&asking.services, &asking.signed_in);
    let asked = passkeys::ask_to_add(s, who, &carried.party?, input.password.as_ref(), &asking.origin).await?;
    Ok(question(asked, carried.secure))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Registration {
    response: Value,
    name: Option<String>,
}

/// A passkey that was just added; with the account's first factor come recovery codes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AddedPasskey")]
pub(crate) struct Added {
    #[serde(flatten)]
    passkey: Wire,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_codes: Option<Vec<String>>,
}

/// A passkey as better-auth's client knows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PasskeyEntry")]
pub(crate) struct Wire {
    #[serde(flatten)]
    passkey: Passkey,
    device_type: &'static str,
}

impl From<Passkey> for Wire {
    fn from(passkey: Passkey) -> Self {
        Self { device_type: if passkey.backed_up { "multiDevice" } else { "singleDevice" }, passkey }
    }
}

/// `POST /api/auth/passkey/verify-registration`
pub(crate) async fn register(asking: Person, carried: Carried, Json(input): Json<Registration>) -> Answer<Response> {
    let Registration { response, name } = input;
    let (s, who, name) = (&asking.services, &asking.signed_in, name.unwrap_or_default());
    let added = passkeys::add(s, who, &carried.party?, carried.asked.as_ref(), response, &name, &asking.origin).await?;
    let gone = [(header::SET_COOKIE, passkeys::set_cookie(None, carried.secure))];
    let reply = Added { passkey: added.passkey.into(), backup_codes: added.codes };
    Ok((gone, Reply(reply)).into_response())
}

/// `GET` and `POST /api/auth/passkey/generate-authenticate-options`
pub(crate) async fn authenticate_options(Anyone(asking): Anyone, carried: Carried) -> Answer<Response> {
    let asked = passkeys::ask_to_sign_in(&asking.services, &carried.party?, carried.waiting.as_ref()).await?;
    Ok(question(asked, carried.secure))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Assertion {
    response: Value,
}

/// `POST /api/auth/passkey/verify-authentication`
pub(crate) async fn authenticate(
    Anyone(asking): Anyone,
    carried: Carried,
    Json(input): Json<Assertion>,
) -> Answer<Response> {
    let (s, origin) = (&asking.services, &asking.origin);
    let party = carried.party.as_ref().map_err(Clone::clone)?;
    let (who, token) = passkeys::sign_in(s, party, carried.asked.as_ref(), input.response, origin).await?;
    Ok(let_in(&asking, &who, &token, &carried).await)
}

/// `GET /api/auth/passkey/list-user-passkeys`
pub(crate) async fn list(asking: Person) -> Answer<Reply<Vec<Wire>>> {
    let all = passkeys::list(&asking.services, &asking.signed_in).await?;
    Ok(Reply(all.into_iter().map(Wire::from).collect()))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Which {
    id: String,
    password: Option<Password>,
}

/// `POST /api/auth/passkey/delete-passkey`
pub(crate) async fn delete(asking: Person, Json(input): Json<Which>) -> Answer<Reply<Done>> {
    let (s, who) = (&asking.services, &asking.signed_in);
    passkeys::remove(s, who, id(&input.id)?, input.password.as_ref(), &asking.origin).await?;
    Ok(done())
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Renamed {
    id: String,
    name: String,
}

/// `POST /api/auth/passkey/update-passkey`
pub(crate) async fn rename(asking: Person, Json(input): Json<Renamed>) -> Answer<Reply<Value>> {
    let (s, who, origin) = (&asking.services, &asking.signed_in, &asking.origin);
    let passkey = passkeys::rename(s, who, id(&input.id)?, &input.name, origin).await?;
    Ok(Reply(json!({ "passkey": Wire::from(passkey) })))
}

/// What cannot be an id is as unknown as one of somebody else.
fn id(text: &str) -> Result<PasskeyId, Error> {
    text.parse().map_err(|_| Error::not_found("passkey"))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ForLink {
    email: String,
    #[serde(rename = "callbackURL", alias = "callbackUrl")]
    callback: Option<String>,
}

/// `POST /api/auth/sign-in/magic-link`. An unknown address is answered alike.
pub(crate) async fn send_link(Anyone(asking): Anyone, Json(input): Json<ForLink>) -> Answer<Reply<Done>> {
    let next = follow(input.callback.as_deref())?.unwrap_or_default();
    magic_link::send(&asking.services, &input.email, next, &asking.origin).await?;
    Ok(done())
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Followed {
    #[serde(default)]
    token: String,
    #[serde(rename = "callbackURL", alias = "callbackUrl")]
    callback: Option<String>,
}

/// `GET /api/auth/magic-link/verify?token=&callbackURL=`: leads to the page whose button signs in. A `GET` that did would be used
/// up by the programs that look at every link in a mail.
pub(crate) async fn follow_link(Query(input): Query<Followed>) -> Answer<Redirect> {
    let next = follow(input.callback.as_deref())?.unwrap_or_default();
    let query = serde_urlencoded::to_string([("token", input.token.as_str()), ("next", next)]);
    Ok(Redirect::to(&format!("/sign-in/link?{}", query.map_err(Error::internal)?)))
}

/// The options, and the cookie that has to come back with the answer.
fn question(asked: Asked, secure: bool) -> Response {
    let cookie = [(header::SET_COOKIE, passkeys::set_cookie(Some(&asked.token), secure))];
    (cookie, Reply(asked.options)).into_response()
}

/// In, and nothing of the way in stays with the browser.
async fn let_in(asking: &RequestContext, who: &SignedIn, token: &Token, carried: &Carried) -> Response {
    let secure = carried.secure;
    let waited = carried.waiting.as_ref().map(|_| pending::set_cookie(None, secure));
    let asked = carried.asked.as_ref().map(|_| passkeys::set_cookie(None, secure));
    let device = device_token::cookie(&asking.services, who.user.id, &asking.origin).await;
    let cookies = [Some(set_cookie(Some(token), secure)), waited, asked, device].into_iter().flatten();
    let cookies: Vec<_> = cookies.map(|cookie| (header::SET_COOKIE, cookie)).collect();
    (AppendHeaders(cookies), Reply(Seen::of(who))).into_response()
}
