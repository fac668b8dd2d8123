//! What the browser may do with a page: run our scripts, talk to us, and nothing else.

use http::header::CONTENT_SECURITY_POLICY;
use leptos::nonce::use_nonce;

use crate::forms::add_header;

/// Adds the content security policy to the running response.
pub(super) fn send() {
    let nonce = use_nonce().map(|nonce| format!("'nonce-{nonce}'")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; script-src {nonce} 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self' {nonce}; \
         img-src 'self' data:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'self'; \
         form-action 'self'"
    );
    add_header(CONTENT_SECURITY_POLICY, &policy);
}
