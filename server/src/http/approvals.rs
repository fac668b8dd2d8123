//! The queue, and deciding.

use axum::{
    Json as Reply,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Error, PageRequest,
    approvals::{
        self, Care, Detail, Filter, Status, Verdict,
        bulk::{self, MOST},
        care, comments, door, edit,
        filter::{Narrow, Sort, Whose},
        presence,
        routing::Review,
        samples, service,
    },
    ids::{AgentId, ApprovalId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Paging;
use crate::{
    asking::{Decide, Member, Propose, Read},
    extract::{Empty, Ids, Json, Query, Strict},
    reply::{Answer, data, page, rows},
};

/// What a list shows, besides where it begins.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    status: Option<Status>,
    #[serde(rename = "type")]
    tool: Option<String>,
    #[serde(default)]
    decided: bool,
    #[serde(default)]
    sampled: bool,
    agent: Option<AgentId>,
    assignee: Option<Whose>,
    review: Option<Review>,
    #[serde(default)]
    overdue: bool,
    q: Option<String>,
    #[serde(default)]
    sort: Sort,
}

/// Where a list goes on.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Onward {
    cursor: Option<String>,
    limit: Option<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    notes: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rejection {
    reason: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding {
    happened: bool,
    notes: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    arguments: serde_json::Map<String, serde_json::Value>,
    notes: Option<String>,
    hash: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    question: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewComment {
    body: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Here {
    tab: String,
    here: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Looked {
    agreed: bool,
    notes: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bulk {
    ids: Vec<ApprovalId>,
    action: Verdict,
    notes: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Several {
    ids: Vec<ApprovalId>,
}

/// What became of each: what was decided in `data`, what was not in `errors`.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "BulkOutcome")]
pub(crate) struct Outcome {
    data: Vec<Detail>,
    errors: Vec<Refused>,
}

#[derive(Serialize, JsonSchema)]
struct Refused {
    id: ApprovalId,
    #[serde(flatten)]
    why: Error,
}

/// `GET /api/approvals?status&decided&type&agent&assignee&review&overdue&q&sort&sampled`, in pages (`page&pageSize`) or after a cursor
/// (`cursor&limit`). Of a list that is narrowed down by more than status and type, at most 10,001 are counted.
pub(crate) async fn list(
    asking: Member<Read>,
    Query(wanted): Query<Wanted>,
    Query(onward): Query<Onward>,
    Query(paging): Query<Paging>,
) -> Answer<Response> {
    let filter = Filter::from(wanted);
    let Onward { cursor, limit } = onward;
    if cursor.is_some() || limit.is_some() {
        let size = PageRequest::new(None, limit).size;
        let (items, next) = service::after(&asking.services, &asking.actor, &filter, cursor.as_deref(), size).await?;
        return Ok(rows(items, next));
    }
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
    Ok(data(door::decide(&asking.services, &asking.actor, id, decision(Verdict::Approve, input.notes)).await?))
}

/// `POST /api/approvals/{id}/reject`
pub(crate) async fn reject(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Rejection>,
) -> Answer<Response> {
    Ok(data(door::decide(&asking.services, &asking.actor, id, decision(Verdict::Reject, Some(input.reason))).await?))
}

/// `POST /api/approvals/{id}/settle`: what a person found out about an effect of unknown outcome.
pub(crate) async fn settle(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Finding>,
) -> Answer<Response> {
    Ok(data(door::settle(&asking.services, &asking.actor, id, input.happened, input.notes).await?))
}

/// `POST /api/approvals/{id}/edit`: changes what would run, and approves that.
pub(crate) async fn edit(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Strict(input): Strict<Change>,
) -> Answer<Response> {
    let Change { arguments, notes: note, hash } = input;
    let change = edit::Edit { arguments, note, hash, interactive: false };
    Ok(data(edit::edit(&asking.services, &asking.actor, id, change).await?))
}

/// `POST /api/approvals/{id}/ask`: asks the agent something instead of deciding.
pub(crate) async fn ask(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Question>,
) -> Answer<Response> {
    Ok(data(door::ask(&asking.services, &asking.actor, id, &input.question).await?))
}

/// `PATCH /api/approvals/{id}`: who looks at it, until when, and when it is out of sight.
pub(crate) async fn assign(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Care>,
) -> Answer<Response> {
    Ok(data(care::change(&asking.services, &asking.actor, id, input).await?))
}

/// `POST /api/approvals/{id}/claim`: takes it for oneself, unless somebody else has it.
pub(crate) async fn claim(asking: Member<Decide>, Ids(id): Ids<ApprovalId>, _: Empty) -> Answer<Response> {
    Ok(data(care::claim(&asking.services, &asking.actor, id).await?))
}

/// `POST /api/approvals/{id}/release`: hands back what one has taken.
pub(crate) async fn release(asking: Member<Decide>, Ids(id): Ids<ApprovalId>, _: Empty) -> Answer<Response> {
    Ok(data(care::release(&asking.services, &asking.actor, id).await?))
}

/// `POST /api/approvals/{id}/comments`
pub(crate) async fn comment(
    asking: Member<Propose>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<NewComment>,
) -> Answer<Response> {
    Ok(data(comments::add(&asking.services, &asking.actor, id, &input.body).await?))
}

/// `POST /api/approvals/{id}/presence`: that somebody has the card open, or not any more; answers who else has.
pub(crate) async fn presence(
    asking: Member<Read>,
    Ids(id): Ids<ApprovalId>,
    Json(said): Json<Here>,
) -> Answer<Response> {
    Ok(data(presence::say(&asking.services, &asking.actor, id, &said.tab, said.here).await?))
}

/// `POST /api/approvals/{id}/review`: whether what went on by itself should have.
pub(crate) async fn review(
    asking: Member<Decide>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Looked>,
) -> Answer<Response> {
    Ok(data(samples::review(&asking.services, &asking.actor, id, input.agreed, input.notes).await?))
}

/// `POST /api/approvals/bulk`: each item by itself, as if decided alone.
pub(crate) async fn bulk(asking: Member<Decide>, Json(input): Json<Bulk>) -> Answer<Response> {
    if input.ids.len() > MOST {
        return Err(Error::invalid("ids", "maxItems", format!("At most {MOST} at once, please.")).into());
    }
    let mut outcome = Outcome::default();
    for id in input.ids {
        match door::decide(&asking.services, &asking.actor, id, decision(input.action, input.notes.clone())).await {
            Ok(decided) => outcome.data.push(decided),
            Err(why) => outcome.errors.push(Refused { id, why }),
        }
    }
    Ok(Reply(outcome).into_response())
}

/// `POST /api/approvals/bulk/preview`: what they would do together, by action, and what of it the asker may not decide on.
pub(crate) async fn preview(asking: Member<Read>, Json(input): Json<Several>) -> Answer<Response> {
    Ok(data(bulk::sum_now(&asking.services, &asking.actor, &input.ids).await?))
}

impl From<Wanted> for Filter {
    fn from(wanted: Wanted) -> Self {
        let Wanted { status, tool, decided, sampled, agent, assignee, review, overdue, q, sort } = wanted;
        Self { status, tool, decided, sampled, narrow: Narrow { agent, assignee, review, overdue, text: q, sort } }
    }
}

/// A program does not press Undo: the effect begins at once.
fn decision(verdict: Verdict, note: Option<String>) -> approvals::Decide {
    approvals::Decide { verdict, note, hash: None, interactive: false }
}
