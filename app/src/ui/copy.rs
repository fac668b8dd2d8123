//! The clipboard.

/// Puts a text on the clipboard, and answers whether there is one: browsers have none for pages that come over plain http from
/// another machine.
pub fn copy_text(text: &str) -> bool {
    #[cfg(target_arch = "wasm32")]
    {
        use leptos::{
            prelude::window,
            wasm_bindgen::{JsCast as _, JsValue},
            web_sys::Clipboard,
        };

        let navigator = window().navigator();
        let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into()).unwrap_or(JsValue::UNDEFINED);
        let is_there = clipboard.is_object();
        if is_there {
            // The browser may refuse; then the text can still be selected by hand.
            let _ = clipboard.unchecked_into::<Clipboard>().write_text(text);
        }
        is_there
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = text;
        false
    }
}
