//! Changing what would run: a form made from the arguments themselves, so that only values change, never what it is about.

use hyvve_domain::approvals::{Status, outside::DecisionKind};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use server_fn::ServerFn as _;

use super::{
    api::{EditApproval, Shown},
    case::Case,
};
use crate::ui::{Button, Kbd, Variant};

/// What names the thing that an action is about; changing it would make it another action.
const FIXED: [&str; 4] = ["collection", "record_id", "action", "reversible"];
/// From this many characters on, a text gets several lines.
const LONG: usize = 60;

/// A value as it is typed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TypedValue {
    /// Where it stands: names from the outside to the inside, with `/` between them.
    pub path: String,
    /// What it is to be.
    #[serde(default)]
    pub value: String,
}

/// The form; nothing for what cannot be changed.
pub(super) fn edit_form(shown: &Shown, case: Case) -> AnyView {
    let detail = &shown.detail;
    let mut values = Vec::new();
    leaves("", &detail.arguments, &mut values);
    let taken = detail.outside.as_ref().is_none_or(|outside| outside.allowed.contains(&DecisionKind::Edit));
    if !taken || detail.item.status != Status::Pending || detail.item.tool == "change_policy" || values.is_empty() {
        return ().into_any();
    }
    let fields = values.into_iter().enumerate().map(|(place, (path, value))| field(place, path, &value)).collect_view();
    view! {
        <details class="more" name="ways" node_ref=case.editor>
            <summary aria-keyshortcuts="e">"Edit & approve"<Kbd key="e"/></summary>
            <form class="form" method="post" action=EditApproval::url()>
                <input type="hidden" name="id" value=detail.item.id.to_string()/>
                <input type="hidden" name="hash" value=detail.item.hash.clone()/>
                {fields}
                <p class="field-hint">"What you change is approved as you change it, and the agent is told what ran."</p>
                <div><Button variant=Variant::Primary kind="submit">"Approve the changed version"</Button></div>
            </form>
        </details>
    }
    .into_any()
}

fn field(place: usize, path: String, value: &Value) -> AnyView {
    let label = path.replace('/', " → ").replace('_', " ");
    let (id, name, at) = (format!("edit-{place}"), format!("values[{place}][value]"), format!("values[{place}][path]"));
    let text = text_of(value);
    let input = match value {
        Value::Number(_) => {
            view! { <input class="input" id=id.clone() name=name inputmode="decimal" value=text/> }.into_any()
        }
        Value::Bool(yes) => {
            let yes = *yes;
            view! {
                <select class="input" id=id.clone() name=name>
                    <option value="true" selected=yes>"yes"</option>
                    <option value="false" selected=!yes>"no"</option>
                </select>
            }
            .into_any()
        }
        _ if text.chars().count() > LONG || text.contains('\n') => {
            let rows = (text.lines().count() + text.chars().count() / LONG).clamp(3, 14);
            view! { <textarea class="input" id=id.clone() name=name rows=rows>{text}</textarea> }.into_any()
        }
        _ => view! { <input class="input" id=id.clone() name=name value=text/> }.into_any(),
    };
    view! { <div class="field"><label for=id>{label}</label><input type="hidden" name=at value=path/>{input}</div> }
        .into_any()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Every plain value of the arguments with its path, in their order.
fn leaves(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map.iter().filter(|(name, _)| !path.is_empty() || !FIXED.contains(&name.as_str())) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                leaves(&path, inner, found);
            }
        }
        Value::Array(_) => {}
        plain => found.push((path.to_owned(), plain.clone())),
    }
}

/// The arguments with what was typed in the place of what there was; the error names the value.
#[cfg(feature = "ssr")]
pub(super) fn applied(mut arguments: Value, typed: &[TypedValue]) -> Result<Value, hyvve_domain::Error> {
    let mut known = Vec::new();
    leaves("", &arguments, &mut known);
    for TypedValue { path, value } in typed {
        let wrong = |constraint: &str, what: &str| {
            hyvve_domain::Error::invalid("arguments", constraint, format!("{}: {what}", path.replace('/', " → ")))
        };
        let Some((_, before)) = known.iter().find(|(other, _)| other == path) else {
            return Err(wrong("unknown", "there is no such value."));
        };
        // A browser sends lines with the ends that the internet had in 1982.
        let text = value.replace("\r\n", "\n");
        let after = match before {
            same if text_of(same) == text => continue,
            Value::Number(_) => {
                let number = serde_json::from_str::<serde_json::Number>(text.trim());
                Value::Number(number.map_err(|_| wrong("number", "please enter a number."))?)
            }
            Value::Bool(_) => Value::Bool(text == "true"),
            _ => Value::String(text),
        };
        if let Some(place) = arguments.pointer_mut(&format!("/{path}")) {
            *place = after;
        }
    }
    Ok(arguments)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use serde_json::json;

    use super::*;

    fn typed(path: &str, value: &str) -> TypedValue {
        TypedValue { path: path.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn values_keep_their_kind_and_what_it_is_about_cannot_change() {
        let before = json!({ "collection": "customers", "record_id": "x", "changes": { "discount": 20, "vip": true, "note": null } });
        let after = applied(
            before.clone(),
            &[typed("changes/discount", "5"), typed("changes/vip", "false"), typed("changes/note", "")],
        );
        assert_eq!(
            after.ok(),
            Some(
                json!({ "collection": "customers", "record_id": "x", "changes": { "discount": 5, "vip": false, "note": null } })
            )
        );
        for (path, value) in
            [("record_id", "y"), ("changes/price", "1"), ("changes", "1"), ("changes/discount", "many")]
        {
            assert!(applied(before.clone(), &[typed(path, value)]).is_err(), "{path}");
        }
    }

    #[test]
    fn a_text_comes_back_as_it_was_where_nobody_changed_it() {
        let before = json!({ "body": "one\ntwo", "to": "a@example.com" });
        assert_eq!(
            applied(before.clone(), &[typed("body", "one\r\ntwo"), typed("to", "a@example.com")]).ok(),
            Some(before)
        );
    }
}
