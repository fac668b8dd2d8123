//! Small preferences (theme, sidebar, dock): attributes of `<html>`, so that style sheets follow them before any script
//! runs, remembered in a cookie, so that the server renders the next page right.

#[cfg(target_arch = "wasm32")]
mod browser {
    use leptos::{prelude::document, wasm_bindgen::JsCast as _, web_sys::HtmlDocument};

    const YEAR: u32 = 365 * 24 * 3600;

    pub(super) fn get(name: &str) -> Option<String> {
        document().document_element()?.get_attribute(&format!("data-{name}"))
    }

    pub(super) fn set(name: &str, value: &str) {
        if let Some(html) = document().document_element() {
            // Fails only for names that are no attribute names; ours are.
            let _ = html.set_attribute(&format!("data-{name}"), value);
        }
        if let Ok(document) = document().dyn_into::<HtmlDocument>() {
            // Fails only in documents without cookies; then the preference lasts as long as the page.
            let _ = document.set_cookie(&format!("hyvve_{name}={value}; Path=/; Max-Age={YEAR}; SameSite=Lax"));
        }
    }
}

/// A preference's value, as the page shows it now; on the server `None`.
pub fn preference(name: &str) -> Option<String> {
    #[cfg(target_arch = "wasm32")]
    {
        browser::get(name)
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = name;
        None
    }
}

/// Changes a preference, now and for later visits. Values are words: letters, digits and dashes.
pub fn set_preference(name: &str, value: &str) {
    #[cfg(target_arch = "wasm32")]
    browser::set(name, value);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = (name, value);
}

/// Changes a preference between two values; anything else counts as the second.
pub fn flip(name: &str, first: &str, second: &str) {
    set_preference(name, if preference(name).as_deref() == Some(first) { second } else { first });
}
