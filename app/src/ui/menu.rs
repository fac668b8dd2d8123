//! A menu behind a button. It opens without JavaScript; with it, Escape and leaving close it and arrows move in it.

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast as _, web_sys};

/// The class of links and buttons that stand in a menu.
pub const MENU_ITEM: &str = "menu-item";

/// A button that unfolds a panel of links and buttons (give them the class [`MENU_ITEM`]).
#[component]
pub fn Menu(
    /// What the button is called.
    #[prop(into)]
    label: String,
    /// What the button shows.
    trigger: AnyView,
    /// Opens towards the left instead of the right.
    #[prop(optional)]
    end: bool,
    /// The panel.
    children: Children,
) -> AnyView {
    let node = NodeRef::<html::Details>::new();
    let close = move || {
        if let Some(details) = node.get_untracked() {
            details.set_open(false);
        }
    };
    let left = move |event: ev::FocusEvent| {
        let to = event.related_target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        if node.get_untracked().is_some_and(|details| !details.contains(to.as_ref())) {
            close();
        }
    };
    let key = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Escape" => close(),
        "ArrowDown" => step(&event, true),
        "ArrowUp" => step(&event, false),
        _ => {}
    };
    let side = if end { "menu-panel right-0" } else { "menu-panel left-0" };
    view! {
        <details class="menu" node_ref=node on:focusout=left on:keydown=key>
            <summary class="btn btn-ghost" aria-label=label.clone() title=label>{trigger}</summary>
            <div class=side tabindex="-1" on:click=move |_| close()>{children()}</div>
        </details>
    }
    .into_any()
}

/// Moves the focus to the next or the previous item.
fn step(event: &ev::KeyboardEvent, forward: bool) {
    event.prevent_default();
    let Some(active) = document().active_element() else { return };
    let in_menu = |element: web_sys::Element| element.class_list().contains(MENU_ITEM).then_some(element);
    let next = if active.class_list().contains(MENU_ITEM) {
        if forward { active.next_element_sibling() } else { active.previous_element_sibling() }
    } else {
        active.next_element_sibling().and_then(|panel| panel.first_element_child())
    };
    if let Some(item) = next.and_then(in_menu).and_then(|item| item.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Focus can only fail on an element that is gone.
        let _ = item.focus();
    }
}
