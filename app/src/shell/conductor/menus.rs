//! Menus: Escape, a choice, a click elsewhere and leaving close them; arrows move in them.

use leptos::{
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Element, KeyboardEvent},
};

use super::{
    act::focus,
    all, elements,
    hear::{around, on},
};
use crate::ui::MENU_ITEM;

pub(super) fn listen() {
    on("click", |_, target| {
        let chosen = around(target, ".menu-panel a, .menu-panel button").is_some();
        close_all_but((!chosen).then_some(target));
    });
    on("focusin", |_, target| close_all_but(Some(target)));
    on("keydown", |event, target| {
        let (Some(menu), Some(event)) = (around(target, ".menu[open]"), event.dyn_ref::<KeyboardEvent>()) else {
            return;
        };
        match event.key().as_str() {
            "Escape" => {
                close(&menu);
                menu.first_element_child().into_iter().for_each(focus);
            }
            "ArrowDown" => step(event, &menu, 1),
            "ArrowUp" => step(event, &menu, -1),
            _ => {}
        }
    });
}

/// Closes the open menus that do not hold this element.
fn close_all_but(inside: Option<&Element>) {
    for menu in all(".menu[open]") {
        if !inside.is_some_and(|element| menu.contains(Some(element))) {
            close(&menu);
        }
    }
}

fn close(menu: &Element) {
    // Removing an attribute of a fixed name cannot fail.
    let _ = menu.remove_attribute("open");
}

/// Moves the focus among the menu's items.
fn step(event: &KeyboardEvent, menu: &Element, by: isize) {
    event.prevent_default();
    let items = menu.query_selector_all(&format!(".{MENU_ITEM}")).map(elements).unwrap_or_default();
    let at = document().active_element().and_then(|active| items.iter().position(|item| *item == active));
    let to = match at {
        Some(at) => at.saturating_add_signed(by).min(items.len().saturating_sub(1)),
        None => 0,
    };
    items.into_iter().nth(to).into_iter().for_each(focus);
}
