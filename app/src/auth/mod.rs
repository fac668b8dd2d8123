//! The way in and out: sign-in, sign-up, sign-out. Plain pages with plain forms: the server renders them, and the browser
//! loads no script for them at all.

pub mod api;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod session;

use leptos::prelude::*;

/// Where the sign-out form goes.
#[cfg(feature = "ssr")]
pub(crate) const SIGN_OUT: &str = "/_fn/auth/sign-out";

/// Whether a page of this path comes without scripts.
#[cfg(feature = "ssr")]
pub(crate) fn is_plain(path: &str) -> bool {
    matches!(path, "/sign-in" | "/sign-up")
}

/// The page of people who have an account.
pub(crate) fn sign_in_page() -> AnyView {
    #[cfg(feature = "ssr")]
    return pages::sign_in();
    #[cfg(not(feature = "ssr"))]
    ().into_any()
}

/// The page of people who do not have one yet.
pub(crate) fn sign_up_page() -> AnyView {
    #[cfg(feature = "ssr")]
    return pages::sign_up();
    #[cfg(not(feature = "ssr"))]
    ().into_any()
}
