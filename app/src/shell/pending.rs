//! The number of approvals that wait, kept up to date by the stream.

use leptos::prelude::*;

use crate::live::use_live;

/// Counts again whenever something happened to an approval.
pub(super) fn count_pending(workspace: &str, at_first: i64) -> Signal<i64> {
    let count = RwSignal::new(at_first);
    let address = format!("/api/approvals?status=pending&pageSize=1&workspace={workspace}");
    use_live().on(&["approval."], move |_| {
        #[cfg(feature = "hydrate")]
        browser::ask(address.clone(), count);
        #[cfg(not(feature = "hydrate"))]
        let _ = &address;
    });
    count.into()
}

/// The browser's own fetch and JSON: the machinery of server functions is not in the first download.
#[cfg(feature = "hydrate")]
mod browser {
    use js_sys::Reflect;
    use leptos::{
        prelude::*,
        task::spawn_local,
        wasm_bindgen::{JsCast as _, JsValue},
        web_sys::Response,
    };
    use wasm_bindgen_futures::JsFuture;

    pub(super) fn ask(address: String, count: RwSignal<i64>) {
        spawn_local(async move {
            // Without an answer the old number stands until the next event.
            if let Ok(Some(now)) = total(&address).await {
                count.try_set(now);
            }
        });
    }

    async fn total(address: &str) -> Result<Option<i64>, JsValue> {
        let response: Response = JsFuture::from(window().fetch_with_str(address)).await?.dyn_into()?;
        let body = JsFuture::from(response.json()?).await?;
        let total = Reflect::get(&Reflect::get(&body, &"meta".into())?, &"total".into())?;
        Ok(total.as_f64().map(|total| total as i64))
    }
}
