//! The number of approvals that wait, kept up to date by the stream.

use std::{cell::RefCell, rc::Rc};

use js_sys::Reflect;
use leptos::{
    prelude::window,
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::Response,
};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::show_text;
use crate::{
    live::hub,
    ui::{retitle, set_fact},
};

type Listener = Rc<dyn Fn(i64)>;

thread_local! {
    static LISTENERS: RefCell<Vec<Listener>> = RefCell::default();
}

/// Counts again whenever something happened to an approval.
pub(super) fn listen(workspace: &str) {
    let address = format!("/api/approvals?status=pending&pageSize=1&workspace={workspace}");
    hub::listen(move |event| {
        if event.is_of(&["approval."]) {
            let address = address.clone();
            spawn_local(async move {
                // Without an answer the old number stands until the next event.
                if let Ok(Some(now)) = total(&address).await {
                    show(now);
                }
            });
        }
    });
}

/// Calls `listener` with every new number.
pub(super) fn tell(listener: impl Fn(i64) + 'static) {
    LISTENERS.with_borrow_mut(|all| all.push(Rc::new(listener)));
}

fn show(now: i64) {
    set_fact("pending", &now.to_string());
    show_text("pending", (now > 0).then(|| now.to_string()).as_deref());
    retitle(now);
    LISTENERS.with_borrow(Clone::clone).iter().for_each(|listener| listener(now));
}

/// How many there are of what the API lists at an address. The browser's own fetch and JSON: the machinery of server functions is not in the first download.
pub(super) async fn total(address: &str) -> Result<Option<i64>, JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(address)).await?.dyn_into()?;
    let body = JsFuture::from(response.json()?).await?;
    let total = Reflect::get(&Reflect::get(&body, &"meta".into())?, &"total".into())?;
    Ok(total.as_f64().map(|total| total as i64))
}
