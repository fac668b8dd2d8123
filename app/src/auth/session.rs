//! The session cookie, and the redirects around it.

use http::header::SET_COOKIE;
use hyvve_domain::{
    auth::{
        device_token,
        sessions::{Token, set_cookie},
    },
    ids::UserId,
};

use crate::{
    ApiError, context,
    forms::{add_header, local},
};

/// Hands the browser its session and sends it on.
pub(super) async fn begin(user: UserId, token: &Token, next: &str) -> Result<(), ApiError> {
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

/// Takes the session away from the browser.
pub(crate) fn end() -> Result<(), ApiError> {
    go_with(None, "/sign-in")
}

fn go_with(token: Option<&Token>, path: &str) -> Result<(), ApiError> {
    add_header(SET_COOKIE, &set_cookie(token, context::request()?.secure_cookies));
    leptos_axum::redirect(path);
    Ok(())
}
