//! Approvals, as AgentOS's control plane reads and resolves them.

use std::collections::{HashMap, hash_map::Entry};

use axum::{
    Json as Reply,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Error, PageRequest,
    agents::{self, Run},
    approvals::{Filter, Status, door, service},
    ids::{ApprovalId, RunId},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{decision, shapes, to_the_page};
use crate::{
    asking::{Decide, Entered, Member, Read},
    extract::{Ids, Json, Query},
    reply::Answer,
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    status: Option<Word>,
    page: Option<i64>,
    limit: Option<i64>,
}

/// AgentOS's words for where an approval stands.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Word {
    Pending,
    Approved,
    Rejected,
    Expired,
    Cancelled,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Resolution {
    status: Resolved,
    #[serde(default)]
    resolution_data: Option<Map<String, Value>>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Resolved {
    Approved,
    Rejected,
}

/// `GET /approvals`
pub(crate) async fn list(asking: Member<Read>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Answer<Response> {
    if let Some(page) = to_the_page(&headers) {
        return Ok(page);
    }
    let filter = Filter { status: wanted.status.map(Status::from), ..Filter::default() };
    let page = PageRequest::new(wanted.page, Some(wanted.limit.unwrap_or(i64::MAX)));
    let found = service::list(&asking.services, &asking.actor, &filter, page).await?;
    let mut runs = HashMap::new();
    for id in found.items.iter().filter_map(|item| item.run_id) {
        if let Entry::Vacant(entry) = runs.entry(id) {
            entry.insert(run(&asking, id).await?);
        }
    }
    let rows: Vec<Value> =
        found.items.iter().map(|item| shapes::item(item, item.run_id.and_then(|id| runs.get(&id)))).collect();
    let meta = json!({ "page": found.page, "limit": found.page_size, "total_pages": found.pages(), "total_count": found.total });
    Ok(Reply(json!({ "data": rows, "meta": meta })).into_response())
}

/// `GET /approvals/count`: of those that wait.
pub(crate) async fn count(asking: Member<Read>) -> Answer<Response> {
    let count = service::pending_count(&asking.services, &asking.actor).await?;
    Ok(Reply(json!({ "count": count })).into_response())
}

/// `GET /approvals/{id}`
pub(crate) async fn get(asking: Member<Read>, Ids(id): Ids<ApprovalId>) -> Answer<Response> {
    Ok(Reply(find(&asking, id).await?).into_response())
}

/// `GET /approvals/{id}/status`
pub(crate) async fn status(asking: Member<Read>, Ids(id): Ids<ApprovalId>) -> Answer<Response> {
    let found = find(&asking, id).await?;
    let [status, run_id, at, by] = ["status", "run_id", "resolved_at", "resolved_by"].map(|key| &found[key]);
    let shape = json!({ "approval_id": id, "status": status, "run_id": run_id, "resolved_at": at, "resolved_by": by });
    Ok(Reply(shape).into_response())
}

/// `POST /approvals/{id}/resolve`. Who resolves is who asks, whatever the body says; and, unlike in AgentOS, the run goes on.
pub(crate) async fn resolve(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Resolution>,
) -> Answer<Response> {
    let said = input.resolution_data.unwrap_or_default();
    let note = ["reason", "note", "feedback"].iter().find_map(|key| said.get(*key)?.as_str()).map(str::to_owned);
    let approved = matches!(input.status, Resolved::Approved);
    door::decide(&asking.services, &asking.actor, id, decision(approved, note)).await?;
    Ok(Reply(find(&asking, id).await?).into_response())
}

async fn find(asking: &Entered, id: ApprovalId) -> Result<Value, Error> {
    let detail = service::get(&asking.services, &asking.actor, id).await?;
    let run = match detail.item.run_id {
        Some(id) => Some(run(asking, id).await?),
        None => None,
    };
    Ok(shapes::approval(&detail, run.as_ref()))
}

async fn run(asking: &Entered, id: RunId) -> Result<Run, Error> {
    Ok(agents::service::run(&asking.services, &asking.actor, id).await?.run)
}

impl From<Word> for Status {
    fn from(word: Word) -> Self {
        match word {
            Word::Pending => Self::Pending,
            Word::Approved => Self::Approved,
            Word::Rejected => Self::Rejected,
            Word::Expired => Self::TimedOut,
            Word::Cancelled => Self::Cancelled,
        }
    }
}
