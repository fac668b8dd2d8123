//! What stands at the document's root element as attributes: style sheets follow it, and whatever runs in the browser reads
//! it there.

/// A fact's value; on the server `None`.
pub fn fact(name: &str) -> Option<String> {
    #[cfg(target_arch = "wasm32")]
    {
        use leptos::prelude::document;
        document().document_element()?.get_attribute(&format!("data-{name}"))
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = name;
        None
    }
}

/// Changes a fact; on the server nothing.
pub fn set_fact(name: &str, value: &str) {
    #[cfg(target_arch = "wasm32")]
    {
        use leptos::prelude::document;
        if let Some(root) = document().document_element() {
            // Fails only for names that are no attribute names; ours are.
            let _ = root.set_attribute(&format!("data-{name}"), value);
        }
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = (name, value);
}
