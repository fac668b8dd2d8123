//! `update_record`: changes fields of one record. The effect commits with the ledger: exactly once by construction.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    arguments::{self, Arguments, object, version_of},
    registry::{NotApplied, Plan, Traits},
};
use crate::{
    Actor, Code, Error, Result,
    approvals::Preview,
    db::TenantTx,
    ids::{ApprovalId, RecordId},
    records::{self, Collection, FieldChange, Record, change},
};

pub(super) const NAME: &str = "update_record";
pub(super) const DESCRIPTION: &str = "Change fields of one record. Find the record first; pass its id and only the fields that change. A person decides before anything happens.";

#[derive(Deserialize)]
struct Input {
    collection: String,
    record_id: RecordId,
    changes: Map<String, Value>,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["collection", "record_id", "changes"],
        "properties": {
            "collection": { "type": "string", "maxLength": 48, "description": "The collection’s name." },
            "record_id": { "type": "string", "pattern": "^[0-9a-fA-F-]{36}$", "description": "The record’s id, from search_records." },
            "changes": { "type": "object", "minProperties": 1, "maxProperties": 50, "description": "New values by field; null removes a field." },
        },
    })
}

/// The same with the fields of the record's collection: what a form can be made of.
pub(super) async fn form_schema(tx: &mut TenantTx, values: &Map<String, Value>) -> Result<Value> {
    let mut schema = schema();
    let Ok(input) = arguments::typed::<Input>(values) else { return Ok(schema) };
    match records::service::find(tx, input.record_id, false).await {
        Ok((collection, _)) => {
            let fields = collection.schema.get("properties").cloned().unwrap_or_default();
            schema["properties"]["changes"]["properties"] = fields;
        }
        Err(e) if e.code == Code::NotFound => {}
        Err(e) => return Err(e),
    }
    Ok(schema)
}

/// Where among the arguments stands what does not fit the record's collection; empty where nobody can tell.
pub(super) async fn at_fault(tx: &mut TenantTx, values: &Map<String, Value>) -> Result<String> {
    let Ok(input) = arguments::typed::<Input>(values) else { return Ok(String::new()) };
    let (collection, record) = match records::service::find(tx, input.record_id, false).await {
        Ok(found) => found,
        Err(e) if e.code == Code::NotFound => return Ok(String::new()),
        Err(e) => return Err(e),
    };
    let wrong = records::service::check_change(&collection, &record, &input.changes).err();
    let field = wrong.as_ref().and_then(|e| e.field()?.strip_prefix("data.")?.split('.').next());
    let changed = field.filter(|field| input.changes.contains_key(*field));
    Ok(changed.map_or_else(String::new, |field| format!("/changes/{field}")))
}

pub(super) async fn plan(tx: &mut TenantTx, arguments: &Arguments) -> Result<Result<Plan, String>> {
    let input: Input = match arguments::typed(&arguments.values) {
        Ok(input) => input,
        Err(e) => return Ok(Err(e)),
    };
    let (collection, record) = match records::service::find(tx, input.record_id, false).await {
        Ok(found) => found,
        Err(e) if e.code == Code::NotFound => return Ok(Err(format!("There is no record {}.", input.record_id))),
        Err(e) => return Err(e),
    };
    if collection.slug != input.collection {
        return Ok(Err(format!("The record {} is not in {:?}.", input.record_id, input.collection)));
    }
    if let Err(e) = records::service::check_change(&collection, &record, &input.changes) {
        return if e.code == Code::InternalError { Err(e) } else { Ok(Err(e.message)) };
    }
    let changes = change::diff(&collection, &record.data, &change::merge(&record.data, &input.changes));
    if changes.is_empty() {
        return Ok(Err(format!("{} already has these values; there is nothing to change.", record.title)));
    }
    Ok(Ok(Plan {
        title: title(&record.title, &changes),
        targets: vec![record.id],
        expected: BTreeMap::from([(record.id, record.version)]),
        traits: traits(&collection, &record, &changes),
    }))
}

/// Which fields of which collection change is its sort; its size the largest change of a number.
fn traits(collection: &Collection, record: &Record, changes: &[FieldChange]) -> Traits {
    let labels: Vec<&str> = changes.iter().map(|c| c.label.as_str()).collect();
    let sides = |side: fn(&FieldChange) -> &Option<Value>| -> Map<String, Value> {
        changes.iter().filter_map(|c| Some((c.field.clone(), side(c).clone()?))).collect()
    };
    let schema = |field: &str| collection.fields().find(|(name, ..)| *name == field).map(|(.., schema)| schema);
    let sensitive = |change: &&FieldChange| {
        schema(&change.field).is_some_and(|s| s["x-sensitive"] == true || s["format"] == "email")
    };
    let fields = json!({
        "collection": collection.slug, "record": record.title, "before": sides(|c| &c.before), "changes": sides(|c| &c.after),
    });
    Traits {
        sort: format!("{} of {}", labels.join(", "), collection.name).chars().take(200).collect(),
        size: changes.iter().map(distance).fold(0.0, f64::max),
        sensitive: changes.iter().filter(sensitive).map(|c| format!("“{}”", c.label)).collect(),
        fields: object(fields),
    }
}

/// How far a number moves; 1 for anything else.
fn distance(change: &FieldChange) -> f64 {
    let number = |side: &Option<Value>| side.as_ref().and_then(Value::as_f64);
    match (number(&change.before), number(&change.after)) {
        (Some(before), Some(after)) => (after - before).abs(),
        (None, Some(after)) => after.abs(),
        (Some(before), None) => before.abs(),
        (None, None) => 1.0,
    }
}

/// What a rule may ask about a change of a record.
pub(super) fn example() -> Map<String, Value> {
    object(json!({
        "collection": "customers", "record": "Ada Lovelace",
        "before": { "discount_percent": 0 }, "changes": { "discount_percent": 20 },
    }))
}

/// “Change Discount (%) of Ada Lovelace from 0 to 20”.
fn title(record: &str, changes: &[FieldChange]) -> String {
    match changes {
        [one] => {
            let word = |v: &Option<Value>| match v {
                None => "nothing".to_owned(),
                Some(Value::String(s)) => format!("“{}”", s.chars().take(40).collect::<String>()),
                Some(other) => other.to_string().chars().take(40).collect(),
            };
            format!("Change {} of {record} from {} to {}", one.label, word(&one.before), word(&one.after))
        }
        several => {
            let labels: Vec<&str> = several.iter().map(|c| c.label.as_str()).collect();
            format!("Change {} fields of {record}: {}", several.len(), labels.join(", ")).chars().take(200).collect()
        }
    }
}

pub(super) async fn preview(
    tx: &mut TenantTx,
    values: &Map<String, Value>,
    expected: &BTreeMap<RecordId, i32>,
) -> Result<Preview> {
    let input: Input = arguments::typed(values).map_err(Error::internal)?;
    let version = version_of(input.record_id, expected)?;
    let (collection, record) = records::service::find_kept(tx, input.record_id).await?;
    let before = records::service::data_at(tx, input.record_id, version).await?;
    let changes = change::diff(&collection, &before, &change::merge(&before, &input.changes));
    Ok(Preview::Record {
        collection: collection.name,
        collection_slug: collection.slug,
        record_id: record.id,
        title: record.title,
        version,
        changes,
    })
}

pub(super) async fn apply(
    tx: &mut TenantTx,
    values: &Map<String, Value>,
    expected: &BTreeMap<RecordId, i32>,
    by: &Actor,
    approval: ApprovalId,
) -> Result<Result<Value, NotApplied>> {
    let input: Input = arguments::typed(values).map_err(Error::internal)?;
    let version = version_of(input.record_id, expected)?;
    match records::service::apply_change(tx, input.record_id, version, &input.changes, by, Some(approval)).await {
        Ok(Some(new)) => Ok(Ok(json!({ "record_id": input.record_id, "version": new }))),
        Ok(None) => Ok(Err(NotApplied::Superseded)),
        Err(e) if e.code == Code::NotFound => Ok(Err(NotApplied::Superseded)),
        Err(e) if e.code == Code::ValidationError => Ok(Err(NotApplied::Failed(e.message))),
        Err(e) => Err(e),
    }
}
