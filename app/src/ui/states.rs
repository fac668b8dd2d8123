//! What a page shows when there is nothing, nothing yet, or an error.

use leptos::prelude::*;

use super::{Glyph, Icon};
use crate::ApiError;

/// Nothing there yet: says so, and offers one thing to do.
#[component]
pub fn EmptyState(
    /// What is not there.
    #[prop(into)]
    title: String,
    /// What will be there, or what to do.
    #[prop(optional, into)]
    text: String,
    /// What it is about.
    #[prop(default = Glyph::Check)]
    glyph: Glyph,
    /// One action.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    view! {
        <div class="state">
            <span class="state-icon"><Icon glyph=glyph/></span>
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}

/// Something failed: says what, and offers to try again, or another way out.
#[component]
pub fn ErrorState(
    /// What failed.
    #[prop(into)]
    error: ApiError,
    /// Tries again; without it, and without JavaScript, the page is loaded anew.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
    /// Where the action goes instead.
    #[prop(default = "")]
    href: &'static str,
    /// What the action is called.
    #[prop(default = "Try again")]
    action: &'static str,
) -> AnyView {
    let press = move |event: leptos::ev::MouseEvent| {
        if let Some(retry) = retry {
            event.prevent_default();
            retry.run(());
        }
    };
    view! {
        <div class="state" role="alert">
            <span class="state-icon state-icon-bad"><Icon glyph=Glyph::Warning/></span>
            <h2>{error.to_string()}</h2>
            <p><code class="text-xs">{error.code().as_str()}</code></p>
            <a class="btn" href=href rel="external" on:click=press>{action}</a>
        </div>
    }
    .into_any()
}

/// Grey bars in the place of rows that are on their way.
#[component]
pub fn Skeleton(
    /// How many rows.
    #[prop(default = 6)]
    rows: usize,
) -> AnyView {
    let bars = (0..rows).map(|_| view! { <div class="skeleton-row"></div> }).collect_view();
    view! { <div class="skeleton" aria-busy="true" aria-label="Loading">{bars}</div> }.into_any()
}
