//! The event bus: consumers hear of every event of every workspace, in the workspace's order, and each event takes effect once.
//!
//! Truth is in PostgreSQL. A [`Consumer`] has a cursor in each workspace (`event_consumers`); whoever works for it locks the cursor,
//! deals with the next events, and moves the cursor on, in one transaction (`advance.rs`). So it does not matter how often somebody
//! is told of an event, by whom, or in which order; and a look every few seconds (`worker.rs`) finds whatever nobody was told of.
//! What differs between the two back ends is only who is told, and when:
//!
//! - **PostgreSQL**: every node is told of every workspace with news, by its own hub and by the relay (LISTEN and NOTIFY). Who
//!   comes first works, and the others find the cursor locked.
//! - **Redis**: one node at a time (`publisher.rs`) copies the outbox into a stream, without content: workspace, number and id. Each
//!   consumer is a consumer group of that stream (`stream.rs`), so one node is told of each event; if that node dies, another one
//!   claims what it had in hand. Should Redis be away or have lost its memory, nodes are told as with PostgreSQL meanwhile.
//!
//! An event that a consumer cannot deal with is tried five times; the workspace's next events wait so long, because order is kept.
//! Then it is a dead letter ([`super::dead_letters`]), and the rest goes on.

mod advance;
mod lanes;
pub(super) mod line;
mod publisher;
mod store;
mod stream;
mod worker;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;

use self::line::Redis;
use super::{Event, relay};
use crate::{Result, db::TenantTx, services::Services};

/// How often an event is tried before it is a dead letter.
pub const TRIES: usize = 5;

type Handle = dyn for<'a> Fn(&'a Services, &'a mut TenantTx, &'a [Event]) -> BoxFuture<'a, Result<()>> + Send + Sync;

/// Somebody who hears of every event: a name that is never used for anything else, and what is done with events.
#[derive(Clone)]
pub struct Consumer {
    name: &'static str,
    handle: Arc<Handle>,
}

impl Consumer {
    /// `handle` gets some events of one workspace, in order, in a transaction of HYVVE itself in there. What it does in that
    /// transaction happens once. What it does elsewhere may happen again, if the transaction does not commit. If it fails, it is
    /// asked again, with fewer events, to find out which one it cannot deal with.
    pub fn new<F>(name: &'static str, handle: F) -> Self
    where
        F: for<'a> Fn(&'a Services, &'a mut TenantTx, &'a [Event]) -> BoxFuture<'a, Result<()>> + Send + Sync + 'static,
    {
        Self { name, handle: Arc::new(handle) }
    }

    /// Its name, of which the database and Redis know it.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// Lets consumers begin to exist, by their names, where they do not yet: they hear of whatever happens from now on. Before anything
/// else works on a node, so that nothing happens between that and their beginning; a consumer whom this leaves out begins to exist
/// when it first works.
pub async fn register(s: &Services, consumers: &[&str]) -> Result<()> {
    let mut tx = s.db.system("consumers of events begin").await?;
    for consumer in consumers {
        store::register(&mut tx, consumer).await?;
    }
    tx.commit().await
}

/// How much at once, how soon again, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The most events in one transaction of a consumer.
    pub batch: u16,
    /// Pauses after the first try of an event, the second, …
    pub pauses: [Duration; TRIES - 1],
    /// For how long a consumer may deal with what it was given.
    pub patience: Duration,
    /// How often it is looked for what nobody was told of.
    pub look: Duration,
    /// After so long another node is told of what one was told of and is not done with.
    pub idle: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch: 500,
            pauses: [200, 1_000, 5_000, 25_000].map(Duration::from_millis),
            patience: Duration::from_mins(2),
            look: Duration::from_secs(5),
            idle: Duration::from_secs(30),
        }
    }
}

/// A node's way to the others and to consumers.
#[derive(Clone)]
pub struct Bus {
    direct_url: Arc<str>,
    redis: Option<Redis>,
    pace: Pace,
}

impl Bus {
    /// `direct_url` connects to PostgreSQL as `hyvve_system`, and not through PgBouncer in transaction mode. With Redis, its back
    /// end is used. An error says why its address cannot be used, and holds no part of it.
    pub fn new(direct_url: &str, redis_url: Option<&str>) -> Result<Self, String> {
        let redis = redis_url.map(Redis::at).transpose().map_err(|cause| cause.to_string())?;
        Ok(Self { direct_url: direct_url.into(), redis, pace: Pace::default() })
    }

    /// The same at another pace.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Tells other nodes what happens here, and listens to them, until the task is aborted.
    pub async fn relay(self, s: Services) {
        relay::run(&s.hub, &self, s.node).await;
    }

    /// Lets a consumer deal with events on this node until the task is aborted. It ends only where it cannot begin, or is broken.
    pub async fn consume(self, s: Services, consumer: Consumer) {
        if let Err(error) = worker::work(&s, &self, &consumer).await {
            tracing::warn!(consumer = consumer.name, error.message = %error, "a consumer of events stopped");
        }
    }

    /// Copies the outbox into Redis's stream whenever no other node does so, until the task is aborted. `consumers` are the names of
    /// all of them.
    pub async fn publish(self, s: Services, consumers: Vec<&'static str>) {
        match &self.redis {
            Some(redis) => publisher::work(&s, &self, redis, &consumers).await,
            None => std::future::pending().await,
        }
    }

    /// Where a connection of one's own goes.
    pub(super) fn direct_url(&self) -> &str {
        &self.direct_url
    }

    /// What nodes share besides the database.
    pub(super) fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }
}
