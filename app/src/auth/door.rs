//! What the pages of the way in and out look like.

use leptos::prelude::*;

use crate::ui::page_title;

/// The card in the middle of the page.
#[component]
pub fn Door(
    /// What one does here.
    title: &'static str,
    /// What is wrong.
    message: Option<String>,
    /// What has just been done.
    #[prop(optional_no_strip)]
    done: Option<String>,
    /// The form.
    children: Children,
) -> AnyView {
    page_title(format!("{title} · HYVVE"));
    view! {
        <div class="door">
            <div class="door-card">
                <p class="door-brand"><span class="hex" aria-hidden="true"></span>"HYVVE"</p>
                <h1>{title}</h1>
                {done.map(|done| view! { <p class="form-done" role="status">{done}</p> })}
                {message.map(|message| view! { <p class="door-message" role="alert">{message}</p> })}
                {children()}
            </div>
        </div>
    }
    .into_any()
}
