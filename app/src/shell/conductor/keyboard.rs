//! The keyboard: Ctrl-K and ⌘K everywhere, single keys where no field wants them.

use std::cell::Cell;

use leptos::{
    wasm_bindgen::JsCast as _,
    web_sys::{Element, KeyboardEvent},
};

use super::{
    super::keys::offer,
    act::{chat, go, show},
    hear::{around, on},
    palette,
    place::places,
};
use crate::ui::preference;

pub(super) fn listen() {
    let after_g = Cell::new(false);
    on("keydown", move |event, target| {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        let (key, chord) = (event.key(), event.ctrl_key() || event.meta_key());
        if chord && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            return palette::open();
        }
        let off = preference("keys").as_deref() == Some("off");
        // A key that is held down goes on through a list, and does nothing else again and again.
        let is_held = event.repeat() && !matches!(key.as_str(), "j" | "k");
        if chord || event.alt_key() || event.default_prevented() || off || is_held || is_wanted(&key, target) {
            return;
        }
        let place = if after_g.get() { place_of(&key) } else { None };
        after_g.set(key == "g" && !after_g.get());
        let taken = match (place, key.as_str()) {
            (Some(place), _) => {
                go(&place);
                true
            }
            (None, "g") => true,
            (None, "?") => {
                show("help");
                true
            }
            (None, "c") => {
                chat();
                true
            }
            (None, key) => offer(key),
        };
        if taken {
            event.prevent_default();
        }
    });
}

/// The address that a letter goes to after `g`.
fn place_of(key: &str) -> Option<String> {
    let found = places().into_iter().find(|(_, link)| link.get_attribute("data-key").as_deref() == Some(key));
    found.map(|(href, _)| href)
}

/// Whether a field, a control, a menu or a dialog has the focus that wants the key itself.
fn is_wanted(key: &str, target: &Element) -> bool {
    let within = |selector: &str| around(target, selector).is_some();
    within("input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open], .menu[open]")
        || (matches!(key, "Enter" | " ") && within("a, button, summary, input"))
}
