//! A choice among a few, by the browser's own list.

use leptos::prelude::*;

/// A labelled list: `(value, words)`, of which one is chosen.
#[component]
pub fn Select(
    /// Its name in the form.
    name: &'static str,
    /// Its id, where a page has several of this name.
    #[prop(optional, into)]
    id: Option<String>,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// The label is for screen readers only: what stands around it says the same.
    #[prop(optional)]
    bare: bool,
    /// What there is.
    options: Vec<(String, String)>,
    /// The value that is chosen already.
    #[prop(into)]
    chosen: String,
    /// What the server said about it.
    #[prop(optional_no_strip, into)]
    error: Option<String>,
) -> AnyView {
    let id = id.unwrap_or_else(|| name.to_owned());
    let problem = format!("{id}-error");
    let list = options.into_iter().map(|(value, words)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{words}</option> }
    });
    let message = error.map(|text| view! { <p class="field-error" id=problem.clone() role="alert">{text}</p> });
    let described_by = message.is_some().then_some(problem);
    view! {
        <div class="field">
            <label for=id.clone() class:sr-only=bare>{label}</label>
            <select id=id.clone() name=name class="input" aria-describedby=described_by>{list.collect_view()}</select>
            {message}
        </div>
    }
    .into_any()
}
