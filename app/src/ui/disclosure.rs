//! More, for whoever wants it: opens without JavaScript.

use leptos::prelude::*;

/// A line that unfolds what stands below it.
#[component]
pub fn Disclosure(
    /// The line.
    #[prop(into)]
    summary: String,
    /// Its id, where a page that follows what happens has a list of them.
    #[prop(optional, into)]
    id: Option<String>,
    /// Whether it is unfolded at first.
    #[prop(optional)]
    open: bool,
    /// What unfolds.
    children: Children,
) -> AnyView {
    view! {
        <details class="disclosure" id=id open=open>
            <summary>{summary}</summary>
            {children()}
        </details>
    }
    .into_any()
}
