//! The command menu behind Ctrl-K and ⌘K: every place and every action, a few letters away. What belongs to the pages and to
//! the person (`commands.rs`) comes when it is opened for the first time, before the actions.

use leptos::prelude::*;

use super::places;
use crate::{
    shell::{command::Command, entry::FrameData},
    ui::Glyph,
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
    let go = places(data).map(|(_, place)| Command::go(place.name, place.glyph, &data.href(place.path)));
    let act = ACTIONS.map(|(name, glyph, what)| Command::new(name, glyph, what));
    // Places stand first: whoever types half a word and presses Enter goes somewhere, and decides nothing.
    let goes = go.enumerate().map(|(number, command)| command.option(format!("command-go-{number}"), None));
    let acts = act.into_iter().enumerate().map(|(number, command)| {
        let more = (number == 0).then(|| data.href("/commands"));
        command.option(format!("command-act-{number}"), more)
    });
    let options = goes.chain(acts).collect_view();
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
                    aria-autocomplete="list"
                    autocomplete="off"
                    placeholder="Approvals, records, theme…"
                />
                <ul id="commands" role="listbox" aria-label="Places and actions" class="command-list">{options}</ul>
            </div>
        </dialog>
    }
    .into_any()
}
