//! A run as a stream of AgentOS's events.

use axum::response::Response;
use bytes::Bytes;
use futures::stream::unfold;
use hyvve_domain::{
    agents::{Run, RunEvent},
    ids::{AgentId, AgentSessionId, RunId},
};
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::{
    follow::{Follow, is_final, is_pause},
    guard::{CHECK, Welcome},
    sse::{self, BEAT, Frames, HEARTBEAT},
};

/// What stays the same in all events of a run.
pub(super) struct Head {
    agent_id: AgentId,
    agent_name: String,
    run_id: RunId,
    session_id: AgentSessionId,
}

impl From<&Run> for Head {
    fn from(run: &Run) -> Self {
        Self { agent_id: run.agent_id, agent_name: run.agent.clone(), run_id: run.id, session_id: run.session_id }
    }
}

#[derive(Serialize)]
struct Frame<'a> {
    event: &'a str,
    created_at: i64,
    agent_id: AgentId,
    agent_name: &'a str,
    run_id: RunId,
    parent_run_id: Option<RunId>,
    session_id: AgentSessionId,
    event_index: i32,
    #[serde(flatten)]
    data: &'a Value,
}

/// Streams what the reader follows until the run ends or waits for a person. `resting` says that it has ended or waits
/// already: then the stream ends as soon as nothing stored is left.
pub(super) fn reply(
    head: Head,
    follow: Follow,
    resting: bool,
    welcome: Welcome,
    stopping: CancellationToken,
) -> Response {
    let mut ticks = interval_at(Instant::now() + CHECK, CHECK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stream = Stream { head, follow, welcome, stopping, resting, ended: false, ticks, quiet_since: Instant::now() };
    sse::reply(unfold(stream, async |mut stream| stream.next().await.map(|frames| (frames, stream))))
}

struct Stream {
    head: Head,
    follow: Follow,
    welcome: Welcome,
    stopping: CancellationToken,
    /// As far as is known, nothing more comes: the run waits for a person, or has ended.
    resting: bool,
    /// The run's last event was sent.
    ended: bool,
    ticks: Interval,
    quiet_since: Instant,
}

impl Stream {
    /// The next write; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        if self.resting {
            // Only what is stored after a pause shows that it is over.
            let more = self.follow.stored().await.ok()??;
            return self.frames(more.events()).await;
        }
        loop {
            tokio::select! {
                batch = self.follow.next() => {
                    let batch = batch.ok()?;
                    return self.frames(batch.events()).await;
                }
                _ = self.ticks.tick() => {
                    if !self.welcome.lasts().await {
                        return None;
                    }
                    if self.quiet_since.elapsed() >= HEARTBEAT {
                        self.quiet_since = Instant::now();
                        return Some(BEAT);
                    }
                }
                () = self.stopping.cancelled() => return None,
            }
        }
    }

    /// Nothing that happened after the reader's welcome is written.
    async fn frames(&mut self, events: &[RunEvent]) -> Option<Bytes> {
        if !self.welcome.lasts().await {
            return None;
        }
        let mut frames = Frames::default();
        for event in events {
            frames.push(&event.name, &self.head.frame(event), Some(event.index)).ok()?;
        }
        self.resting = events.last().is_some_and(is_pause);
        self.ended = events.last().is_some_and(is_final);
        self.quiet_since = Instant::now();
        Some(frames.into_bytes())
    }
}

impl Head {
    fn frame<'a>(&'a self, event: &'a RunEvent) -> Frame<'a> {
        let Self { agent_id, agent_name, run_id, session_id } = self;
        Frame {
            event: &event.name,
            created_at: event.created_at.unix_seconds(),
            agent_id: *agent_id,
            agent_name,
            run_id: *run_id,
            parent_run_id: None,
            session_id: *session_id,
            event_index: event.index,
            data: &event.data,
        }
    }
}
