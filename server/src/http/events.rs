//! Events for programs: reading on from any moment that is kept, and what there is to read.

use std::sync::LazyLock;

use axum::{
    Json as Reply,
    extract::State,
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Error, Timestamp,
    events::{
        Event, filter,
        pull::{self, From, Gone},
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::patience::{Wait, patiently};
use crate::{
    asking::{Member, Read},
    asyncapi,
    extract::Query,
    openapi,
    reply::Answer,
};

/// Events per call unless asked otherwise.
const LIMIT: i64 = 100;

/// From where on, and which.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    #[serde(alias = "cursor")]
    after: Option<i64>,
    since: Option<Timestamp>,
    #[serde(default)]
    types: String,
    limit: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Events {
    data: Vec<Event>,
    meta: Meta,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct Meta {
    has_more: bool,
    next_cursor: i64,
    gone: Option<Gone>,
}

impl Wanted {
    fn from(&self) -> Result<From, Error> {
        match (self.after, self.since) {
            (Some(_), Some(_)) => Err(Error::invalid("since", "alone", "Say either since or after, not both.")),
            (None, Some(since)) => Ok(From::Since(since)),
            (after, None) => Ok(From::After(after.unwrap_or_default())),
        }
    }
}

/// `GET /api/events?after|since&types&limit&waitSeconds`: oldest first, with the ids of then. Without `after` and `since`, from the
/// oldest that is kept. Where there is nothing yet, an answer is waited for.
pub(crate) async fn read(
    asking: Member<Read>,
    State(stopping): State<CancellationToken>,
    Query(wanted): Query<Wanted>,
    Query(wait): Query<Wait>,
) -> Answer<Response> {
    let (from, types) = (wanted.from()?, filter::checked("types", filter::split(&wanted.types))?);
    let limit = wanted.limit.unwrap_or(LIMIT);
    let look = async || {
        let read = pull::read(&asking.services, &asking.actor, from, &types, limit).await?;
        let is_final = !read.events.is_empty() || read.has_more;
        Ok((read, is_final))
    };
    let read = patiently(&asking, &stopping, &wait, look).await?;
    let meta = Meta { has_more: read.has_more, next_cursor: read.next, gone: read.gone };
    Ok(Reply(Events { data: read.events, meta }).into_response())
}

/// `GET /api/asyncapi.json`: what there is to hear of, and where. It is about the program, not about anybody's data.
pub(crate) async fn described() -> Reply<&'static Value> {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(asyncapi::document);
    Reply(LazyLock::force(&DOCUMENT))
}

/// `GET /api/openapi.json`: every address that programs call.
pub(crate) async fn addresses() -> Reply<&'static Value> {
    Reply(openapi::document())
}
