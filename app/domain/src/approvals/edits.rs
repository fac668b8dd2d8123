//! What a person changed before approving: the arguments as they were proposed beside those that took their place. Both stand in the
//! stored bytes, and neither is shown without its hash.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    form,
    store::{self, Locked},
};
use crate::{Result, db::TenantTx, ids::ApprovalId, records::FieldChange};

/// How many changes of one proposal are followed back.
const MOST: usize = 50;

/// Of either of the two items; nothing where nobody changed anything.
pub(super) async fn of(
    tx: &mut TenantTx,
    row: &Locked,
    arguments: &Map<String, Value>,
    edited_to: Option<ApprovalId>,
) -> Result<Vec<FieldChange>> {
    if row.edited_from.is_some() {
        return Ok(first(tx, row.edited_from).await?.map_or_else(Vec::new, |before| differences(&before, arguments)));
    }
    let Some(to) = edited_to else { return Ok(Vec::new()) };
    let Some(changed) = store::look(tx, to).await? else { return Ok(Vec::new()) };
    let after = changed.proposal(tx.workspace())?.arguments;
    Ok(differences(arguments, &after))
}

/// What was proposed at first: where several have to agree, one may change what another one has changed.
async fn first(tx: &mut TenantTx, from: Option<ApprovalId>) -> Result<Option<Map<String, Value>>> {
    let (mut found, mut next) = (None, from);
    for _ in 0..MOST {
        let Some(id) = next else { break };
        let Some(older) = store::look(tx, id).await? else { break };
        found = Some(older.proposal(tx.workspace())?.arguments);
        next = older.edited_from;
    }
    Ok(found)
}

/// Value by value, by name. What is no object on both sides is compared as a whole.
fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<FieldChange>) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let here = form::within(path, name);
        match (before.get(name), after.get(name)) {
            (before, after) if before == after => {}
            (Some(Value::Object(before)), Some(Value::Object(after))) => compare(&here, before, after, found),
            (before, after) => found.push(FieldChange {
                label: form::words(&here),
                field: here,
                before: before.cloned(),
                after: after.cloned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_changed_stands_beside_what_it_was() {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let before = object(
            json!({ "changes": { "discount": 20, "vip": true, "to": ["a"] }, "note": null, "same": { "a": 1 } }),
        );
        let after =
            object(json!({ "changes": { "discount": 5, "to": ["a", "b"] }, "note": { "x/y": 1 }, "same": { "a": 1 } }));
        let found = differences(&before, &after);
        let rows: Vec<_> =
            found.iter().map(|c| (c.field.as_str(), c.label.as_str(), c.before.clone(), c.after.clone())).collect();
        assert_eq!(
            rows,
            [
                ("/changes/discount", "changes → discount", Some(json!(20)), Some(json!(5))),
                ("/changes/to", "changes → to", Some(json!(["a"])), Some(json!(["a", "b"]))),
                ("/changes/vip", "changes → vip", Some(json!(true)), None),
                ("/note", "note", Some(Value::Null), Some(json!({ "x/y": 1 }))),
            ]
        );
        assert!(differences(&before, &before).is_empty());
        let hiding = object(json!({ "a\u{202e}b_c": 1 }));
        assert_eq!(differences(&hiding, &Map::new())[0].label, "a[U+202E]b c");
    }
}
