//! `delete_record`: puts one record out of sight. The effect commits with the ledger: exactly once by construction.
//!
//! The record stays with its history and can be brought back as it was, so it can be taken back.

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
    records::{self, Collection, Record, change},
};

pub(super) const NAME: &str = "delete_record";
pub(super) const DESCRIPTION: &str = "Delete one record. Find the record first; pass its id. Nobody finds it any more, but it can be brought back. A person decides before anything happens.";

#[derive(Deserialize)]
struct Input {
    collection: String,
    record_id: RecordId,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["collection", "record_id"],
        "properties": {
            "collection": { "type": "string", "maxLength": 48, "description": "The collection’s name." },
            "record_id": { "type": "string", "pattern": "^[0-9a-fA-F-]{36}$", "description": "The record’s id, from search_records." },
        },
    })
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
    Ok(Ok(Plan {
        title: format!("Delete {} from {}", record.title, collection.name).chars().take(200).collect(),
        targets: vec![record.id],
        expected: BTreeMap::from([(record.id, record.version)]),
        traits: traits(&collection, &record),
    }))
}

/// From which collection is its sort; they are all of one size.
fn traits(collection: &Collection, record: &Record) -> Traits {
    let sensitive = |schema: &Value| schema["x-sensitive"] == true || schema["format"] == "email";
    let held = collection.fields().filter(|(name, _, schema)| record.data.contains_key(*name) && sensitive(schema));
    Traits {
        sort: format!("deletion from {}", collection.name).chars().take(200).collect(),
        size: 1.0,
        sensitive: held.map(|(_, label, _)| format!("“{label}”")).collect(),
        fields: object(json!({ "collection": collection.slug, "record": record.title, "data": record.data })),
    }
}

/// What a rule may ask about the end of a record.
pub(super) fn example() -> Map<String, Value> {
    object(json!({ "collection": "customers", "record": "Ada Lovelace", "data": { "discount_percent": 20 } }))
}

pub(super) async fn preview(
    tx: &mut TenantTx,
    values: &Map<String, Value>,
    expected: &BTreeMap<RecordId, i32>,
) -> Result<Preview> {
    let input: Input = arguments::typed(values).map_err(Error::internal)?;
    let version = version_of(input.record_id, expected)?;
    let (collection, record) = records::service::find_kept(tx, input.record_id).await?;
    let data = records::service::data_at(tx, input.record_id, version).await?;
    let fields = change::diff(&collection, &data, &Map::new());
    Ok(Preview::DeletedRecord {
        collection: collection.name,
        collection_slug: collection.slug,
        record_id: record.id,
        title: record.title,
        version,
        fields,
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
    match records::service::delete(tx, input.record_id, version, by, approval).await {
        Ok(true) => Ok(Ok(json!({
            "record_id": input.record_id, "note": "The record is deleted. It can be brought back on its page.",
        }))),
        Ok(false) => Ok(Err(NotApplied::Superseded)),
        Err(e) if e.code == Code::NotFound => Ok(Err(NotApplied::Superseded)),
        Err(e) => Err(e),
    }
}
