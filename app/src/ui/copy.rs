//! The clipboard.

/// Puts a text on the clipboard. Browsers have none for pages that come over plain http from another machine; there,
/// nothing happens.
pub fn copy_text(text: &str) {
    #[cfg(target_arch = "wasm32")]
    {
        use leptos::{
            prelude::window,
            wasm_bindgen::{JsCast as _, JsValue},
            web_sys::Clipboard,
        };

        let navigator = window().navigator();
        let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into()).unwrap_or(JsValue::UNDEFINED);
        if clipboard.is_object() {
            // The browser may refuse; then the text can still be selected by hand.
            let _ = clipboard.unchecked_into::<Clipboard>().write_text(text);
        }
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = text;
}
