//! The relay: tells other nodes whose events to look at, and listens to them.
//!
//! Business transactions never NOTIFY (it would serialise every commit in the database); the relay does, with ids only, at
//! most every 25 ms. Where nodes share a Redis, they tell each other there, and by NOTIFY only what Redis did not take. The listener
//! needs a direct connection, not PgBouncer in transaction mode.

use std::{collections::HashSet, time::Duration};

use futures::StreamExt as _;
use redis::{
    aio::{PubSubSink, PubSubStream},
    pipe,
};
use sqlx::{PgPool, postgres::PgListener, postgres::PgPoolOptions};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{
    Hub, RunSignal,
    bus::{
        Bus,
        line::{Line, PATIENCE, RETRY, Redis},
    },
    hub::Poke,
    store,
};
use crate::ids::{ApprovalId, RunId, WorkspaceId};

const CHANNEL: &str = "hyvve";
/// How long pokes are gathered before one statement carries them all.
const GATHER: Duration = Duration::from_millis(25);
/// After so much silence Redis is asked whether it still is there.
const SILENCE: Duration = Duration::from_secs(5);

/// Relays between this node and the others, until the task is aborted.
pub(super) async fn run(hub: &Hub, bus: &Bus, node: Uuid) {
    let pool = loop {
        match PgPoolOptions::new().max_connections(2).connect(bus.direct_url()).await {
            Ok(pool) => break pool,
            Err(e) => {
                tracing::warn!(error.message = %e, "the relay cannot connect yet");
                sleep(RETRY).await;
            }
        }
    };
    let subscribe = async {
        match bus.redis() {
            Some(redis) => subscribe(hub, redis, node).await,
            None => std::future::pending().await,
        }
    };
    tokio::join!(tell(hub, &pool, bus.redis(), node), listen(hub, &pool, node), subscribe);
}

async fn tell(hub: &Hub, pool: &PgPool, redis: Option<&Redis>, node: Uuid) {
    let Some(mut pokes) = hub.take_inward() else { return };
    let mut line = redis.map(|redis| redis.line(PATIENCE));
    let mut gathered = Vec::new();
    while pokes.recv_many(&mut gathered, 4096).await > 0 {
        sleep(GATHER).await;
        while let Ok(poke) = pokes.try_recv() {
            gathered.push(poke);
        }
        let unique: HashSet<Poke> = gathered.drain(..).collect();
        let payloads: Vec<String> = unique.iter().map(|p| encode(node, *p)).collect();
        if let Some(line) = &mut line
            && publish(line, &payloads).await
        {
            continue;
        }
        if let Err(e) = store::notify(pool, CHANNEL, &payloads).await {
            tracing::warn!(error.message = %e, "other nodes were not told; they look for themselves in a moment");
        }
    }
}

/// Tells others by Redis; whether it took that.
async fn publish(line: &mut Line, payloads: &[String]) -> bool {
    let mut pipeline = pipe();
    for payload in payloads {
        pipeline.publish(CHANNEL, payload).ignore();
    }
    line.say(&pipeline).await.is_ok()
}

async fn listen(hub: &Hub, pool: &PgPool, node: Uuid) {
    loop {
        let heard = async {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(CHANNEL).await?;
            hub.wake_all();
            loop {
                let notification = listener.recv().await?;
                hear(hub, node, notification.payload());
            }
        };
        let ended: Result<(), sqlx::Error> = heard.await;
        if let Err(e) = ended {
            tracing::warn!(error.message = %e, "the listener lost its connection");
        }
        sleep(RETRY).await;
    }
}

async fn subscribe(hub: &Hub, redis: &Redis, node: Uuid) {
    loop {
        let heard = async {
            let Ok(connected) = timeout(PATIENCE, connect(redis)).await else { return Ok(()) };
            let (mut sink, mut messages) = connected?;
            hub.wake_all();
            loop {
                match timeout(SILENCE, messages.next()).await {
                    Ok(Some(message)) => hear(hub, node, &message.get_payload::<String>()?),
                    Ok(None) => return Ok(()),
                    Err(_) => match timeout(PATIENCE, sink.ping::<redis::Value>()).await {
                        Ok(answer) => drop(answer?),
                        Err(_) => return Ok(()),
                    },
                }
            }
        };
        // What is said meanwhile is missed; so everybody looks once this is over, and every few seconds until then.
        let ended: redis::RedisResult<()> = heard.await;
        if let Err(cause) = ended {
            redis.lost(&cause);
        }
        sleep(RETRY).await;
    }
}

async fn connect(redis: &Redis) -> redis::RedisResult<(PubSubSink, PubSubStream)> {
    let (mut sink, messages) = redis.client().get_async_pubsub().await?.split();
    sink.subscribe(CHANNEL).await?;
    Ok((sink, messages))
}

fn hear(hub: &Hub, node: Uuid, payload: &str) {
    match decode(node, payload) {
        Some(Poke::Workspace(id)) => {
            hub.wake_workspace(id);
            hub.poke_work();
        }
        Some(Poke::Run(id)) => hub.signal_run(id, RunSignal::Look),
        Some(Poke::Presence(workspace, item)) => hub.signal_presence(workspace, item),
        None => {}
    }
}

fn encode(node: Uuid, poke: Poke) -> String {
    match poke {
        Poke::Workspace(id) => format!("{node} w {id}"),
        Poke::Run(id) => format!("{node} r {id}"),
        Poke::Presence(workspace, item) => format!("{node} p {workspace} {item}"),
    }
}

/// `None` for this node's own words, and for anything that is not ours.
fn decode(node: Uuid, payload: &str) -> Option<Poke> {
    let mut parts = payload.split(' ');
    let from: Uuid = parts.next()?.parse().ok()?;
    let kind = parts.next()?;
    let id: Uuid = parts.next()?.parse().ok()?;
    match kind {
        _ if from == node => None,
        "w" => Some(Poke::Workspace(WorkspaceId(id))),
        "r" => Some(Poke::Run(RunId(id))),
        "p" => Some(Poke::Presence(WorkspaceId(id), ApprovalId(parts.next()?.parse().ok()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_hears_others_and_not_itself() {
        let (here, there) = (Uuid::now_v7(), Uuid::now_v7());
        let poke = Poke::Run(RunId::new());
        assert_eq!(decode(here, &encode(there, poke)), Some(poke));
        assert_eq!(decode(here, &encode(here, poke)), None);
        let poke = Poke::Presence(WorkspaceId::new(), ApprovalId::new());
        assert_eq!(decode(here, &encode(there, poke)), Some(poke));
        assert_eq!(decode(here, "nonsense"), None);
    }
}
