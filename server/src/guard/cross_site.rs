//! Whether a request that changes something may have been sent by another site's page.
//!
//! Browsers say so themselves: `Sec-Fetch-Site` in every current one on trustworthy origins, `Origin` on every POST
//! in all of them. A request with neither header comes from a program that is no browser; it had to be given its cookie by
//! somebody who owns it, so it passes.

use axum::http::{HeaderMap, Method, header};

use crate::config::PublicUrl;

/// Whether to refuse.
pub(super) fn is_suspect(method: &Method, headers: &HeaderMap, public_url: Option<&PublicUrl>) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin")) {
        // "none": a person typed the address or used a bookmark.
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => !is_ours(origin, text(header::HOST.as_str()), public_url),
        (None, None) => false,
    }
}

/// A page of ours stands at the public URL, or at the very host that the request was sent to.
fn is_ours(origin: &str, host: Option<&str>, public_url: Option<&PublicUrl>) -> bool {
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    public_url.is_some_and(|url| url.origin().eq_ignore_ascii_case(origin))
        || authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn suspect(method: &Method, pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let public: Option<PublicUrl> = "https://hyvve.example".parse().ok();
        is_suspect(method, &headers, public.as_ref())
    }

    #[test]
    fn another_site_cannot_post_and_ours_can() {
        let host = ("host", "127.0.0.1:3000");
        assert!(!suspect(&Method::GET, &[("sec-fetch-site", "cross-site")]));
        assert!(!suspect(&Method::POST, &[host]));
        assert!(!suspect(&Method::POST, &[host, ("sec-fetch-site", "same-origin")]));
        assert!(suspect(&Method::POST, &[host, ("sec-fetch-site", "cross-site")]));
        assert!(suspect(
            &Method::DELETE,
            &[host, ("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:3000")]
        ));
        assert!(!suspect(&Method::POST, &[host, ("origin", "http://127.0.0.1:3000")]));
        assert!(!suspect(&Method::POST, &[host, ("origin", "https://hyvve.example")]));
        assert!(suspect(&Method::POST, &[host, ("origin", "https://evil.example")]));
        assert!(suspect(&Method::POST, &[host, ("origin", "null")]));
        assert!(suspect(&Method::PATCH, &[host, ("origin", "http://127.0.0.1:3001")]));
    }
}
