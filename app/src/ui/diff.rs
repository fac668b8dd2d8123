//! What a change does to a record, field by field, readable by eyes and by screen readers.

use leptos::prelude::*;
use serde_json::Value;

use super::Revealed;

/// A JSON value as people read it: texts without quotes, objects and lists as compact JSON.
pub fn json_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// One field before and after.
pub struct Difference {
    /// The field, for people.
    pub label: String,
    /// `None` when it was not there.
    pub before: Option<Value>,
    /// `None` when it goes away.
    pub after: Option<Value>,
}

/// Before and after, one row per field.
#[component]
pub fn Diff(
    /// The fields that differ.
    changes: Vec<Difference>,
    /// What the two sides are, where they are no before and after; each value says it to whoever does not see where it stands.
    #[prop(optional)]
    names: Option<(&'static str, &'static str)>,
) -> AnyView {
    if changes.is_empty() {
        return view! { <p class="px-3.5 py-3 text-muted-foreground">"No field changes."</p> }.into_any();
    }
    let rows: Vec<AnyView> = changes.into_iter().map(|change| row(change, names)).collect();
    let (before, after) = names.unwrap_or(("Before", "After"));
    view! {
        <table class="diff">
            <thead class="sr-only">
                <tr><th scope="col">"Field"</th><th scope="col">{before}</th><th scope="col">{after}</th></tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(change: Difference, names: Option<(&'static str, &'static str)>) -> AnyView {
    let Difference { label, before, after } = change;
    let (added, removed) = (before.is_none(), after.is_none());
    let before =
        before.map_or_else(nothing, |value| view! { <del><Revealed text=json_text(&value)/></del> }.into_any());
    let after = after.map_or_else(nothing, |value| view! { <ins><Revealed text=json_text(&value)/></ins> }.into_any());
    let side = |name: &'static str| view! { <span class="sr-only">{format!("{name}: ")}</span> };
    let (one, other) = (names.map(|(name, _)| side(name)), names.map(|(_, name)| side(name)));
    view! {
        <tr>
            <th scope="row">{label}</th>
            <td class="diff-before" class:diff-none=added>{one}{before}</td>
            <td class="diff-after" class:diff-none=removed>{other}{after}</td>
        </tr>
    }
    .into_any()
}

fn nothing() -> AnyView {
    view! { <span class="text-muted-foreground">"—"</span> }.into_any()
}
