//! Finding a value among the cookies of a request.

use axum::http::{HeaderMap, header};
use hyvve_domain::auth::sessions::cookie_name;

/// The session's secret.
pub(super) fn session(headers: &HeaderMap, secure: bool) -> Option<&str> {
    named(headers, cookie_name(secure))
}

/// The value of the first cookie of that name.
pub(super) fn named<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

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
