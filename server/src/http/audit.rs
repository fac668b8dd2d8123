//! The audit log.

use axum::{
    Json as Reply,
    response::{IntoResponse, Response},
};
use hyvve_domain::audit::{Row, service};
use serde::{Deserialize, Serialize};

use crate::{
    asking::{Member, Read},
    extract::Query,
    reply::{Answer, data},
};

/// Rows per call unless asked otherwise.
const LIMIT: i64 = 50;
/// Most rows per call.
const LIMIT_MAX: i64 = 200;

#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(alias = "cursor")]
    before: Option<i64>,
    limit: Option<i64>,
}

#[derive(Serialize)]
struct Rows {
    data: Vec<Row>,
    meta: Meta,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    has_more: bool,
    next_cursor: Option<i64>,
}

/// `GET /api/audit-log?before&limit`: newest first, rows with a smaller number than `before`.
pub(crate) async fn list(asking: Member<Read>, Query(wanted): Query<Wanted>) -> Answer<Response> {
    let limit = wanted.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    let rows = service::list(&asking.services, &asking.actor, wanted.before, limit).await?;
    // Numbers have no gaps and begin at 1, so the last row says whether there are more.
    let next_cursor = rows.last().map(|row| row.seq).filter(|seq| *seq > 1);
    Ok(Reply(Rows { data: rows, meta: Meta { has_more: next_cursor.is_some(), next_cursor } }).into_response())
}

/// `POST /api/audit-log/verify`
pub(crate) async fn verify(asking: Member<Read>) -> Answer<Response> {
    Ok(data(service::verify(&asking.services, &asking.actor).await?))
}
