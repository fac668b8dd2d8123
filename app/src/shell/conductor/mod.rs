//! Brings the chrome to life: a few listeners on the window for everything in it, and what follows the stream. None of this
//! needs the application, which comes only when a page or the dock wants it (`awake.rs`).

mod act;
mod awake;
mod bell;
mod edge;
mod hear;
mod keyboard;
mod menus;
mod online;
mod order;
mod palette;
mod pending;
mod place;
mod reading;

use leptos::{
    leptos_dom::helpers::set_interval,
    prelude::{Effect, Get as _, RwSignal, Set as _, document},
    wasm_bindgen::JsCast as _,
    web_sys::{Element, NodeList},
};
use leptos_router::hooks::use_location;

use crate::{
    live::hub,
    ui::{fact, set_fact, tick},
};

pub(super) use reading::load;

/// Times are relative to now: they are worth a look this often.
const TICK: std::time::Duration = std::time::Duration::from_secs(10);

/// Begins to listen; once, when the document has come. The chrome lives as long as the document.
pub(crate) fn conduct() {
    let Some(workspace) = fact("workspace") else { return };
    // The command menu closes before what was chosen in it is done: behind an open dialog nothing takes the focus.
    palette::listen();
    act::listen();
    menus::listen();
    edge::listen();
    order::listen();
    keyboard::listen();
    let cursor = fact("cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
    hub::join(&workspace, cursor);
    pending::listen(&workspace);
    bell::listen(&workspace);
    online::listen();
    reading::listen();
    tick();
    set_interval(tick, TICK);
    // Whoever drives a browser by program waits for it.
    set_fact("alive", "shell");
    awake::wake_if_needed();
    // A phone that is turned may have room for the dock.
    hear::on("resize", |_, _| awake::wake_if_needed());
}

/// What the application and the conductor tell each other, once the application is there: how many approvals wait, and
/// which page shows.
pub(super) fn accompany(waiting: RwSignal<i64>) {
    pending::tell(move |count| {
        // The frame lives as long as the document; a signal of it that is gone wants nothing more.
        waiting.try_set(count);
    });
    let location = use_location();
    Effect::new(move || place::mark(&location.pathname.get()));
}

fn show_text(id: &str, text: Option<&str>) {
    if let Some(element) = by_id(id) {
        element.set_text_content(text);
    }
}

fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// The elements that a selector finds, in the document's order.
fn all(selector: &str) -> Vec<Element> {
    document().query_selector_all(selector).map(elements).unwrap_or_default()
}

fn elements(found: NodeList) -> Vec<Element> {
    (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
}
