//! `search_records`: finds records of a collection by words. Reads with what the run's requester may read.

use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{self, Arguments};
use crate::{Code, Result, db::TenantTx, records};

pub(super) const NAME: &str = "search_records";
pub(super) const DESCRIPTION: &str = "Find records of a collection (for example customers or invoices) by words. Returns id, version and data of each match, at most 10.";

const LIMIT: i64 = 10;

#[derive(Deserialize)]
struct Input {
    collection: String,
    #[serde(default)]
    query: String,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["collection", "query"],
        "properties": {
            "collection": { "type": "string", "maxLength": 48, "description": "The collection’s name: customers, invoices, …" },
            "query": { "type": "string", "maxLength": 200, "description": "Words to look for; each may be the beginning of a word." },
        },
    })
}

pub(super) async fn read(tx: &mut TenantTx, arguments: &Arguments) -> Result<Result<Value, String>> {
    let input: Input = match arguments::typed(&arguments.values) {
        Ok(input) => input,
        Err(e) => return Ok(Err(e)),
    };
    let collection = match records::service::collection(tx, &input.collection).await {
        Ok(collection) => collection,
        Err(e) if e.code == Code::NotFound => {
            return Ok(Err(format!("There is no collection {:?}.", input.collection)));
        }
        Err(e) => return Err(e),
    };
    let (found, total) = records::service::search(tx, &collection, &input.query, LIMIT).await?;
    let records: Vec<Value> = found
        .into_iter()
        .map(|r| json!({ "id": r.id, "title": r.title, "version": r.version, "data": r.data }))
        .collect();
    Ok(Ok(json!({ "records": records, "total": total })))
}
