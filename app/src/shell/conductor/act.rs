//! Clicks: what `data-do` says is done.

use leptos::{
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement},
};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    by_id,
    hear::{around, on},
    palette,
};
use crate::ui::{flip, set_preference};

/// Does what attributes say.
#[derive(Clone, Copy)]
pub(super) struct Act {
    go: Callback<String>,
}

impl Act {
    pub(super) fn new() -> Self {
        let navigate = use_navigate();
        Self { go: Callback::new(move |to: String| navigate(&to, NavigateOptions::default())) }
    }

    pub(super) fn listen(self) {
        on("click", move |_, target| {
            if let Some(doer) = around(target, "[data-do]") {
                self.act(&doer);
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
    }

    /// Does what an element's `data-do` says.
    pub(super) fn act(self, doer: &Element) {
        let what = doer.get_attribute("data-do").unwrap_or_default();
        match what.split(' ').collect::<Vec<_>>()[..] {
            ["set", name, value] => set_preference(name, value),
            ["flip", name, one, other] => flip(name, one, other),
            ["show", "palette"] => palette::open(),
            ["show", id] => show(id),
            ["go", address] => self.go(address.to_owned()),
            ["hide"] => hide(doer),
            ["dismiss"] => doer.parent_element().into_iter().for_each(|item| item.remove()),
            _ => {}
        }
    }

    /// Goes to an address of this site.
    pub(super) fn go(self, address: String) {
        self.go.run(address);
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
