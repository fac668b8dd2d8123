//! Whether a request was sent to a host of ours.
//!
//! A server that listens on its own machine only is reached by every page that the machine's browsers open: a name of some other site
//! can lead to 127.0.0.1 (DNS rebinding), and for the browser its pages and ours are then the same site. Their requests say that name.

use crate::config::{PublicUrl, host_of, is_loopback};

/// Whether to answer. A request that names no host comes from no browser.
pub(super) fn is_ours(host: Option<&str>, public_url: Option<&PublicUrl>) -> bool {
    host.is_none_or(|authority| {
        let host = host_of(authority);
        is_loopback(host) || public_url.is_some_and(|url| url.host().eq_ignore_ascii_case(host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_and_the_public_url_are_answered() {
        let public: Option<PublicUrl> = "https://hyvve.example".parse().ok();
        for (host, is_answered) in [
            ("127.0.0.1:3000", true),
            ("localhost:3000", true),
            ("[::1]:3000", true),
            ("hyvve.example", true),
            ("HYVVE.example:443", true),
            ("evil.example:3000", false),
            ("hyvve.example.evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_ours(Some(host), public.as_ref()), is_answered, "{host}");
        }
        assert!(is_ours(None, None));
        assert!(!is_ours(Some("hyvve.example"), None));
    }
}
