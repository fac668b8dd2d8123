//! The command menu: hides what does not fit, moves with the arrows, does the chosen one on Enter.

use leptos::{
    wasm_bindgen::JsCast as _,
    web_sys::{Element, HtmlInputElement, KeyboardEvent},
};
use wasm_bindgen_futures::spawn_local;

use super::{
    act::{act, hide, show},
    all, by_id,
    hear::{around, on},
    reading::fetch,
};

/// On the option before which more of them belong: the address of the page that has them.
const MORE: &str = "data-more";

/// Its field for typing.
fn field() -> Option<HtmlInputElement> {
    by_id("palette")?.query_selector("input").ok()??.dyn_into().ok()
}

/// Opens it, with everything in it.
pub(super) fn open() {
    if let Some(field) = field() {
        field.set_value("");
        filter();
        select(0);
    }
    show("palette");
    spawn_local(complete());
}

/// Fetches what belongs to the pages and to the person; once. What is chosen by then stays chosen: nothing else may be done by
/// an Enter that was meant for it.
async fn complete() {
    let Some(before) = all("#commands [data-more]").into_iter().next() else { return };
    let address = before.get_attribute(MORE).unwrap_or_default();
    // Attributes with fixed names are always accepted.
    let _ = before.remove_attribute(MORE);
    let page = fetch(&address).await.ok();
    let Some(more) = page.and_then(|page| page.get_element_by_id("more-commands")) else {
        // Without an answer it is asked for again when the menu is opened again.
        let _ = before.set_attribute(MORE, &address);
        return;
    };
    // The option stands in its list.
    let _ = before.insert_adjacent_html("beforebegin", &more.inner_html());
    filter();
    if !fitting().iter().any(is_selected) {
        select(0);
    }
}

pub(super) fn listen() {
    on("input", |_, target| {
        if around(target, "#palette").is_some() {
            filter();
            select(0);
        }
    });
    on("keydown", move |event, target| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key) else { return };
        if around(target, "#palette").is_none() {
            return;
        }
        match key.as_str() {
            "ArrowDown" => choose(1),
            "ArrowUp" => choose(-1),
            "Enter" => run(),
            _ => return,
        }
        event.prevent_default();
    });
    on("click", |_, target| around(target, "#commands [role=option]").iter().for_each(hide));
}

/// The commands that fit what was typed.
fn fitting() -> Vec<Element> {
    all("#commands [role=option]:not([hidden])")
}

/// Hides what does not fit what is typed, and what there is nothing for on this page.
fn filter() {
    let query = field().map(|field| field.value().trim().to_lowercase()).unwrap_or_default();
    for option in all("#commands [role=option]") {
        let says = |text: Option<String>| text.is_some_and(|text| text.to_lowercase().contains(&query));
        let fits = says(option.text_content()) || says(option.get_attribute("data-words"));
        let possible = option.get_attribute("data-needs").is_none_or(|needs| !all(&needs).is_empty());
        // Attributes with fixed names are always accepted.
        let _ = option.toggle_attribute_with_force("hidden", !(fits && possible));
    }
}

fn choose(by: isize) {
    let options = fitting();
    let at = options.iter().position(is_selected).unwrap_or_default();
    select(at.saturating_add_signed(by).min(options.len().saturating_sub(1)));
}

fn is_selected(option: &Element) -> bool {
    option.get_attribute("aria-selected").as_deref() == Some("true")
}

fn select(index: usize) {
    for option in all("#commands [aria-selected=true]") {
        let _ = option.set_attribute("aria-selected", "false");
    }
    let Some(field) = field() else { return };
    if let Some(option) = fitting().into_iter().nth(index) {
        let _ = option.set_attribute("aria-selected", "true");
        let _ = field.set_attribute("aria-activedescendant", &option.id());
        option.scroll_into_view_with_bool(false);
    } else {
        let _ = field.remove_attribute("aria-activedescendant");
    }
}

fn run() {
    if let Some(option) = fitting().into_iter().find(is_selected) {
        hide(&option);
        act(&option);
    }
}
