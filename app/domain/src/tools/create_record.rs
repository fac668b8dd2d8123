//! `create_record`: makes one new record. The effect commits with the ledger: exactly once by construction.
//!
//! To delete it again is a decision of its own, so it counts as what cannot be taken back.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    arguments::{self, Arguments, object},
    registry::{NotApplied, Plan, Traits},
};
use crate::{
    Actor, Code, Error, Result,
    approvals::Preview,
    db::TenantTx,
    ids::ApprovalId,
    records::{self, Collection, change},
};

pub(super) const NAME: &str = "create_record";
pub(super) const DESCRIPTION: &str = "Make one new record of a collection. Search first whether there is one already; pass every field that you know. A person decides before anything happens.";

#[derive(Deserialize)]
struct Input {
    collection: String,
    data: Map<String, Value>,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["collection", "data"],
        "properties": {
            "collection": { "type": "string", "maxLength": 48, "description": "The collection’s name." },
            "data": { "type": "object", "minProperties": 1, "maxProperties": 50, "description": "The record’s values by field." },
        },
    })
}

async fn found(tx: &mut TenantTx, slug: &str) -> Result<Option<Collection>> {
    match records::service::collection(tx, slug).await {
        Ok(collection) => Ok(Some(collection)),
        Err(e) if e.code == Code::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// The same with the fields of the collection: what a form can be made of.
pub(super) async fn form_schema(tx: &mut TenantTx, values: &Map<String, Value>) -> Result<Value> {
    let mut schema = schema();
    let Ok(input) = arguments::typed::<Input>(values) else { return Ok(schema) };
    if let Some(collection) = found(tx, &input.collection).await? {
        schema["properties"]["data"]["properties"] = collection.schema.get("properties").cloned().unwrap_or_default();
    }
    Ok(schema)
}

/// Where among the arguments stands what does not fit the collection; empty where nobody can tell.
pub(super) async fn at_fault(tx: &mut TenantTx, values: &Map<String, Value>) -> Result<String> {
    let Ok(input) = arguments::typed::<Input>(values) else { return Ok(String::new()) };
    let Some(collection) = found(tx, &input.collection).await? else { return Ok("/collection".to_owned()) };
    let wrong = records::service::check_new(&collection, &input.data).err();
    let field = wrong.as_ref().and_then(|e| e.field()?.strip_prefix("data.")?.split('.').next());
    Ok(field.map_or_else(String::new, |field| format!("/data/{field}")))
}

/// Whether changed arguments are about a record of the same collection.
pub(super) fn keeps(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    before.get("collection") == after.get("collection")
}

pub(super) async fn plan(tx: &mut TenantTx, arguments: &Arguments) -> Result<Result<Plan, String>> {
    let input: Input = match arguments::typed(&arguments.values) {
        Ok(input) => input,
        Err(e) => return Ok(Err(e)),
    };
    let Some(collection) = found(tx, &input.collection).await? else {
        return Ok(Err(format!("There is no collection {:?}.", input.collection)));
    };
    let title = match records::service::check_new(&collection, &input.data) {
        Ok(title) => title,
        Err(e) if e.code == Code::InternalError => return Err(e),
        Err(e) => return Ok(Err(e.message)),
    };
    Ok(Ok(Plan {
        title: format!("Add {title} to {}", collection.name).chars().take(200).collect(),
        targets: Vec::new(),
        expected: BTreeMap::new(),
        traits: traits(&collection, &title, input.data),
    }))
}

/// Into which collection is its sort; they are all of one size.
fn traits(collection: &Collection, title: &str, data: Map<String, Value>) -> Traits {
    let sensitive = collection
        .fields()
        .filter(|(name, _, schema)| {
            data.contains_key(*name) && (schema["x-sensitive"] == true || schema["format"] == "email")
        })
        .map(|(_, label, _)| format!("“{label}”"))
        .collect();
    let sort = format!("new in {}", collection.name).chars().take(200).collect();
    let fields = object(json!({ "collection": collection.slug, "record": title, "data": data }));
    Traits { sort, size: 1.0, sensitive, fields }
}

/// What a rule may ask about a new record.
pub(super) fn example() -> Map<String, Value> {
    object(json!({ "collection": "customers", "record": "Ada Lovelace", "data": { "discount_percent": 20 } }))
}

pub(super) async fn preview(tx: &mut TenantTx, values: &Map<String, Value>) -> Result<Preview> {
    let input: Input = arguments::typed(values).map_err(Error::internal)?;
    let collection = records::service::collection(tx, &input.collection).await?;
    let title = records::service::check_new(&collection, &input.data)?;
    let fields = change::diff(&collection, &Map::new(), &input.data);
    Ok(Preview::NewRecord { collection: collection.name, title, fields })
}

pub(super) async fn apply(
    tx: &mut TenantTx,
    values: &Map<String, Value>,
    by: &Actor,
    approval: ApprovalId,
) -> Result<Result<Value, NotApplied>> {
    let input: Input = arguments::typed(values).map_err(Error::internal)?;
    match records::service::create(tx, &input.collection, &input.data, by, approval).await {
        Ok(id) => Ok(Ok(json!({ "record_id": id, "version": 1 }))),
        Err(e) if matches!(e.code, Code::NotFound | Code::ValidationError) => Ok(Err(NotApplied::Failed(e.message))),
        Err(e) => Err(e),
    }
}
