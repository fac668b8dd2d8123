//! A form that is sent the plain way. What is wrong with a field says the browser before, and the server after it was sent.

use leptos::prelude::*;

/// A `POST` form around its fields.
#[component]
pub fn Form(
    /// The address of the server function.
    action: &'static str,
    /// Its fields.
    children: Children,
) -> AnyView {
    view! { <form class="form" method="post" action=action>{children()}</form> }.into_any()
}
