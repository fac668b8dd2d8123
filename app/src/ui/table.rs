//! A table that scrolls inside itself, so that the page never does sideways.

use leptos::prelude::*;

/// A table with column heads; its rows are `<tr>` with [`Td`] or plain cells.
#[component]
pub fn Table(
    /// What the table shows, for screen readers.
    #[prop(into)]
    caption: String,
    /// The heads of its columns.
    #[prop(into)]
    columns: Vec<String>,
    /// The rows.
    children: Children,
) -> AnyView {
    let heads = columns.into_iter().map(|text| view! { <th scope="col">{text}</th> }).collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=caption>
            <table class="table">
                <caption class="sr-only">{caption.clone()}</caption>
                <thead><tr>{heads}</tr></thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A cell; numbers stand at its right.
#[component]
pub fn Td(
    /// Holds a number or an amount.
    #[prop(optional)]
    number: bool,
    /// What stands in it.
    children: Children,
) -> AnyView {
    view! { <td class:text-right=number>{children()}</td> }.into_any()
}
