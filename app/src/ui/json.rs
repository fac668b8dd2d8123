//! A JSON value for people: an object as names and values, everything else as it is.

use leptos::prelude::*;
use serde_json::Value;

use super::{Revealed, json_text};

/// A value; nothing in it stays hidden.
#[component]
pub fn Json(
    /// The value.
    value: Value,
) -> AnyView {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let rows: Vec<AnyView> = fields.into_iter().map(|(name, value)| row(name, &value)).collect();
            view! { <dl class="json">{rows}</dl> }.into_any()
        }
        Value::String(text) => view! { <p class="said"><Revealed text=text/></p> }.into_any(),
        other => view! { <pre class="source" tabindex="0"><Revealed text=pretty(&other)/></pre> }.into_any(),
    }
}

fn row(name: String, value: &Value) -> AnyView {
    let value = match value {
        Value::Object(_) | Value::Array(_) => {
            view! { <pre class="source" tabindex="0"><Revealed text=pretty(value)/></pre> }.into_any()
        }
        other => view! { <Revealed text=json_text(other)/> }.into_any(),
    };
    view! { <dt>{name}</dt><dd>{value}</dd> }.into_any()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
