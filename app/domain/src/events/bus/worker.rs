//! A consumer on one node: hears where there is something to do, and sees that it is done.

use std::time::Duration;

use tokio::{
    sync::broadcast::error::RecvError,
    time::{MissedTickBehavior, interval},
};

use super::{
    Bus, Consumer,
    advance::{Came, advance},
    lanes::{Lanes, Moved},
    store,
    stream::{Heard, Stream},
};
use crate::{Error, Result, ids::WorkspaceId, services::Services};

/// How many workspaces one look finds at most.
const FOUND: i64 = 1_000;
/// Before it is tried again where somebody else is at it, or the database was away.
const AGAIN: Duration = Duration::from_millis(250);

/// Works until the task is aborted.
pub(super) async fn work(s: &Services, bus: &Bus, consumer: &Consumer) -> Result<()> {
    let mut tx = s.db.system("a consumer of events begins").await?;
    store::register(&mut tx, consumer.name).await?;
    tx.commit().await?;
    let mut news = s.hub.follow_news();
    let mut stream = bus.redis.as_ref().map(|redis| Stream::open(redis, consumer.name, s.node, bus.pace.idle));
    let mut looks = interval(bus.pace.look);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lanes = Lanes::default();
    loop {
        while let Some(workspace) = lanes.next() {
            let (s, consumer, pace) = (s.clone(), consumer.clone(), bus.pace);
            lanes.begin(workspace, async move { advance(&s, &consumer, &pace, workspace).await });
        }
        tokio::select! {
            _ = looks.tick() => look(s, consumer, &mut lanes).await,
            heard = hear(&mut stream) => match heard? {
                Heard::Entries(entries) => {
                    let stream = stream.as_mut().ok_or_else(|| Error::internal("entries of no stream"))?;
                    stream.hold(entries).into_iter().for_each(|workspace| lanes.want(workspace));
                }
                // Whatever was told of between the two is looked for.
                Heard::Ready | Heard::Lost => looks.reset_immediately(),
            },
            told = news.recv() => match told {
                Ok(Some(workspace)) if !stream.as_ref().is_some_and(Stream::is_there) => lanes.want(workspace),
                Ok(Some(_)) => {}
                Ok(None) | Err(RecvError::Lagged(_)) => looks.reset_immediately(),
                Err(RecvError::Closed) => return Ok(()),
            },
            moved = lanes.moved() => match moved? {
                Moved::Rested(workspace) => lanes.want(workspace),
                Moved::Ended(workspace, came, again) => {
                    ended(consumer, &mut lanes, stream.as_mut(), workspace, came);
                    if again {
                        lanes.want(workspace);
                    }
                }
            },
        }
    }
}

/// What nobody was told of, or was told of in vain.
async fn look(s: &Services, consumer: &Consumer, lanes: &mut Lanes) {
    let found = async {
        let mut tx = s.db.system("workspaces with events that a consumer is not done with").await?;
        store::behind(&mut tx, consumer.name, FOUND).await
    };
    match found.await {
        Ok(found) => found.into_iter().for_each(|workspace| lanes.want(workspace)),
        Err(error) => {
            tracing::warn!(consumer = consumer.name, error.message = %error, "it was not looked for events; trying again");
        }
    }
}

async fn hear(stream: &mut Option<Stream>) -> Result<Heard> {
    match stream {
        Some(stream) => stream.hear().await,
        None => std::future::pending().await,
    }
}

/// Once the database knows how far a consumer has come, or that it rests, Redis need not know of it any more.
fn ended(
    consumer: &Consumer,
    lanes: &mut Lanes,
    stream: Option<&mut Stream>,
    workspace: WorkspaceId,
    came: Result<Came>,
) {
    let is_told_once = stream.is_some();
    let done = match came {
        Ok(Came::Whole(up_to)) => Some(up_to),
        Ok(Came::Part(up_to)) => {
            lanes.want(workspace);
            Some(up_to)
        }
        Ok(Came::Rests(pause)) => {
            lanes.want_later(workspace, pause);
            Some(i64::MAX)
        }
        Ok(Came::Nobodys) => Some(i64::MAX),
        // With PostgreSQL, whoever is at it was told of the same.
        Ok(Came::Busy) => {
            if is_told_once {
                lanes.want_later(workspace, AGAIN);
            }
            None
        }
        Err(error) => {
            tracing::warn!(consumer = consumer.name, workspace_id = %workspace, error.message = %error, "events were not dealt with; trying again");
            lanes.want_later(workspace, AGAIN);
            None
        }
    };
    if let (Some(stream), Some(up_to)) = (stream, done) {
        stream.settle(workspace, up_to);
    }
}
