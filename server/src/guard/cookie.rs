//! The session cookie: opaque, HttpOnly, SameSite=Lax, and bound to host and https where there is https.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use hyvve_domain::auth::sessions::{LIFETIME, Token};

/// The prefix makes browsers insist on https, the exact host, and the whole site.
const SECURE: &str = "__Host-hyvve_session";
/// On plain http: development and the embedded default on loopback.
const PLAIN: &str = "hyvve_session";

const fn name(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

/// The secret that the request's cookie carries.
pub(super) fn session(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name(secure)).map(|(_, value)| value)
}

/// The `Set-Cookie` of a session that has begun.
pub(crate) fn session_cookie(token: &Token, secure: bool) -> Option<HeaderValue> {
    set(token.expose(), LIFETIME, secure)
}

/// The `Set-Cookie` that ends it.
pub(crate) fn expired_cookie(secure: bool) -> Option<HeaderValue> {
    set("", Duration::ZERO, secure)
}

fn set(value: &str, age: Duration, secure: bool) -> Option<HeaderValue> {
    let only_https = if secure { "; Secure" } else { "" };
    let name = name(secure);
    let cookie = format!("{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{only_https}", age.as_secs());
    HeaderValue::from_str(&cookie).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_only_under_its_own_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("theme=dark; hyvve_session=abc"));
        headers.append(header::COOKIE, HeaderValue::from_static("x=y"));
        assert_eq!(session(&headers, false), Some("abc"));
        assert_eq!(session(&headers, true), None);
    }
}
