//! The dock at the right, where the chat lives: it survives navigation, can be resized, and remembers both.

use leptos::prelude::*;

/// What stands in the dock, given by the table of contents in `lib.rs`.
#[derive(Clone, Copy)]
pub struct InDock(pub fn() -> AnyView);

/// The id of the element that the content is put into.
pub(super) const DOCK: &str = "dock";

/// Puts the content into the dock, as a part of the page's tree: contexts reach it, navigation does not.
pub(super) fn fill_dock() {
    let Some(InDock(content)) = use_context() else { return };
    Effect::new(move || {
        use leptos::wasm_bindgen::JsCast as _;
        if let Some(dock) = document().get_element_by_id(DOCK).and_then(|dock| dock.dyn_into().ok()) {
            mount_to(dock, content).forget();
        }
    });
}
