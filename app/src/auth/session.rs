//! The cookies of the way in, and the redirects around them.

use http::header::SET_COOKIE;
use hyvve_domain::{
    auth::{
        device_token,
        factors::{Party, passkeys, pending},
        service::Begun,
        sessions::{Token, set_cookie},
    },
    ids::UserId,
};

use super::pages::with_next;
use crate::{
    ApiError, context,
    forms::{add_header, local},
};

/// Where the second factor is asked for.
pub(super) const SECOND_FACTOR: &str = "/sign-in/second-factor";

/// Hands the browser its session and sends it on.
pub(super) async fn begin(user: UserId, token: &Token, next: &str) -> Result<(), ApiError> {
    if waiting()?.is_some() {
        add_header(SET_COOKIE, &pending::set_cookie(None, context::request()?.secure_cookies));
    }
    go_with(Some(token), local(next))?;
    know(user).await
}

/// Makes the browser one that the account was used in: for whoever has just shown that it is his or hers.
pub(crate) async fn know(user: UserId) -> Result<(), ApiError> {
    let request = context::request()?;
    if let Some(cookie) = device_token::cookie(&request.services, user, &request.origin).await {
        add_header(SET_COOKIE, &cookie);
    }
    Ok(())
}

/// The same after a first factor: in, or to where the second is asked for.
pub(super) async fn go_on(begun: &Begun, next: &str) -> Result<(), ApiError> {
    match begun {
        Begun::In(signed_in, token) => begin(signed_in.user.id, token, next).await,
        Begun::SecondFactor(_) => {
            add_header(SET_COOKIE, &begun.cookie(context::request()?.secure_cookies));
            leptos_axum::redirect(&with_next(SECOND_FACTOR, next));
            Ok(())
        }
    }
}

/// The sign-in of this browser that waits for its second factor, if any.
pub(super) fn waiting() -> Result<Option<Token>, ApiError> {
    carried(pending::cookie_name)
}

/// What this browser was asked to sign, if anything.
pub(crate) fn challenge() -> Result<Option<Token>, ApiError> {
    carried(passkeys::cookie_name)
}

fn carried(name: fn(bool) -> &'static str) -> Result<Option<Token>, ApiError> {
    let name = name(context::request()?.secure_cookies);
    Ok(context::cookie(&context::parts()?.headers, name).and_then(|value| Token::parse(&value)))
}

/// The site as passkeys know it, at the address that the browser uses; nothing where they do not work.
pub(crate) fn party() -> Result<Option<Party>, ApiError> {
    Ok(Party::of(&context::request()?.services.settings.public_url, context::host(&context::parts()?).as_deref()))
}

/// The same where there is no way without.
pub(crate) fn party_here() -> Result<Party, ApiError> {
    let public_url = &context::request()?.services.settings.public_url;
    Ok(Party::here(public_url, context::host(&context::parts()?).as_deref())?)
}

/// Takes the session away from the browser.
pub(crate) fn end() -> Result<(), ApiError> {
    go_with(None, "/sign-in")
}

fn go_with(token: Option<&Token>, path: &str) -> Result<(), ApiError> {
    add_header(SET_COOKIE, &set_cookie(token, context::request()?.secure_cookies));
    leptos_axum::redirect(path);
    Ok(())
}
