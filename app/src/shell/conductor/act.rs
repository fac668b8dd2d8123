//! Clicks: what `data-do` says is done. Forms: sent once.

use std::time::Duration;

use js_sys::Reflect;
use leptos::{
    prelude::{document, set_timeout, window},
    wasm_bindgen::JsCast as _,
    web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement},
};

use super::{
    super::keys::offer,
    all,
    awake::wake_if_needed,
    by_id,
    hear::{around, on},
    palette,
};
use crate::ui::{copy_text, flip, set_preference};

/// A form may be sent again when nothing has come of it for so long.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the style sheet takes for a phone.
const PHONE: &str = "(max-width: 767px)";

pub(super) fn listen() {
    on("click", |_, target| {
        if let Some(doer) = around(target, "[data-do]") {
            act(&doer);
        }
        // On phones the drawer has done its work.
        if around(target, ".sidebar a").is_some() {
            set_preference("drawer", "closed");
        }
        // A click beside an open dialog is on its backdrop, which is the dialog itself.
        if let Some(dialog) = target.dyn_ref::<HtmlDialogElement>() {
            dialog.close();
        }
    });
    on("change", |_, target| {
        let Some(input) = target.dyn_ref::<HtmlInputElement>() else { return };
        let words = input.get_attribute("data-check").unwrap_or_default();
        if let [name, yes, no] = words.split(' ').collect::<Vec<_>>()[..] {
            set_preference(name, if input.checked() { yes } else { no });
        }
    });
    // A form that is sent the plain way says that it is on its way, and is sent once.
    on("submit", |event, form| {
        if around(form, "#page form[method=post]").is_none() {
            return;
        }
        if form.has_attribute("aria-busy") {
            return event.prevent_default();
        }
        // Attributes of a fixed name are always accepted.
        let _ = form.set_attribute("aria-busy", "true");
        let form = form.clone();
        set_timeout(move || drop(form.remove_attribute("aria-busy")), PATIENCE);
    });
}

/// Does what an element's `data-do` says.
pub(super) fn act(doer: &Element) {
    let what = doer.get_attribute("data-do").unwrap_or_default();
    match what.split(' ').collect::<Vec<_>>()[..] {
        ["set", name, value] => set_preference(name, value),
        ["flip", name, one, other] => flip(name, one, other),
        ["chat"] => chat(),
        ["show", "palette"] => palette::open(),
        ["show", id] => show(id),
        ["go", address] => go(address),
        ["press", key] => {
            // Where the page does not take it, there is nothing to do.
            offer(key);
        }
        ["unfold", id] => unfold(id),
        ["choose", id, value] => choose(id, value),
        ["hide"] => hide(doer),
        // What stands in the same block of code, or in a field.
        ["copy"] => copy(doer, around(doer, ".code").and_then(|block| block.query_selector("code").ok().flatten())),
        ["copy", id] => copy(doer, by_id(id)),
        ["dismiss"] => doer.parent_element().into_iter().for_each(|item| item.remove()),
        _ => {}
    }
}

/// Opens or closes the dock; on phones the chat is a page.
pub(super) fn chat() {
    let narrow = window().match_media(PHONE).ok().flatten().is_some_and(|query| query.matches());
    let page = narrow.then(|| all(".nav-link[href$='/chat']").first()?.get_attribute("href")).flatten();
    if let Some(page) = page {
        return go(&page);
    }
    flip("dock", "open", "closed");
    wake_if_needed();
}

/// Goes to an address of this site, as a click on a link would: the application takes it if it is there, else the browser.
pub(super) fn go(address: &str) {
    let link = document().create_element("a").ok().and_then(|link| link.dyn_into::<HtmlElement>().ok());
    if let (Some(link), Some(body)) = (link, document().body()) {
        // An attribute of a fixed name, and a new element at the end of the body, are always accepted.
        let _ = link.set_attribute("href", address);
        let _ = body.append_child(&link);
        link.click();
        link.remove();
    }
}

/// Unfolds what a field stands in, and goes to the field.
fn unfold(id: &str) {
    let Some(field) = by_id(id) else { return };
    if let Some(fold) = around(&field, "details") {
        // An attribute of a fixed name is always accepted.
        let _ = fold.set_attribute("open", "");
    }
    focus(field);
}

/// Chooses a value in a field, and presses the button of its form.
fn choose(id: &str, value: &str) {
    let Some(field) = by_id(id) else { return };
    // A property of an element is always accepted.
    let _ = Reflect::set(&field, &"value".into(), &value.into());
    let button = around(&field, "form").and_then(|form| form.query_selector("button").ok().flatten());
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        button.click();
    }
}

/// Puts what a field or another element says on the clipboard, and says so on the button; also where there is no clipboard.
fn copy(button: &Element, from: Option<Element>) {
    let text = from.and_then(|from| match from.dyn_ref::<HtmlInputElement>() {
        Some(field) => Some(field.value()),
        None => from.text_content(),
    });
    if let Some(text) = text {
        button.set_text_content(Some(if copy_text(&text) { "Copied" } else { "Select it by hand" }));
    }
}

/// Opens a dialog; the browser puts the focus on its first control.
pub(super) fn show(id: &str) {
    if let Some(dialog) = by_id(id).and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok())
        && !dialog.open()
    {
        // Fails only when the dialog is not in the document.
        let _ = dialog.show_modal();
    }
}

/// Closes the dialog around an element.
pub(super) fn hide(inside: &Element) {
    if let Some(dialog) = around(inside, "dialog").and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok()) {
        dialog.close();
    }
}

/// Puts the focus on an element; it can only fail on one that is gone.
pub(super) fn focus(element: Element) {
    if let Ok(element) = element.dyn_into::<HtmlElement>() {
        let _ = element.focus();
    }
}
