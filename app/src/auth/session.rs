//! The session cookie, and the redirects around it.

use http::header::SET_COOKIE;
use hyvve_domain::auth::sessions::{LIFETIME, Token};

use crate::{
    ApiError, context,
    forms::{add_header, local},
};

/// The cookie's name: browsers accept `__Host-` only from this host, over https, for all paths.
fn name() -> Result<&'static str, ApiError> {
    Ok(if context::request()?.secure_cookies { "__Host-hyvve_session" } else { "hyvve_session" })
}

fn set(value: &str, seconds: u64) -> Result<(), ApiError> {
    let name = name()?;
    let secure = if name.starts_with("__Host-") { "; Secure" } else { "" };
    add_header(SET_COOKIE, &format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"));
    Ok(())
}

/// Hands the browser its session and sends it on.
pub(super) fn begin(token: &Token, next: &str) -> Result<(), ApiError> {
    set(token.expose(), LIFETIME.as_secs())?;
    leptos_axum::redirect(local(next));
    Ok(())
}

/// Takes the session away from the browser.
pub(super) fn end() -> Result<(), ApiError> {
    set("", 0)?;
    leptos_axum::redirect("/sign-in");
    Ok(())
}
