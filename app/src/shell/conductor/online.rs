//! Whether anything new can arrive, and why not.

use leptos::{
    prelude::window,
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::Response,
};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::show_text;
use crate::live::hub;

/// Answers 401 to whoever is not signed in, and little to everybody else.
const WHO: &str = "/api/workspaces";

/// Says in the header what the stream is at. It does not say why it failed, so we ask.
pub(super) fn listen() {
    hub::listen_online(|online| {
        show_text("offline", (!online).then_some("Reconnecting…"));
        if !online {
            spawn_local(async {
                if status().await.ok() == Some(401) {
                    show_text("offline", Some("Signed out: reload to sign in"));
                }
            });
        }
    });
}

async fn status() -> Result<u16, JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(WHO)).await?.dyn_into()?;
    Ok(response.status())
}
