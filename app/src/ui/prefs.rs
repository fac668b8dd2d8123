//! Small preferences (theme, sidebar, dock): facts of the document, so that style sheets follow them before any script runs,
//! remembered in a cookie, so that the server renders the next page right.

use super::root::{fact, set_fact};

/// A preference's value, as the page shows it now; on the server `None`.
pub fn preference(name: &str) -> Option<String> {
    fact(name)
}

/// Changes a preference, now and for later visits. Values are words: letters, digits and dashes.
pub fn set_preference(name: &str, value: &str) {
    set_fact(name, value);
    #[cfg(target_arch = "wasm32")]
    {
        use leptos::{prelude::document, wasm_bindgen::JsCast as _, web_sys::HtmlDocument};

        const YEAR: u32 = 365 * 24 * 3600;
        if let Ok(document) = document().dyn_into::<HtmlDocument>() {
            // Fails only in documents without cookies; then the preference lasts as long as the page.
            let _ = document.set_cookie(&format!("hyvve_{name}={value}; Path=/; Max-Age={YEAR}; SameSite=Lax"));
        }
    }
}

/// Changes a preference between two values; anything else counts as the second.
pub fn flip(name: &str, first: &str, second: &str) {
    set_preference(name, if preference(name).as_deref() == Some(first) { second } else { first });
}
