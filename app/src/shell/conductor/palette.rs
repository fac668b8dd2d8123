//! The command menu: hides what does not fit, moves with the arrows, does the chosen one on Enter.

use leptos::{
    wasm_bindgen::JsCast as _,
    web_sys::{Element, HtmlInputElement, KeyboardEvent},
};

use super::{
    act::{act, hide, show},
    all, by_id,
    hear::{around, on},
};

/// Its field for typing.
fn field() -> Option<HtmlInputElement> {
    by_id("palette")?.query_selector("input").ok()??.dyn_into().ok()
}

/// Opens it, with everything in it.
pub(super) fn open() {
    if let Some(field) = field() {
        field.set_value("");
        filter("");
    }
    show("palette");
}

pub(super) fn listen() {
    on("input", |_, target| {
        if around(target, "#palette").is_some()
            && let Some(field) = field()
        {
            filter(&field.value());
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

fn filter(query: &str) {
    let query = query.trim().to_lowercase();
    for option in all("#commands [role=option]") {
        let fits = option.text_content().is_some_and(|text| text.to_lowercase().contains(&query));
        // Attributes with fixed names are always accepted.
        let _ = if fits { option.remove_attribute("hidden") } else { option.set_attribute("hidden", "") };
    }
    select(0);
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
    if let (Some(option), Some(field)) = (fitting().into_iter().nth(index), field()) {
        let _ = option.set_attribute("aria-selected", "true");
        let _ = field.set_attribute("aria-activedescendant", &option.id());
        option.scroll_into_view_with_bool(false);
    }
}

fn run() {
    if let Some(option) = fitting().into_iter().find(is_selected) {
        hide(&option);
        act(&option);
    }
}
