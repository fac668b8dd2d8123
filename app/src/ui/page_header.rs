//! The head of a page: its title in the browser's tab, its heading, and what one can do there.

use leptos::prelude::*;

use super::page_title;

/// A page's heading, with actions at its right.
#[component]
pub fn PageHeader(
    /// The heading, also the text of the browser's tab.
    #[prop(into)]
    title: String,
    /// A sentence below it.
    #[prop(optional, into)]
    lead: Option<String>,
    /// Buttons at the right.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    page_title(title.clone());
    view! {
        <header class="page-header">
            <div class="min-w-0 grow">
                <h1>{title}</h1>
                {lead.map(|lead| view! { <p class="text-muted-foreground">{lead}</p> })}
            </div>
            {children.map(|children| view! { <div class="flex gap-2 flex-wrap">{children()}</div> })}
        </header>
    }
    .into_any()
}
