//! Not there, or not yours: deliberately the same page.

use leptos::prelude::*;

use crate::ui::{EmptyState, Glyph, page_title};

/// The page of addresses that lead nowhere.
#[component]
pub fn NotFound() -> AnyView {
    #[cfg(feature = "ssr")]
    crate::forms::page_status(hyvve_domain::Code::NotFound);
    page_title("Not found");
    view! {
        <div class="page">
            <EmptyState
                title="There is nothing here"
                text="This page does not exist, or it is not yours to see."
                glyph=Glyph::Search
            >
                <a class="btn" href="/" rel="external">"Go home"</a>
            </EmptyState>
        </div>
    }
    .into_any()
}
