//! The audit log.

use axum::{
    Json as Reply,
    body::Body,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use hyvve_domain::{
    Error,
    audit::{
        Row,
        export::{self, Progress},
        service,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    asking::{Entered, Member, Read},
    extract::{Empty, Query},
    guard::Welcome,
    reply::{Answer, data},
};

/// Rows per call unless asked otherwise.
const LIMIT: i64 = 50;
/// Most rows per call.
const LIMIT_MAX: i64 = 200;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    #[serde(alias = "cursor")]
    before: Option<i64>,
    limit: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Rows {
    data: Vec<Row>,
    meta: Meta,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
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
pub(crate) async fn verify(asking: Member<Read>, _: Empty) -> Answer<Response> {
    Ok(data(service::verify(&asking.services, &asking.actor).await?))
}

/// `GET /api/audit-log/export`: the whole log as JSON Lines, oldest first; `docs/audit-export.md` says how to check it.
pub(crate) async fn export(asking: Member<Read>) -> Answer<Response> {
    let asking = asking.into_inner();
    let (head, progress) = export::begin(&asking.services, &asking.actor).await?;
    let rest = Export { welcome: asking.welcome(), asking, progress };
    let headers =
        [(CONTENT_TYPE, "application/x-ndjson"), (CONTENT_DISPOSITION, "attachment; filename=\"audit-log.jsonl\"")];
    let lines = stream::iter([Ok(Bytes::from(head))]).chain(stream::unfold(Some(rest), Export::page).fuse());
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// An export that is under way. Nothing is held open between two of its pages.
struct Export {
    asking: Entered,
    welcome: Welcome,
    progress: Progress,
}

impl Export {
    /// The next rows. When reading fails, or whoever asked may not read any more, the body is cut off, which every client takes
    /// for a failure.
    async fn page(export: Option<Self>) -> Option<(Result<Bytes, Error>, Option<Self>)> {
        let export = export.filter(|export| !export.progress.is_done())?;
        if !export.welcome.lasts().await {
            return Some((Err(Error::unauthorized()), None));
        }
        let Entered { services, actor, .. } = &export.asking;
        Some(match export::next(services, actor, export.progress).await {
            Ok((lines, progress)) => (Ok(Bytes::from(lines)), Some(Self { progress, ..export })),
            Err(error) => (Err(error), None),
        })
    }
}
