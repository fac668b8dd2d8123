//! The session cookie, and the redirects around it.

use http::header::SET_COOKIE;
use hyvve_domain::auth::sessions::{Token, set_cookie};

use crate::{
    ApiError, context,
    forms::{add_header, local},
};

/// Hands the browser its session and sends it on.
pub(super) fn begin(token: &Token, next: &str) -> Result<(), ApiError> {
    go_with(Some(token), local(next))
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
