//! The bell: how many notifications were not read, and the dialog that shows them where one is.

use leptos::{wasm_bindgen::JsCast as _, web_sys::MouseEvent};
use wasm_bindgen_futures::spawn_local;

use super::{
    super::bell::count,
    act::{go, hide, show},
    by_id,
    hear::{around, on},
    pending::total,
    reading::fetch,
    show_text,
};
use crate::{live::hub, ui::tick};

pub(super) fn listen(workspace: &str) {
    let address = format!("/api/notifications?unread=true&pageSize=1&workspace={workspace}");
    hub::listen(move |event| {
        if event.is_of(&["notification."]) {
            let address = address.clone();
            spawn_local(async move {
                // Without an answer the old number stands until the next event.
                if let Ok(Some(now)) = total(&address).await {
                    show_text("unread", count(now).as_deref());
                }
            });
        }
    });
    on("click", |event, target| {
        around(target, "#notices a").iter().for_each(hide);
        let bell = around(target, "#bell").and_then(|bell| bell.get_attribute("href"));
        // Another tab, or another window, gets the page.
        let is_plain = |click: &MouseEvent| !(click.ctrl_key() || click.meta_key() || click.shift_key());
        let plain = event.dyn_ref::<MouseEvent>().is_some_and(is_plain);
        if let (Some(bell), true) = (bell, plain) {
            event.prevent_default();
            spawn_local(open(bell));
        }
    });
}

/// Shows the list of the page at an address in the dialog; what cannot be shown there shows as a page.
async fn open(address: String) {
    let page = fetch(&address).await.ok();
    let list = page.and_then(|page| page.get_element_by_id("notices-page"));
    if let (Some(list), Some(here)) = (list, by_id("notices-list")) {
        here.set_inner_html(&list.inner_html());
        tick();
        show("notices");
    } else {
        go(&address);
    }
}
