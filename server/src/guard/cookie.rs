//! Finding a value among the cookies of a request.

use axum::http::{HeaderMap, header};
use hyvve_domain::auth::sessions::cookie_name;

/// The session's secret.
pub(super) fn session(headers: &HeaderMap, secure: bool) -> Option<&str> {
    named(headers, cookie_name(secure))
}

/// The value of the first cookie of that name. Browsers send those of other programs at this host as well, and what is no text
/// among them hides none of ours.
pub(super) fn named<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut pairs = all.filter_map(|pair| str::from_utf8(pair).ok()?.trim().split_once('='));
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
        headers.insert(header::COOKIE, HeaderValue::from_bytes(b"name=J\xFCrgen; hyvve_session=abc").unwrap());
        assert_eq!(session(&headers, false), Some("abc"));
    }
}
