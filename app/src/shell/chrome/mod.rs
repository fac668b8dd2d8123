//! The chrome around every page of a workspace, as plain HTML. What a click does stands in `data-do`, and the conductor
//! reads it: `set name value` and `flip name one other` change a preference, `show id` opens a dialog, `hide` closes the one
//! around it, `go address` goes there, `chat` opens or closes the dock, or goes to the chat where there is no room for one. `press key` is the key of
//! the page, `unfold id` goes to a field that may be folded away, `choose id value` chooses in a field and sends its form.

mod header;
mod help;
mod palette;
pub(super) mod preferences;
mod sidebar;

use leptos::prelude::*;

use self::preferences::Preferences;
use super::{
    bell::Unread,
    dock::DOCK,
    entry::{FrameData, Pictures},
    places::{PLACES, Place, place_of},
};
use crate::ui::{Glyph, Icon};

/// The body of a workspace's document, with the page in it.
pub(super) fn chrome(
    data: &FrameData,
    pictures: &Pictures,
    unread: Unread,
    path: &str,
    preferences: &Preferences,
    page: AnyView,
) -> AnyView {
    let here = place_of(path.strip_prefix(&data.href("")).unwrap_or_default());
    view! {
        <a class="skip-link" href="#main">"Skip to the page"</a>
        <div class="app">
            {sidebar::sidebar(data, pictures, here)}
            <div class="app-body">
                {header::header(data, pictures, unread, here)}
                <main id="main" class="app-main" tabindex="-1">{page}</main>
            </div>
            {dock(preferences)}
        </div>
        {palette::palette(data)}
        {help::help(preferences)}
        {notices()}
        <ol id="toasts" class="toaster" aria-live="polite" aria-label="Messages"></ol>
    }
    .into_any()
}

/// The places that a role sees, with their index.
fn places(data: &FrameData) -> impl Iterator<Item = (usize, &'static Place)> {
    let role = data.role;
    PLACES.iter().enumerate().filter(move |(_, place)| (place.allowed)(role))
}

/// The dialog behind the bell; it is filled when it is opened.
fn notices() -> AnyView {
    view! {
        <dialog id="notices" class="dialog" aria-labelledby="notices-title">
            <header class="flex items-center gap-2 px-4 py-2 border-b border-border">
                <h2 class="font-semibold grow" id="notices-title">"Notifications"</h2>
                <button type="button" class="btn btn-ghost btn-icon" data-do="hide" aria-label="Close">
                    <Icon glyph=Glyph::Close/>
                </button>
            </header>
            <div id="notices-list" class="notices-list"></div>
        </dialog>
    }
    .into_any()
}

/// The frame of the chat; it is filled when the page comes alive.
fn dock(preferences: &Preferences) -> AnyView {
    view! {
        <aside class="dock" aria-label="Chat">
            <div
                class="dock-edge"
                id="dock-edge"
                role="separator"
                aria-orientation="vertical"
                aria-label="Width of the chat"
                aria-valuemin="300"
                aria-valuemax="720"
                aria-valuenow=preferences.dock_width().to_string()
                tabindex="0"
            ></div>
            <div class="dock-content" id=DOCK></div>
        </aside>
    }
    .into_any()
}
