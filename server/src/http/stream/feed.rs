//! What is written to one browser, and when.

use std::collections::HashMap;

use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{BoxStream, SelectAll, unfold},
};
use hyvve_domain::{
    Code, Error,
    agents::RunEvent,
    approvals::presence,
    events,
    ids::{ApprovalId, RunId},
};
use serde::Serialize;
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, Interval, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    asking::Entered,
    follow::{Batch, Follow, is_final},
    guard::{CHECK, Welcome},
    sse::{Frames, HEARTBEAT},
};

/// Of how many approvals a stream remembers whether its reader sees them.
const REMEMBERED: usize = 1_000;
/// How many checks until the outbox is looked at although nothing said so: a lost hint only delays.
const LOOK_AGAIN: u32 = 12;

/// A run's next events, or why there are none.
type OfRuns = (RunId, Result<Batch, Error>);
/// The runs that a browser follows.
type Runs = SelectAll<BoxStream<'static, OfRuns>>;

#[derive(Serialize)]
struct Hello {
    cursor: i64,
}

/// Nothing has happened. An event and not a comment, because a page hears of no comments, and is to notice when they stop.
#[derive(Serialize)]
struct Beat {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfRun<'a> {
    run_id: RunId,
    event: &'a RunEvent,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gone {
    run_id: RunId,
}

/// Somebody came to an approval, or left it: who is there now is asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Presence {
    approval_id: ApprovalId,
}

/// A run's events up to its last one, or to the first error.
pub(super) fn run(follow: Follow, run: RunId) -> BoxStream<'static, OfRuns> {
    let steps = unfold(Some(follow), move |follow| async move {
        let mut follow = follow?;
        let batch = follow.next().await;
        let ended = batch.as_ref().map_or(true, |batch| batch.events().last().is_some_and(is_final));
        Some(((run, batch), (!ended).then_some(follow)))
    });
    steps.boxed()
}

/// One browser's stream.
pub(super) struct Feed {
    asking: Entered,
    welcome: Welcome,
    stopping: CancellationToken,
    news: watch::Receiver<u64>,
    presence: broadcast::Receiver<ApprovalId>,
    /// Which approvals the reader sees. That stays as it is while the stream lasts: whose an approval is never changes, and another
    /// role ends the stream.
    seen: HashMap<ApprovalId, bool>,
    runs: Runs,
    cursor: i64,
    greeted: bool,
    /// The outbox may hold what was not sent yet.
    behind: bool,
    checks: Interval,
    checked: u32,
    quiet_since: Instant,
}

impl Feed {
    pub(super) fn new(
        asking: Entered,
        (news, presence): (watch::Receiver<u64>, broadcast::Receiver<ApprovalId>),
        cursor: i64,
        runs: Runs,
        stopping: CancellationToken,
    ) -> Self {
        let mut checks = interval(CHECK);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (welcome, quiet_since) = (asking.welcome(), Instant::now());
        let (seen, greeted, behind, checked) = (HashMap::new(), false, true, 0);
        Self {
            asking,
            welcome,
            stopping,
            news,
            presence,
            seen,
            runs,
            cursor,
            greeted,
            behind,
            checks,
            checked,
            quiet_since,
        }
    }

    /// The next write; `None` ends the stream.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        let frames = self.frames().await?;
        self.quiet_since = Instant::now();
        Some(frames)
    }

    async fn frames(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            let hello = Hello { cursor: self.cursor };
            return write(|frames| frames.push("hello", &hello, Some(self.cursor)));
        }
        loop {
            if self.behind {
                match self.events().await {
                    Ok(Some(frames)) => return Some(frames),
                    // The next look finds what could not be found now.
                    Ok(None) => {}
                    Err(error) if error.code == Code::Unavailable => {}
                    // Removed, or in another role: whoever still belongs here comes back as what he or she is now.
                    Err(_) => return None,
                }
            }
            tokio::select! {
                Some((run_id, batch)) = self.runs.next() => {
                    if !self.welcome.lasts().await {
                        return None;
                    }
                    let batch = match batch {
                        Ok(batch) => batch,
                        // Not there, or not the reader's to see.
                        Err(e) if matches!(e.code, Code::NotFound | Code::Forbidden) => {
                            return write(|frames| frames.push("gone", &Gone { run_id }, None::<i64>));
                        }
                        // The browser comes back and goes on where it was.
                        Err(_) => return None,
                    };
                    let mut events = batch.events().iter().map(|event| OfRun { run_id, event });
                    return write(|frames| events.try_for_each(|event| frames.push("run", &event, None::<i64>)));
                }
                Ok(()) = self.news.changed() => self.behind = true,
                Ok(approval_id) = self.presence.recv() => {
                    if !self.sees(approval_id).await {
                        continue;
                    }
                    if !self.welcome.lasts().await {
                        return None;
                    }
                    return write(|frames| frames.push("presence", &Presence { approval_id }, None::<i64>));
                }
                _ = self.checks.tick() => {
                    if !self.welcome.lasts().await {
                        return None;
                    }
                    self.checked += 1;
                    self.behind |= self.checked.is_multiple_of(LOOK_AGAIN);
                    if self.quiet_since.elapsed() >= HEARTBEAT {
                        return write(|frames| frames.push("beat", &Beat {}, None::<i64>));
                    }
                }
                () = self.stopping.cancelled() => return None,
            }
        }
    }

    /// Whether the reader may be told that people come and go at an approval; no, where that cannot be found out now.
    async fn sees(&mut self, id: ApprovalId) -> bool {
        if let Some(sees) = self.seen.get(&id) {
            return *sees;
        }
        let Entered { services, actor, .. } = &self.asking;
        let Ok(sees) = presence::may_see(services, actor, id).await else { return false };
        if self.seen.len() >= REMEMBERED {
            self.seen.clear();
        }
        self.seen.insert(id, sees);
        sees
    }

    /// Events after the cursor; `None` when there are none. Whether the session stands is looked up before, whether the membership
    /// does together with the events: nothing that happened after either ended is written.
    async fn events(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.welcome.lasts().await {
            return Err(Error::unauthorized());
        }
        let Entered { services, actor, .. } = &self.asking;
        let (events, reached) = events::service::after(services, actor, self.cursor).await?;
        self.cursor = reached;
        if events.is_empty() {
            self.behind = false;
            return Ok(None);
        }
        let frames = write(|frames| events.iter().try_for_each(|event| frames.push("event", event, Some(event.seq))));
        frames.map(Some).ok_or_else(|| Error::internal("an event that is not JSON"))
    }
}

fn write(write: impl FnOnce(&mut Frames) -> serde_json::Result<()>) -> Option<Bytes> {
    let mut frames = Frames::default();
    write(&mut frames).ok()?;
    Some(frames.into_bytes())
}
