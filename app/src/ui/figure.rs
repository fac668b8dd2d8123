//! A number that people look at first.

use leptos::prelude::*;

/// One figure; with an address, a link to what it counts.
#[component]
pub fn Figure(
    /// What is counted.
    name: &'static str,
    /// How much.
    value: String,
    /// What to know about it.
    #[prop(into)]
    note: String,
    /// Where what is counted stands.
    #[prop(optional, into)]
    href: Option<String>,
    /// Somebody should look: the value stands in honey.
    #[prop(optional)]
    lit: bool,
) -> AnyView {
    let value = match href {
        Some(href) => view! { <a href=href>{value}</a> }.into_any(),
        None => value.into_any(),
    };
    view! {
        <div class="figure" class:figure-lit=lit>
            <dt>{name}</dt>
            <dd class="figure-value">{value}</dd>
            <dd class="figure-note">{note}</dd>
        </div>
    }
    .into_any()
}
