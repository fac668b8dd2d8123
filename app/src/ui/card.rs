//! A card: a titled box with hairlines instead of shadows.

use leptos::prelude::*;

/// A card with a title, and a quiet note at its right.
#[component]
pub fn Card(
    /// What it shows.
    #[prop(into)]
    title: String,
    /// A quiet remark about it.
    #[prop(optional, into)]
    note: Option<String>,
    /// What stands in it.
    children: Children,
) -> AnyView {
    view! {
        <section class="card">
            <header class="card-header">
                <h3>{title}</h3>
                {note.map(|note| view! { <span class="card-note">{note}</span> })}
            </header>
            {children()}
        </section>
    }
    .into_any()
}

/// The padded inside of a card that does not bring its own.
#[component]
pub fn CardBody(
    /// What stands in it.
    children: Children,
) -> AnyView {
    view! { <div class="px-3.5 py-3">{children()}</div> }.into_any()
}
