//! Following a run: every stored event from an index on, once each and in order, as soon as it is stored.
//!
//! The fast path is the hub of this node: what it hands over was stored a moment ago and needs no query. After a gap, a
//! lag or a hint from another node, the database is read from the reader's own index.

use std::{sync::Arc, time::Duration};

use hyvve_domain::{
    Actor, Code, Result,
    agents::{self, RunEvent},
    events::{RunFollower, RunSignal},
    ids::RunId,
    services::Services,
};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{sleep, timeout},
};

/// After so much silence the database is looked at: a lost hint delays a reader and costs it nothing.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Before a database that is away is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// A reader of a run's events.
pub(crate) struct Follow {
    services: Services,
    actor: Actor,
    run: RunId,
    next: i32,
    signals: RunFollower,
    /// The database may hold what was not read yet.
    behind: bool,
}

/// Some events, at least one, in order.
pub(crate) enum Batch {
    /// As the runtime stored them.
    Live(Arc<[RunEvent]>, usize),
    /// As the database has them.
    Stored(Vec<RunEvent>),
}

impl Batch {
    pub(crate) fn events(&self) -> &[RunEvent] {
        match self {
            Self::Live(events, from) => events.get(*from..).unwrap_or_default(),
            Self::Stored(events) => events,
        }
    }
}

impl Follow {
    /// Follows a run that is about to be started: nothing of it is stored yet.
    pub(crate) fn fresh(services: &Services, actor: Actor, run: RunId) -> Self {
        Self { behind: false, ..Self::from(services, actor, run, 0) }
    }

    /// Follows a run from an index on. From this moment nothing is missed.
    pub(crate) fn from(services: &Services, actor: Actor, run: RunId, next: i32) -> Self {
        let signals = services.hub.follow_run(run);
        Self { services: services.clone(), actor, run, next, signals, behind: true }
    }

    /// What is stored and was not read yet; `None` once the reader has caught up.
    pub(crate) async fn stored(&mut self) -> Result<Option<Batch>> {
        if !self.behind {
            return Ok(None);
        }
        let events = agents::service::events(&self.services, &self.actor, self.run, self.next).await?;
        match events.last() {
            None => self.behind = false,
            Some(last) => self.next = last.index + 1,
        }
        Ok((!events.is_empty()).then_some(Batch::Stored(events)))
    }

    /// The next events. May be dropped while it waits without losing any, and outlasts a restart of the database.
    pub(crate) async fn next(&mut self) -> Result<Batch> {
        loop {
            match self.stored().await {
                Ok(Some(batch)) => return Ok(batch),
                Ok(None) => {}
                Err(error) if error.code == Code::Unavailable => {
                    sleep(PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error),
            }
            match timeout(LOOK_AGAIN, self.signals.recv()).await {
                Ok(Ok(RunSignal::Stored(events))) => {
                    let from = events.iter().take_while(|event| event.index < self.next).count();
                    match events.get(from) {
                        None => {}
                        Some(first) if first.index == self.next => {
                            self.next += (events.len() - from) as i32;
                            return Ok(Batch::Live(events, from));
                        }
                        Some(_) => self.behind = true,
                    }
                }
                Ok(Ok(RunSignal::Look) | Err(RecvError::Lagged(_))) | Err(_) => self.behind = true,
                Ok(Err(RecvError::Closed)) => {
                    self.signals = self.services.hub.follow_run(self.run);
                    self.behind = true;
                }
            }
        }
    }
}

/// Whether nothing can follow this event.
pub(crate) fn is_final(event: &RunEvent) -> bool {
    matches!(event.name.as_str(), "RunCompleted" | "RunError" | "RunCancelled")
}

/// Whether the run waits for a person after this event.
pub(crate) fn is_pause(event: &RunEvent) -> bool {
    event.name == "RunPaused"
}
