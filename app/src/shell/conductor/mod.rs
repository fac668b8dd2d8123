//! Brings the chrome to life: a few listeners on the window for everything in it, and what follows navigation and the
//! stream.

mod act;
mod edge;
mod hear;
mod keyboard;
mod menus;
mod palette;

use leptos::{
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Element, NodeList},
};
use leptos_router::hooks::use_location;

use super::keys::Keys;
use crate::live::use_live;

/// Begins to listen; once, when a workspace's first page comes alive. The chrome lives as long as the document.
pub(super) fn conduct(pending: Signal<i64>, keys: Keys) {
    let act = act::Act::new();
    Effect::new(move || {
        act.listen();
        menus::listen();
        palette::listen(act);
        edge::listen();
        keyboard::listen(keys, act);
    });
    follow_place();
    follow_stream(pending);
}

/// Marks the place that the address is in, in the sidebar and in the header.
fn follow_place() {
    let location = use_location();
    Effect::new(move || {
        let path = location.pathname.get();
        let within = |href: &str| path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let links = places();
        let here = links.iter().filter(|(href, _)| within(href)).max_by_key(|(href, _)| href.len());
        for (_, link) in &links {
            // Attributes with fixed names are always accepted.
            let _ = link.remove_attribute("aria-current");
        }
        if let (Some((href, link)), Some(crumb)) = (here, by_id("place")) {
            let _ = link.set_attribute("aria-current", "page");
            let _ = crumb.set_attribute("href", href);
            crumb.set_text_content(link.get_attribute("title").as_deref());
        }
    });
}

/// The number of waiting approvals, and whether anything new can arrive.
fn follow_stream(pending: Signal<i64>) {
    let online = use_live().online();
    Effect::new(move || {
        let waiting = Some(pending.get()).filter(|waiting| *waiting > 0);
        show_text("pending", waiting.map(|waiting| waiting.to_string()).as_deref());
    });
    Effect::new(move || show_text("offline", (!online.get()).then_some("Reconnecting…")));
}

fn show_text(id: &str, text: Option<&str>) {
    if let Some(element) = by_id(id) {
        element.set_text_content(text);
    }
}

/// The places of the sidebar, with their addresses.
fn places() -> Vec<(String, Element)> {
    all(".nav-link").into_iter().filter_map(|link| Some((link.get_attribute("href")?, link))).collect()
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
