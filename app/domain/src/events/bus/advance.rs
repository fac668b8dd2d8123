//! A consumer's work in one workspace: the next events, dealt with in the transaction that says so.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    Consumer, Pace, TRIES,
    store::{self, At, Letter, Lock},
};
use crate::{
    Actor, Code, Error, Result, audit::Entry, db::TenantTx, events, events::Event, ids::WorkspaceId, services::Services,
};

/// How many transactions one turn has: others want to work as well. To find the one bad event of a batch takes fewer.
const STEPS: usize = 32;
/// The most of an error that is kept.
const WORDS: usize = 1_000;
/// Why a dead letter rests that was written by another version of HYVVE, or by hand.
const UNREADABLE: &str = "It does not read as an event any more.";

/// How a turn ended.
pub(super) enum Came {
    /// All events are done, up to this one.
    Whole(i64),
    /// Those up to this one are done, and there may be more.
    Part(i64),
    /// Somebody else is at it.
    Busy,
    /// The next one failed, and is tried again after so long.
    Rests(Duration),
    /// The workspace is deleted.
    Nobodys,
}

enum Step {
    Over(Came),
    Done(i64),
    /// One of so many events failed; nobody knows which.
    Broke(usize),
}

/// What one transaction of a consumer is about.
struct Turn<'a> {
    s: &'a Services,
    consumer: &'a Consumer,
    pace: &'a Pace,
    workspace: WorkspaceId,
}

/// Deals with the next events of a workspace.
pub(super) async fn advance(s: &Services, consumer: &Consumer, pace: &Pace, workspace: WorkspaceId) -> Result<Came> {
    let turn = Turn { s, consumer, pace, workspace };
    let (mut limit, mut reached) = (i64::from(pace.batch), 0);
    for _ in 0..STEPS {
        match turn.step(limit).await? {
            Step::Over(came) => return Ok(came),
            Step::Done(up_to) => {
                reached = up_to;
                limit = (limit * 2).min(i64::from(pace.batch));
            }
            Step::Broke(of) => limit = (of / 2).max(1) as i64,
        }
    }
    Ok(Came::Part(reached))
}

impl Turn<'_> {
    async fn begin(&self) -> Result<TenantTx> {
        self.s.db.tenant(&Actor::system(self.workspace)).await
    }

    async fn step(&self, limit: i64) -> Result<Step> {
        let name = self.consumer.name;
        let mut tx = self.begin().await?;
        let at = match store::lock(&mut tx, name).await? {
            Lock::Ours(at) => at,
            Lock::Busy => return Ok(Step::Over(Came::Busy)),
            Lock::Nobodys => return Ok(Step::Over(Came::Nobodys)),
        };
        if at.letters
            && let Some(letter) = store::due_letter(&mut tx, name).await?
        {
            self.letter(tx, letter).await?;
            return Ok(Step::Done(at.done));
        }
        if let Some(rests) = at.rests {
            return Ok(Step::Over(Came::Rests(rests)));
        }
        let found = events::store::after(&mut tx, &Actor::system(self.workspace), at.done, limit).await?;
        let (reached, events) = (found.reached(limit), found.events);
        if events.is_empty() {
            // What nobody dealt with for 30 days is not in the outbox any more.
            if reached > at.done {
                store::done(&mut tx, name, reached).await?;
                tx.commit().await?;
            }
            return Ok(Step::Over(Came::Whole(reached)));
        }
        let why = match self.deal(&mut tx, &events).await {
            Ok(()) => {
                let written = store::done(&mut tx, name, reached).await;
                match finish(tx, written).await? {
                    None if (events.len() as i64) < limit => return Ok(Step::Over(Came::Whole(reached))),
                    None => return Ok(Step::Done(reached)),
                    Some(why) => why,
                }
            }
            Err(why) => {
                tx.rollback().await?;
                why
            }
        };
        match &events[..] {
            [event] => self.failed(at, event, &why).await,
            many => Ok(Step::Broke(many.len())),
        }
    }

    /// Lets the consumer deal with events; else says why it could not, in words that may be shown.
    async fn deal(&self, tx: &mut TenantTx, events: &[Event]) -> Result<(), String> {
        let dealing = AssertUnwindSafe((self.consumer.handle)(self.s, tx, events)).catch_unwind();
        match timeout(self.pace.patience, dealing).await {
            Ok(Ok(dealt)) => dealt.map_err(|error| words(&error)),
            Ok(Err(_)) => Err("It broke off in the middle. The server's log says where.".to_owned()),
            Err(_) => Err(format!("It took longer than {} seconds.", self.pace.patience.as_secs_f32())),
        }
    }

    /// The next event could not be dealt with: it is tried again, or it has been tried often enough.
    async fn failed(&self, at: At, event: &Event, why: &str) -> Result<Step> {
        let name = self.consumer.name;
        let mut tx = self.begin().await?;
        match store::lock(&mut tx, name).await? {
            Lock::Ours(now) if (now.done, now.tries) == (at.done, at.tries) => {}
            // Somebody else has tried it meanwhile.
            _ => return Ok(Step::Over(Came::Busy)),
        }
        let tries = at.tries + 1;
        if let Some(pause) = self.pause(tries) {
            store::failed(&mut tx, name, tries, pause).await?;
            tx.commit().await?;
            tracing::warn!(consumer = name, workspace_id = %self.workspace, event_id = %event.id, tries, error.message = why, "an event could not be dealt with; trying again");
            return Ok(Step::Over(Came::Rests(pause)));
        }
        store::bury(&mut tx, name, event, why, tries).await?;
        store::done(&mut tx, name, event.seq).await?;
        // No event says so: a consumer that can deal with none would have no end of them.
        tx.audit(Entry::new("event.dead_lettered", "event", event.id).details(facts(name, event)));
        tx.commit().await?;
        tracing::error!(consumer = name, workspace_id = %self.workspace, event_id = %event.id, tries, error.message = why, "an event is a dead letter; the rest goes on");
        Ok(Step::Done(event.seq))
    }

    /// A dead letter that somebody wants tried again. While it rests between tries, the workspace's events go on.
    async fn letter(&self, mut tx: TenantTx, letter: Letter) -> Result<()> {
        let name = self.consumer.name;
        let Letter { id, event, tries } = letter;
        let tries = tries + 1;
        let Some(event) = event else {
            // No further try makes it an event, and what comes after it is not to wait.
            store::failed_again(&mut tx, id, tries, UNREADABLE, None).await?;
            tx.commit().await?;
            tracing::error!(consumer = name, workspace_id = %self.workspace, tries, "a dead letter does not read as an event");
            return Ok(());
        };
        let why = match self.deal(&mut tx, std::slice::from_ref(&event)).await {
            Ok(()) => {
                let written = store::revived(&mut tx, id).await;
                match finish(tx, written).await? {
                    None => return Ok(()),
                    Some(why) => why,
                }
            }
            Err(why) => {
                tx.rollback().await?;
                why
            }
        };
        let mut tx = self.begin().await?;
        store::failed_again(&mut tx, id, tries, &why, self.pause(tries)).await?;
        tx.commit().await?;
        tracing::warn!(consumer = name, workspace_id = %self.workspace, event_id = %event.id, tries, error.message = why, "a dead letter was tried in vain");
        Ok(())
    }

    /// How long something rests that was tried so often; `None`: it was often enough.
    fn pause(&self, tries: i32) -> Option<Duration> {
        let at = usize::try_from(tries).unwrap_or(TRIES).checked_sub(1)?;
        self.pace.pauses.get(at).copied()
    }
}

/// Commits; or says why not, where that is because of what the consumer did.
async fn finish(tx: TenantTx, written: Result<()>) -> Result<Option<String>> {
    let finished = match written {
        Ok(()) => tx.commit().await,
        Err(error) => Err(error),
    };
    match finished {
        Ok(()) => Ok(None),
        Err(error) if error.code == Code::Unavailable => Err(error),
        Err(error) => Ok(Some(words(&error))),
    }
}

fn words(error: &Error) -> String {
    format!("{} ({})", error.message, error.code).chars().take(WORDS).collect()
}

fn facts(consumer: &str, event: &Event) -> Value {
    json!({ "consumer": consumer, "event": event.id, "type": event.name })
}
