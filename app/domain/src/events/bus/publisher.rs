//! The outbox, copied into Redis's stream by one node at a time: whoever holds a lock in PostgreSQL, until its connection breaks.
//!
//! How far a workspace's events are in the stream stands in Redis beside it, and both move on in one step. So whatever a Redis has
//! forgotten, it has forgotten both; it is published again from where not all consumers are done. A leader that does not know yet
//! that it is none any more changes nothing: it names the number from which it goes on, and that is not the one which stands there.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
    time::Duration,
};

use redis::{RedisError, Script, cmd};
use sqlx::{Connection as _, PgConnection};
use tokio::{
    sync::broadcast::error::{RecvError, TryRecvError},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    Bus,
    line::{Line, PATIENCE, RETRY, Redis},
    store::{self, Number},
    stream::KEY,
};
use crate::{Error, Result, Timestamp, ids::WorkspaceId, services::Services};

/// For how long the stream keeps events: as long as the outbox.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// How many workspaces are published at once, and how many events of each.
const WORKSPACES: usize = 50;
const EVENTS: i64 = 1_000;
/// How often somebody who does not lead asks whether nobody does.
const STAND_BY: Duration = Duration::from_millis(500);

/// KEYS: the stream; of each workspace, the number up to which it is in there. ARGV: the least id that the stream keeps; for how many
/// seconds numbers are kept; of each workspace its id, its number as the publisher knows it or nothing, how many events follow, and of
/// each of them number and id. Answers for each workspace 1, or 0 where its number is another one.
static PUBLISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local at, answers = 3, {}
for w = 2, #KEYS do
    local workspace, known, n = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    at = at + 3
    if (redis.call('GET', KEYS[w]) or '') == known then
        for i = 0, n - 1 do
            redis.call('XADD', KEYS[1], '*', 'workspace', workspace, 'seq', ARGV[at + 2 * i], 'event', ARGV[at + 2 * i + 1])
        end
        redis.call('SET', KEYS[w], ARGV[at + 2 * n - 2], 'EX', ARGV[2])
        answers[w - 1] = 1
    else
        answers[w - 1] = 0
    end
    at = at + 2 * n
end
redis.call('XTRIM', KEYS[1], 'MINID', '~', ARGV[1])
return answers
",
    )
});

/// Why somebody leads no more.
enum Fault {
    Postgres(Error),
    Redis(RedisError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Postgres(error)
    }
}

/// Publishes whenever nobody else does, until the task is aborted.
pub(super) async fn work(s: &Services, bus: &Bus, redis: &Redis, consumers: &[&'static str]) {
    let consumers: Vec<String> = consumers.iter().map(|&name| name.to_owned()).collect();
    loop {
        let ended = Box::pin(lead(s, bus, redis, &consumers)).await;
        match ended {
            Ok(()) => return,
            Err(Fault::Postgres(error)) => {
                tracing::warn!(error.message = %error, "this node does not publish events; trying again");
            }
            // That Redis is away was said.
            Err(Fault::Redis(cause)) if cause.code().is_none() => {}
            Err(Fault::Redis(cause)) => {
                tracing::warn!(error.name = "redis", error.message = %cause, "Redis takes no events; they go on without it");
            }
        }
        sleep(RETRY).await;
    }
}

/// One time of leading, from waiting for it to the first thing that goes wrong.
async fn lead(s: &Services, bus: &Bus, redis: &Redis, consumers: &[String]) -> Result<(), Fault> {
    let mut conn = PgConnection::connect(bus.direct_url()).await.map_err(Error::from)?;
    store::keep_alive(&mut conn).await?;
    while !store::lead(&mut conn).await? {
        sleep(STAND_BY).await;
    }
    tracing::info!("this node publishes events from now on");
    let mut news = s.hub.follow_news();
    let mut looks = interval(bus.pace.look);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut publisher =
        Publisher { conn, line: redis.line(PATIENCE), consumers, published: HashMap::new(), wanted: HashSet::new() };
    loop {
        tokio::select! {
            _ = looks.tick() => publisher.look().await?,
            told = news.recv() => match told {
                Ok(Some(workspace)) => {
                    publisher.wanted.insert(workspace);
                }
                Ok(None) | Err(RecvError::Lagged(_)) => publisher.look().await?,
                Err(RecvError::Closed) => return Ok(()),
            },
        }
        loop {
            match news.try_recv() {
                Ok(Some(workspace)) => {
                    publisher.wanted.insert(workspace);
                }
                Ok(None) | Err(TryRecvError::Lagged(_)) => publisher.look().await?,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        while !publisher.wanted.is_empty() {
            publisher.publish().await?;
        }
    }
}

/// Up to which number a workspace's events are in the stream.
#[derive(Clone, Copy)]
struct Mark {
    /// As Redis has it.
    known: Option<i64>,
    /// From where to go on.
    after: i64,
}

struct Publisher<'a> {
    conn: PgConnection,
    line: Line,
    consumers: &'a [String],
    published: HashMap<WorkspaceId, Mark>,
    wanted: HashSet<WorkspaceId>,
}

impl Publisher<'_> {
    /// Wants every workspace of which not all is known to be published.
    async fn look(&mut self) -> Result<(), Fault> {
        for (workspace, head) in store::heads(&mut self.conn).await? {
            if self.published.get(&workspace).is_none_or(|mark| mark.after < head) {
                self.wanted.insert(workspace);
            }
        }
        Ok(())
    }

    /// Publishes the next events of some workspaces that are wanted.
    async fn publish(&mut self) -> Result<(), Fault> {
        let some: Vec<WorkspaceId> = self.wanted.iter().copied().take(WORKSPACES).collect();
        self.learn(&some).await?;
        let after: Vec<i64> = some.iter().map(|w| self.published.get(w).map_or(0, |mark| mark.after)).collect();
        let ids: Vec<uuid::Uuid> = some.iter().map(|w| w.0).collect();
        let events = store::after(&mut self.conn, &ids, &after, EVENTS).await?;
        let of: Vec<&[Number]> = events.chunk_by(|one, other| one.workspace == other.workspace).collect();
        for workspace in &some {
            if !of.iter().any(|events| events[0].workspace == *workspace && events.len() as i64 == EVENTS) {
                self.wanted.remove(workspace);
            }
        }
        if !of.is_empty() {
            self.send(&of).await?;
        }
        Ok(())
    }

    /// Asks Redis up to where these workspaces are published, where that is not known; and PostgreSQL, where Redis does not know.
    async fn learn(&mut self, workspaces: &[WorkspaceId]) -> Result<(), Fault> {
        let unknown: Vec<WorkspaceId> =
            workspaces.iter().copied().filter(|w| !self.published.contains_key(w)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let mut get = cmd("MGET");
        for workspace in &unknown {
            get.arg(mark_of(*workspace));
        }
        let known: Vec<Option<i64>> = self.line.ask(&get).await.map_err(Fault::Redis)?;
        let forgotten: Vec<uuid::Uuid> =
            unknown.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(w, _)| w.0).collect();
        let floors = store::floors(&mut self.conn, &forgotten, self.consumers).await?;
        let mut floors = floors.into_iter();
        for (workspace, known) in unknown.into_iter().zip(known) {
            let after = known.or_else(|| floors.next()).unwrap_or_default();
            self.published.insert(workspace, Mark { known, after });
        }
        Ok(())
    }

    /// Puts events into the stream, workspace by workspace.
    async fn send(&mut self, of: &[&[Number]]) -> Result<(), Fault> {
        let mut call = PUBLISH.prepare_invoke();
        call.key(KEY).arg(Timestamp::now().minus(KEPT).unix_millis()).arg((KEPT * 2).as_secs());
        for events in of {
            let workspace = events[0].workspace;
            let known = self.published.get(&workspace).and_then(|mark| mark.known);
            call.key(mark_of(workspace)).arg(workspace.to_string());
            call.arg(known.map(|n| n.to_string()).unwrap_or_default()).arg(events.len());
            for event in *events {
                call.arg(event.seq).arg(event.id.to_string());
            }
        }
        let answers: Vec<u8> = self.line.run(&call).await.map_err(Fault::Redis)?;
        for (events, answer) in of.iter().zip(answers) {
            let workspace = events[0].workspace;
            match events.last() {
                Some(last) if answer == 1 => {
                    self.published.insert(workspace, Mark { known: Some(last.seq), after: last.seq });
                }
                // Somebody else has published meanwhile, or Redis has forgotten it: look again where it stands.
                _ => {
                    self.published.remove(&workspace);
                    self.wanted.insert(workspace);
                }
            }
        }
        Ok(())
    }
}

fn mark_of(workspace: WorkspaceId) -> String {
    format!("hyvve:events:{workspace}")
}
