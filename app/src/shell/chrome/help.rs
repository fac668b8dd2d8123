//! The list of shortcuts, and the switch that turns single keys off (WCAG 2.1.4).

use leptos::prelude::*;

use super::preferences::Preferences;
use crate::{
    shell::places::PLACES,
    ui::{Glyph, Icon, Kbd},
};

/// What keys do, beside going to places.
const KEYS: [(&str, &str); 15] = [
    ("⌘K", "Command menu"),
    ("?", "This list"),
    ("c", "Show or hide the chat"),
    ("j", "Next approval"),
    ("k", "Previous approval"),
    ("Enter", "Open the first approval"),
    ("a", "Approve"),
    ("e", "Edit and approve"),
    ("r", "Reject"),
    ("Ctrl Enter", "Reject, once you have said why"),
    ("x", "Select an approval, to decide on several"),
    ("z", "Undo an approval"),
    ("Escape", "Close"),
    ("↑ ↓", "Move in menus"),
    ("← →", "Width of the chat, on its edge"),
];

/// The dialog behind `?`.
pub(super) fn help(preferences: &Preferences) -> AnyView {
    let row = |keys: Vec<String>, what: String| {
        let keys = keys.into_iter().map(|key| view! { <Kbd key=key/> }).collect_view();
        view! { <dt class="flex gap-1">{keys}</dt><dd>{what}</dd> }
    };
    let keys = KEYS.map(|(key, what)| row(vec![key.to_owned()], what.to_owned())).collect_view();
    let place =
        |place: &super::Place| row(vec!["g".to_owned(), place.key.to_string()], format!("Go to {}", place.name));
    let places = PLACES.iter().map(place).collect_view();
    view! {
        <dialog id="help" class="dialog" aria-label="Keyboard shortcuts">
            <header class="flex items-center gap-2 px-4 py-2 border-b border-border">
                <h2 class="font-semibold grow">"Keyboard shortcuts"</h2>
                <button type="button" class="btn btn-ghost btn-icon" data-do="hide" aria-label="Close">
                    <Icon glyph=Glyph::Close/>
                </button>
            </header>
            <div class="p-4">
                <dl class="shortcut-list">{keys}{places}</dl>
                <label class="flex items-center gap-2 pt-4">
                    <input type="checkbox" class="check" data-check="keys on off" checked=preferences.keys == "on"/>
                    "Single keys do something"
                </label>
            </div>
        </dialog>
    }
    .into_any()
}
