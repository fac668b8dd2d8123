//! Toasts: short messages that come and go by themselves, announced to screen readers.
//!
//! They stand in the chrome, outside of the page: said once, and nobody has to keep them.

/// Where to say things.
#[derive(Clone, Copy)]
pub struct Toasts;

/// Where to say things; on the server nobody hears them.
pub fn use_toasts() -> Toasts {
    Toasts
}

impl Toasts {
    /// Says something.
    pub fn say(&self, text: impl Into<String>) {
        show("toast", &text.into());
    }

    /// Says that something failed.
    pub fn fail(&self, text: impl Into<String>) {
        show("toast toast-bad", &text.into());
    }
}

#[cfg(not(feature = "hydrate"))]
fn show(_class: &str, _text: &str) {}

#[cfg(feature = "hydrate")]
fn show(class: &str, text: &str) {
    // What the document cannot make, it cannot show either.
    drop(browser::show(class, text));
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::{
        prelude::{document, set_timeout},
        wasm_bindgen::JsValue,
    };

    /// How long a message stays.
    const STAY: Duration = Duration::from_secs(6);

    pub(super) fn show(class: &str, text: &str) -> Result<(), JsValue> {
        let Some(list) = document().get_element_by_id("toasts") else { return Ok(()) };
        let item = document().create_element("li")?;
        let words = document().create_element("span")?;
        let button = document().create_element("button")?;
        item.set_class_name(class);
        words.set_class_name("grow");
        words.set_text_content(Some(text));
        button.set_class_name("btn btn-ghost btn-icon");
        button.set_text_content(Some("✕"));
        for (name, value) in [("type", "button"), ("aria-label", "Dismiss"), ("data-do", "dismiss")] {
            button.set_attribute(name, value)?;
        }
        item.append_child(&words)?;
        item.append_child(&button)?;
        list.append_child(&item)?;
        set_timeout(move || item.remove(), STAY);
        Ok(())
    }
}
