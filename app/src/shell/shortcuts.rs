//! The list of shortcuts, and the switch that turns single keys off (WCAG 2.1.4).

use leptos::prelude::*;

use super::places::PLACES;
use crate::ui::{Dialog, Kbd, preference, set_preference};

/// What single keys do, beside going to places.
const KEYS: [(&str, &str); 12] = [
    ("⌘K", "Command menu"),
    ("?", "This list"),
    ("c", "Show or hide the chat"),
    ("j", "Next approval"),
    ("k", "Previous approval"),
    ("Enter", "Open the first approval"),
    ("a", "Approve"),
    ("r", "Reject"),
    ("z", "Undo an approval"),
    ("Escape", "Close"),
    ("↑ ↓", "Move in menus"),
    ("← →", "Width of the chat, on its edge"),
];

/// The dialog that lists the shortcuts.
#[derive(Clone, Copy)]
pub(crate) struct Help {
    open: RwSignal<bool>,
    enabled: RwSignal<bool>,
}

impl Help {
    /// Shows it.
    pub(crate) fn open(self) {
        self.open.set(true);
    }

    /// Whether single keys do anything.
    pub(crate) fn enabled(self) -> bool {
        self.enabled.get_untracked()
    }
}

pub(super) fn provide_shortcut_help() {
    let enabled = RwSignal::new(true);
    Effect::new(move || enabled.set(preference("keys").as_deref() != Some("off")));
    provide_context(Help { open: RwSignal::new(false), enabled });
}

/// The dialog of this frame.
pub(crate) fn use_shortcut_help() -> Help {
    use_context().unwrap_or_else(|| Help { open: RwSignal::new(false), enabled: RwSignal::new(false) })
}

/// All shortcuts.
pub(super) fn shortcut_help() -> impl IntoView {
    let help = use_shortcut_help();
    let toggle = move |event| {
        let on = event_target_checked(&event);
        help.enabled.set(on);
        set_preference("keys", if on { "on" } else { "off" });
    };
    let row = |keys: Vec<String>, what: String| {
        let keys = keys.into_iter().map(|key| view! { <Kbd key=key/> }).collect_view();
        view! { <dt class="flex gap-1">{keys}</dt><dd>{what}</dd> }.into_any()
    };
    view! {
        <Dialog open=help.open title="Keyboard shortcuts">
            <dl class="shortcut-list">
                {KEYS.map(|(key, what)| row(vec![key.to_owned()], what.to_owned())).collect_view()}
                {PLACES.iter().map(|p| row(vec!["g".to_owned(), p.key.to_string()], format!("Go to {}", p.name))).collect_view()}
            </dl>
            <label class="flex items-center gap-2 pt-4">
                <input type="checkbox" class="check" prop:checked=move || help.enabled.get() on:change=toggle/>
                "Single keys do something"
            </label>
        </Dialog>
    }
}
