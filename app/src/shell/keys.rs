//! The keyboard: one listener for the whole frame. Pages add what they understand; fields and dialogs keep their keys.

use std::sync::Arc;

use leptos::{ev, prelude::*, wasm_bindgen::JsCast as _, web_sys};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{commands::use_commands, dock::toggle_dock, places::PLACES, shortcuts::use_shortcut_help, use_frame};

type Handler = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What pages do with single keys.
#[derive(Clone, Copy)]
pub(crate) struct Keys(StoredValue<Vec<Handler>>);

/// While this component lives, `handler` is asked about each single key that no field wants; it answers whether it took
/// the key.
pub(crate) fn use_keys(handler: impl Fn(&str) -> bool + Send + Sync + 'static) {
    let Some(Keys(handlers)) = use_context() else { return };
    let handler: Handler = Arc::new(handler);
    handlers.update_value(|all| all.push(handler.clone()));
    on_cleanup(move || {
        // The frame may go away first.
        handlers.try_update_value(|all| all.retain(|other| !Arc::ptr_eq(other, &handler)));
    });
}

/// Listens to the keyboard; once, by the frame.
pub(super) fn provide_keys() {
    let keys = Keys(StoredValue::new(Vec::new()));
    provide_context(keys);
}

/// Begins to listen, when all that keys lead to is there.
pub(super) fn listen_to_keys() {
    let Some(Keys(handlers)) = use_context() else { return };
    let (commands, help, frame, navigate) = (use_commands(), use_shortcut_help(), use_frame(), use_navigate());
    let after_g = StoredValue::new(false);
    Effect::new(move || {
        let navigate = navigate.clone();
        let listener = window_event_listener(ev::keydown, move |event| {
            let key = event.key();
            if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
                event.prevent_default();
                return commands.open();
            }
            if event.ctrl_key() || event.meta_key() || event.alt_key() || is_taken(&event) || !help.enabled() {
                return;
            }
            if after_g.get_value() {
                after_g.set_value(false);
                if let Some(place) = PLACES.iter().find(|place| key.chars().eq([place.key])) {
                    event.prevent_default();
                    navigate(&frame.href(place.path), NavigateOptions::default());
                }
                return;
            }
            let taken = match key.as_str() {
                "g" => {
                    after_g.set_value(true);
                    true
                }
                "?" => {
                    help.open();
                    true
                }
                "c" => {
                    toggle_dock();
                    true
                }
                key => handlers.get_value().iter().rev().any(|handler| handler(key)),
            };
            if taken {
                event.prevent_default();
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// Whether a field, a control or a dialog has the focus that wants the key itself.
fn is_taken(event: &ev::KeyboardEvent) -> bool {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else {
        return false;
    };
    let wants = |selector: &str| target.closest(selector).ok().flatten().is_some();
    let enter = event.key() == "Enter" || event.key() == " ";
    wants("input, textarea, select, [contenteditable], dialog[open]") || (enter && wants("a, button, summary"))
}
