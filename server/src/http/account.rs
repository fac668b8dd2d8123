//! What people do with their own accounts, as better-auth's client calls it.

use axum::{
    Json as Reply,
    http::header,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use hyvve_app::forms::local;
use hyvve_domain::{
    Error,
    auth::{
        Origin, Password, User,
        account::{self, ProfileChanges},
        device_token,
        recovery::{self, Needed},
        session_list::{self, Listed},
        sessions::set_cookie,
    },
    ids::{SessionId, UserId},
    services::Services,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    asking::{Anyone, Person},
    extract::{Json, Query},
    problem::Problem,
    reply::Answer,
};

/// `{status: true}`, as better-auth answers.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Done {
    status: bool,
    /// As others than better-auth call it, where they are asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

pub(super) const fn done() -> Reply<Done> {
    Reply(Done { status: true, success: None, message: None })
}

/// The same with what the source's clients look for.
const fn succeeded(message: Option<&'static str>) -> Reply<Done> {
    Reply(Done { status: true, success: Some(true), message })
}

/// An address, and where to go from the letter. Letters lead to pages of ours, so that one is only looked at.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ForAddress {
    email: String,
    redirect_to: Option<String>,
    #[serde(rename = "callbackURL", alias = "callbackUrl")]
    callback: Option<String>,
}

impl ForAddress {
    fn check(&self) -> Result<(), Problem> {
        follow(self.redirect_to.as_deref())?;
        follow(self.callback.as_deref()).map(drop)
    }
}

/// `POST /api/auth/request-password-reset`, and `/api/auth/forgot-password`
pub(crate) async fn forgot_password(Anyone(asking): Anyone, Json(input): Json<ForAddress>) -> Answer<Reply<Done>> {
    input.check()?;
    recovery::forgot_password(&asking.services, &input.email, &asking.origin).await?;
    let told = if asking.services.mailer.is_silent() {
        "This server sends no mail. If there is an account with this address, whoever runs the server has a link for it."
    } else {
        "If there is an account with this address, a link to choose a new password is on its way to it."
    };
    Ok(succeeded(Some(told)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPassword {
    token: String,
    #[serde(alias = "password")]
    new_password: Password,
}

/// `POST /api/auth/reset-password`
pub(crate) async fn reset_password(Anyone(asking): Anyone, Json(input): Json<NewPassword>) -> Answer<Response> {
    let (s, origin) = (&asking.services, &asking.origin);
    let user = recovery::reset_password(s, &input.token, &input.new_password, origin).await?;
    Ok(known_from_now_on(s, user, origin, succeeded(None)).await)
}

/// The answer to whoever has just chosen a password: the browser is the account's own.
async fn known_from_now_on(s: &Services, user: UserId, origin: &Origin, answer: impl IntoResponse) -> Response {
    let cookie = device_token::cookie(s, user, origin).await;
    (AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie))), answer).into_response()
}

/// `POST /api/auth/send-verification-email`
pub(crate) async fn send_proof(Anyone(asking): Anyone, Json(input): Json<ForAddress>) -> Answer<Reply<Done>> {
    input.check()?;
    recovery::ask_for_proof(&asking.services, &input.email, &asking.origin).await?;
    Ok(done())
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Followed {
    token: String,
    #[serde(rename = "callbackURL", alias = "callbackUrl")]
    callback: Option<String>,
}

/// `GET /api/auth/verify-email?token=&callbackURL=`: for clients that follow links themselves, in a session of the account.
/// Letters lead to a page instead, whose button it takes: programs that look at every link in a mail would use it up. Whoever is
/// not signed in is led there as well, because it asks for the password.
pub(crate) async fn verify_email(Anyone(asking): Anyone, Query(input): Query<Followed>) -> Answer<Response> {
    let callback = follow(input.callback.as_deref())?;
    let (s, who, origin) = (&asking.services, asking.signed_in.as_ref(), &asking.origin);
    let proved = match recovery::asked(s, &input.token, who, origin).await {
        Ok(asked) if asked.needed == Needed::Nothing => {
            recovery::prove_email(s, &input.token, who, None, origin).await.map(drop)
        }
        Ok(_) => return Ok(Redirect::to(&format!("/verify-email?token={}", input.token)).into_response()),
        Err(error) => Err(error),
    };
    match (proved, callback) {
        (Ok(()), Some(path)) => Ok(Redirect::to(path).into_response()),
        (Ok(()), None) => Ok(Reply(serde_json::json!({ "status": true, "user": null })).into_response()),
        (Err(error), Some(path)) => {
            let joint = if path.contains('?') { '&' } else { '?' };
            Ok(Redirect::to(&format!("{path}{joint}error={}", error.code)).into_response())
        }
        (Err(error), None) => Err(error.into()),
    }
}

/// `GET /api/auth/list-sessions`
pub(crate) async fn list_sessions(asking: Person) -> Answer<Reply<Vec<Listed>>> {
    Ok(Reply(session_list::list(&asking.services, &asking.signed_in).await?))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Handle {
    token: String,
}

/// `POST /api/auth/revoke-session`. What cannot be a handle is as unknown as one of somebody else.
pub(crate) async fn revoke_session(asking: Person, Json(input): Json<Handle>) -> Answer<Reply<Done>> {
    let id: SessionId = input.token.parse().map_err(|_| Error::not_found("session"))?;
    session_list::revoke(&asking.services, &asking.signed_in, id, &asking.origin).await?;
    Ok(done())
}

/// `POST /api/auth/revoke-sessions`: all, this one included.
pub(crate) async fn revoke_sessions(asking: Person) -> Answer<Reply<Done>> {
    session_list::revoke_all(&asking.services, &asking.signed_in, &asking.origin).await?;
    Ok(done())
}

/// `POST /api/auth/revoke-other-sessions`
pub(crate) async fn revoke_other_sessions(asking: Person) -> Answer<Reply<Done>> {
    session_list::revoke_others(&asking.services, &asking.signed_in, &asking.origin).await?;
    Ok(done())
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Passwords {
    current_password: Password,
    new_password: Password,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct PasswordChanged {
    token: Option<String>,
    user: User,
}

/// `POST /api/auth/change-password`. Other sessions end whatever `revokeOtherSessions` says.
pub(crate) async fn change_password(asking: Person, Json(input): Json<Passwords>) -> Answer<Response> {
    let (s, who, origin) = (&asking.services, &asking.signed_in, &asking.origin);
    account::change_password(s, who, &input.current_password, &input.new_password, origin).await?;
    let changed = Reply(PasswordChanged { token: None, user: who.user.clone() });
    Ok(known_from_now_on(s, who.user.id, origin, changed).await)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewEmail {
    new_email: String,
    #[serde(rename = "callbackURL", alias = "callbackUrl")]
    callback: Option<String>,
}

/// `POST /api/auth/change-email`
pub(crate) async fn change_email(asking: Person, Json(input): Json<NewEmail>) -> Answer<Reply<Done>> {
    follow(input.callback.as_deref())?;
    account::change_email(&asking.services, &asking.signed_in, &input.new_email, &asking.origin).await?;
    Ok(done())
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Profile {
    name: Option<String>,
    /// `null` takes the picture away, nothing leaves it.
    #[serde(default, deserialize_with = "or_none")]
    image: Option<String>,
}

pub(super) fn or_none<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Option::deserialize(value)?.unwrap_or_default()))
}

/// `POST /api/auth/update-user`
pub(crate) async fn update_user(asking: Person, Json(input): Json<Profile>) -> Answer<Reply<Done>> {
    let changes = ProfileChanges { name: input.name, image: input.image };
    account::update(&asking.services, &asking.signed_in, changes, &asking.origin).await?;
    Ok(done())
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Deletion {
    /// Accounts that have none need a session that has just begun.
    password: Option<Password>,
    #[serde(rename = "callbackURL", alias = "callbackUrl")]
    callback: Option<String>,
}

/// `POST /api/auth/delete-user`
pub(crate) async fn delete_user(asking: Person, Json(input): Json<Deletion>) -> Answer<Response> {
    follow(input.callback.as_deref())?;
    account::delete(&asking.services, &asking.signed_in, input.password.as_ref(), &asking.origin).await?;
    let cookie = [(header::SET_COOKIE, set_cookie(None, asking.services.settings.secure_cookies))];
    Ok((cookie, Reply(serde_json::json!({ "success": true, "message": "User deleted" }))).into_response())
}

/// Where a client wants to be sent afterwards: a path on this site, and nowhere else.
pub(super) fn follow(callback: Option<&str>) -> Result<Option<&str>, Problem> {
    match callback.filter(|path| !path.is_empty()) {
        Some(path) if path != "/" && local(path) == "/" => {
            Err(Error::invalid("callbackURL", "path", "Only a path on this site is followed.").into())
        }
        path => Ok(path),
    }
}
