//! The command menu behind Ctrl-K and ⌘K: every place and every action, a few letters away.

use leptos::prelude::*;

use super::places;
use crate::{
    shell::entry::FrameData,
    ui::{Glyph, Icon},
};

/// Actions: name, icon, and what they do.
const ACTIONS: [(&str, Glyph, &str); 5] = [
    ("Show or hide the chat", Glyph::Chat, "chat"),
    ("Theme: like the system", Glyph::Screen, "set theme system"),
    ("Theme: light", Glyph::Sun, "set theme light"),
    ("Theme: dark", Glyph::Moon, "set theme dark"),
    ("Keyboard shortcuts", Glyph::Bolt, "show help"),
];

/// The dialog; the conductor hides what does not fit what was typed.
pub(super) fn palette(data: &FrameData) -> AnyView {
    let go = places(data).map(|(_, place)| (place.name, place.glyph, format!("go {}", data.href(place.path))));
    let act = ACTIONS.into_iter().map(|(name, glyph, what)| (name, glyph, what.to_owned()));
    let option = |(number, (name, glyph, what)): (usize, (&'static str, Glyph, String))| {
        view! {
            <li role="option" class="menu-item" id=format!("command-{number}") data-do=what aria-selected="false">
                <Icon glyph=glyph/>{name}
            </li>
        }
    };
    let options = go.chain(act).enumerate().map(option).collect_view();
    view! {
        <dialog id="palette" class="dialog" aria-label="Go to, or do">
            <div class="p-3">
                <input
                    class="input"
                    type="text"
                    role="combobox"
                    aria-label="Search places and actions"
                    aria-expanded="true"
                    aria-controls="commands"
                    autocomplete="off"
                    placeholder="Approvals, records, theme…"
                />
                <ul id="commands" role="listbox" aria-label="Places and actions" class="command-list">{options}</ul>
            </div>
        </dialog>
    }
    .into_any()
}
