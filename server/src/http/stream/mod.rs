//! The browser's one stream: the workspace's events, and those of the runs that it follows, each with its own cursor; and, between
//! them, at which approvals somebody comes or goes.

mod feed;

use std::str::FromStr;

use axum::{extract::State, http::HeaderMap, response::Response};
use futures::stream::{SelectAll, unfold};
use hyvve_domain::{events, ids::RunId};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use self::feed::Feed;
use crate::{
    asking::{Member, Read},
    extract::Query,
    follow::Follow,
    reply::Answer,
    sse,
};

/// The most runs that one stream follows.
const RUNS_MAX: usize = 50;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    cursor: Option<i64>,
    #[serde(default)]
    runs: Runs,
}

/// `run:next_index,…`
#[derive(Default, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
struct Runs(Vec<(RunId, i32)>);

/// `GET /api/stream?workspace&cursor&runs`: from the cursor on, or from now on. A browser that comes back says by itself
/// where it was (`Last-Event-ID`). A run that it may not see is answered with `gone`, like one that nobody has; the others
/// and the workspace's events go on.
pub(crate) async fn open(
    asking: Member<Read>,
    State(stopping): State<CancellationToken>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let (s, actor) = (&asking.services, &asking.actor);
    let follow = |(run, next)| feed::run(Follow::from(s, *actor, run, next), run);
    let runs: SelectAll<_> = wanted.runs.0.into_iter().map(follow).collect();
    let news = (s.hub.follow_workspace(actor.workspace), s.hub.follow_presence(actor.workspace));
    let head = events::service::head(s, actor).await?;
    let last: Option<i64> = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let cursor = last.or(wanted.cursor).unwrap_or(head).clamp(0, head);
    let feed = Feed::new(asking.into_inner(), news, cursor, runs, stopping);
    Ok(sse::reply(unfold(feed, async |mut feed| feed.next().await.map(|frames| (frames, feed)))))
}

impl TryFrom<String> for Runs {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let one = |entry: &str| {
            let (run, next) = entry.split_once(':').unwrap_or((entry, "0"));
            Some((RunId::from_str(run).ok()?, next.parse::<i32>().ok()?.max(0)))
        };
        let entries: Vec<&str> = text.split(',').filter(|entry| !entry.is_empty()).collect();
        if entries.len() > RUNS_MAX {
            return Err(format!("expected at most {RUNS_MAX} runs"));
        }
        let runs: Option<Vec<_>> = entries.into_iter().map(one).collect();
        runs.map(Self).ok_or_else(|| "expected run:next_index,…".to_owned())
    }
}
