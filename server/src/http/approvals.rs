//! The queue, and deciding.

use axum::{
    Json as Reply,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Error, PageRequest,
    approvals::{self, Detail, Filter, Status, Verdict, service},
    ids::ApprovalId,
};
use serde::{Deserialize, Serialize};

use super::Paging;
use crate::{
    asking::{Decide, Member, Read},
    extract::{Ids, Json, Query},
    reply::{Answer, data, page},
};

/// The most items that one call decides on.
const BULK_MAX: usize = 100;

#[derive(Deserialize)]
pub(crate) struct Wanted {
    status: Option<Status>,
    #[serde(rename = "type")]
    tool: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rejection {
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding {
    happened: bool,
    notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bulk {
    ids: Vec<ApprovalId>,
    action: Verdict,
    notes: Option<String>,
}

/// What became of each: what was decided in `data`, what was not in `errors`.
#[derive(Default, Serialize)]
struct Outcome {
    data: Vec<Detail>,
    errors: Vec<Refused>,
}

#[derive(Serialize)]
struct Refused {
    id: ApprovalId,
    #[serde(flatten)]
    why: Error,
}

/// `GET /api/approvals?status&type&page&pageSize`
pub(crate) async fn list(
    asking: Member<Read>,
    Query(wanted): Query<Wanted>,
    Query(paging): Query<Paging>,
) -> Answer<Response> {
    let filter = Filter { status: wanted.status, tool: wanted.tool, decided: false };
    Ok(page(service::list(&asking.services, &asking.actor, &filter, PageRequest::from(paging)).await?))
}

/// `GET /api/approvals/{id}`
pub(crate) async fn get(asking: Member<Read>, Ids(id): Ids<ApprovalId>) -> Answer<Response> {
    Ok(data(service::get(&asking.services, &asking.actor, id).await?))
}

/// `POST /api/approvals/{id}/approve`
pub(crate) async fn approve(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Approval>,
) -> Answer<Response> {
    Ok(data(service::decide(&asking.services, &asking.actor, id, decision(Verdict::Approve, input.notes)).await?))
}

/// `POST /api/approvals/{id}/reject`
pub(crate) async fn reject(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Rejection>,
) -> Answer<Response> {
    Ok(data(service::decide(&asking.services, &asking.actor, id, decision(Verdict::Reject, Some(input.reason))).await?))
}

/// `POST /api/approvals/{id}/settle`: what a person found out about an effect of unknown outcome.
pub(crate) async fn settle(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Finding>,
) -> Answer<Response> {
    Ok(data(service::settle(&asking.services, &asking.actor, id, input.happened, input.notes).await?))
}

/// `POST /api/approvals/bulk`: each item by itself, as if decided alone.
pub(crate) async fn bulk(asking: Member<Decide>, Json(input): Json<Bulk>) -> Answer<Response> {
    if input.ids.len() > BULK_MAX {
        return Err(Error::invalid("ids", "maxItems", format!("At most {BULK_MAX} at once, please.")).into());
    }
    let mut outcome = Outcome::default();
    for id in input.ids {
        match service::decide(&asking.services, &asking.actor, id, decision(input.action, input.notes.clone())).await {
            Ok(decided) => outcome.data.push(decided),
            Err(why) => outcome.errors.push(Refused { id, why }),
        }
    }
    Ok(Reply(outcome).into_response())
}

/// A program does not press Undo: the effect begins at once.
fn decision(verdict: Verdict, note: Option<String>) -> approvals::Decide {
    approvals::Decide { verdict, note, hash: None, interactive: false }
}
