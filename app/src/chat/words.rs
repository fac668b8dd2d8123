//! What the agent says: plain while it streams, formatted once it is complete.

use leptos::{prelude::*, task::spawn_local};

use super::api::format_markdown;
use crate::ui::{Disclosure, copy_text, use_toasts};

/// A piece of the answer: the markdown so far, whether more will come, and its HTML where the server has made it already.
pub(super) fn words(text: Memo<String>, complete: Memo<bool>, html: Option<String>) -> AnyView {
    let formatted = RwSignal::new(html.map(|html| (text.get_untracked(), html)));
    let fits = move || formatted.read().as_ref().is_some_and(|(of, _)| *of == *text.read());
    Effect::new(move || {
        if complete.get() && !fits() {
            let markdown = text.get();
            spawn_local(async move {
                // Without an answer the plain text stays: nothing is lost but its looks.
                if let Ok(html) = format_markdown(markdown.clone()).await {
                    formatted.try_set(Some((markdown, html)));
                }
            });
        }
    });
    let shown = Memo::new(move |_| fits().then(|| formatted.get().map(|(_, html)| html)).flatten());
    let body = move || match shown.get() {
        Some(html) => view! { <div class="prose" inner_html=html></div> }.into_any(),
        None => view! { <p class="said">{move || text.get()}</p> }.into_any(),
    };
    body.into_any()
}

/// What the model thought, where its provider shows it.
pub(super) fn reasoning(text: Memo<String>) -> AnyView {
    view! { <Disclosure summary="Reasoning"><p class="said">{move || text.get()}</p></Disclosure> }.into_any()
}

/// Copies an answer.
pub(super) fn copy_answer(text: &str) {
    if copy_text(text) {
        use_toasts().say("Copied.");
    } else {
        use_toasts().fail("Browsers copy nothing on pages without https. Select the text by hand.");
    }
}
