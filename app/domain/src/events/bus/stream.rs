//! A consumer's end of Redis's stream: what this node is told of, and what it says is done.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use redis::{
    RedisResult, cmd,
    streams::{StreamAutoClaimReply, StreamId, StreamInfoConsumersReply, StreamReadReply},
};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};
use uuid::Uuid;

use super::line::{Line, PATIENCE, RETRY, Redis};
use crate::{Error, Result, ids::WorkspaceId};

/// The stream of all workspaces.
pub(super) const KEY: &str = "hyvve:events";

/// How many entries are read at once, and how many this node may have in hand.
const READ: usize = 500;
const IN_HAND: usize = 10_000;
/// For how long a read waits for something new.
const WAIT: Duration = Duration::from_secs(1);
/// After so long a node that has nothing in hand and says nothing is not known any more.
const FORGET: Duration = Duration::from_hours(1);

/// A workspace has an event of this number.
pub(super) struct Entry {
    workspace: WorkspaceId,
    seq: i64,
    id: String,
}

/// What comes of the stream.
pub(super) enum Heard {
    /// From now on it tells.
    Ready,
    /// This node was told.
    Entries(Vec<Entry>),
    /// It tells nothing, or has lost what it was to tell.
    Lost,
}

/// This node among those that work for a consumer.
pub(super) struct Stream {
    heard: mpsc::Receiver<Heard>,
    done: mpsc::UnboundedSender<String>,
    /// What this node was told of and is not done with.
    in_hand: HashMap<WorkspaceId, BTreeMap<String, i64>>,
    count: usize,
    is_there: bool,
    /// They end with this.
    _tasks: JoinSet<()>,
}

impl Stream {
    /// Listens from now on.
    pub(super) fn open(redis: &Redis, group: &'static str, node: Uuid, idle: Duration) -> Self {
        // One batch is read ahead.
        let (tell, heard) = mpsc::channel(1);
        let (done, said) = mpsc::unbounded_channel();
        let reader = Reader {
            line: redis.line(WAIT + PATIENCE),
            group,
            node: node.to_string(),
            idle,
            is_ready: false,
            claimed: None,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(reader.run(tell));
        tasks.spawn(acknowledge(redis.line(PATIENCE), group, said));
        Self { heard, done, in_hand: HashMap::new(), count: 0, is_there: false, _tasks: tasks }
    }

    /// Whether whoever is to work is told so by the stream.
    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    /// What comes next. May be dropped while it waits, and called again.
    pub(super) async fn hear(&mut self) -> Result<Heard> {
        if self.count >= IN_HAND {
            std::future::pending::<()>().await;
        }
        let heard = self.heard.recv().await.ok_or_else(|| Error::internal("nobody reads the stream"))?;
        match heard {
            Heard::Ready | Heard::Entries(_) => self.is_there = true,
            Heard::Lost => {
                self.is_there = false;
                self.in_hand.clear();
                self.count = 0;
            }
        }
        Ok(heard)
    }

    /// Takes entries in hand; answers in which workspaces there is something to do.
    pub(super) fn hold(&mut self, entries: Vec<Entry>) -> Vec<WorkspaceId> {
        let mut workspaces = Vec::new();
        for Entry { workspace, seq, id } in entries {
            let of = self.in_hand.entry(workspace).or_default();
            // What takes long is claimed a second time, perhaps by this node itself.
            self.count += usize::from(of.insert(id, seq).is_none());
            if workspaces.last() != Some(&workspace) {
                workspaces.push(workspace);
            }
        }
        workspaces
    }

    /// A workspace's events up to this one are done.
    pub(super) fn settle(&mut self, workspace: WorkspaceId, up_to: i64) {
        let Some(of) = self.in_hand.get_mut(&workspace) else { return };
        of.retain(|id, seq| {
            let is_done = *seq <= up_to;
            if is_done {
                self.count -= 1;
                // Nobody hears it only when all of this ends.
                let _ = self.done.send(id.clone());
            }
            !is_done
        });
        if of.is_empty() {
            self.in_hand.remove(&workspace);
        }
    }
}

/// Reads on a connection of its own, because reading waits.
struct Reader {
    line: Line,
    group: &'static str,
    node: String,
    idle: Duration,
    is_ready: bool,
    claimed: Option<Instant>,
}

impl Reader {
    async fn run(mut self, tell: mpsc::Sender<Heard>) {
        loop {
            let heard = match self.next().await {
                Ok(Heard::Entries(none)) if none.is_empty() => continue,
                Ok(heard) => heard,
                Err(cause) => {
                    tracing::debug!(consumer = self.group, error.message = %cause, "the stream of events tells nothing");
                    self.is_ready = false;
                    Heard::Lost
                }
            };
            let is_lost = matches!(heard, Heard::Lost);
            if tell.send(heard).await.is_err() {
                return;
            }
            if is_lost {
                sleep(RETRY).await;
            }
        }
    }

    async fn next(&mut self) -> RedisResult<Heard> {
        if !self.is_ready {
            self.join().await?;
            (self.is_ready, self.claimed) = (true, None);
            return Ok(Heard::Ready);
        }
        // A node that hears nothing while another one dies is to notice soon after it may.
        if self.claimed.is_none_or(|at| at.elapsed() >= self.idle / 2) {
            let claimed = self.claim().await?;
            self.claimed = Some(Instant::now());
            if !claimed.is_empty() {
                return Ok(Heard::Entries(claimed));
            }
        }
        let wait = WAIT.min(self.idle / 2).as_millis() as u64;
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP")
            .arg(self.group)
            .arg(&self.node)
            .arg("COUNT")
            .arg(READ)
            .arg("BLOCK")
            .arg(wait.max(1))
            .arg("STREAMS")
            .arg(KEY)
            .arg(">");
        let read: Option<StreamReadReply> = self.line.ask(&read).await?;
        let entries = read.into_iter().flat_map(|reply| reply.keys).flat_map(|key| entries(key.ids)).collect();
        Ok(Heard::Entries(entries))
    }

    /// Makes the group, where there is none: it is told of all that the stream still knows.
    async fn join(&mut self) -> RedisResult<()> {
        let mut create = cmd("XGROUP");
        create.arg("CREATE").arg(KEY).arg(self.group).arg("0").arg("MKSTREAM");
        match self.line.ask::<()>(&create).await {
            Err(cause) if cause.code() != Some("BUSYGROUP") => Err(cause),
            _ => Ok(()),
        }
    }

    /// Takes over what others were told of long ago and are not done with, and forgets nodes that are gone.
    async fn claim(&mut self) -> RedisResult<Vec<Entry>> {
        let mut claimed = Vec::new();
        let mut from = "0-0".to_owned();
        while claimed.len() < IN_HAND {
            let mut claim = cmd("XAUTOCLAIM");
            claim.arg(KEY).arg(self.group).arg(&self.node).arg(self.idle.as_millis() as u64).arg(&from);
            let reply: StreamAutoClaimReply = self.line.ask(claim.arg("COUNT").arg(READ)).await?;
            claimed.extend(entries(reply.claimed));
            from = reply.next_stream_id;
            if from == "0-0" {
                break;
            }
        }
        let mut list = cmd("XINFO");
        let nodes: StreamInfoConsumersReply = self.line.ask(list.arg("CONSUMERS").arg(KEY).arg(self.group)).await?;
        for gone in nodes.consumers {
            if gone.pending == 0 && gone.idle as u128 >= FORGET.as_millis() && gone.name != self.node {
                let mut forget = cmd("XGROUP");
                self.line.ask::<i64>(forget.arg("DELCONSUMER").arg(KEY).arg(self.group).arg(gone.name)).await?;
            }
        }
        Ok(claimed)
    }
}

/// Entries that are ours; what else somebody may have put there is nobody's.
fn entries(found: Vec<StreamId>) -> impl Iterator<Item = Entry> {
    found.into_iter().filter_map(|entry| {
        let workspace = entry.get::<String>("workspace")?.parse().ok()?;
        Some(Entry { workspace, seq: entry.get("seq")?, id: entry.id })
    })
}

/// Says what is done, many at once. What Redis does not hear is claimed later, and found done.
async fn acknowledge(mut line: Line, group: &'static str, mut done: mpsc::UnboundedReceiver<String>) {
    let mut ids = Vec::new();
    while done.recv_many(&mut ids, READ).await > 0 {
        let mut command = cmd("XACK");
        if let Err(cause) = line.ask::<i64>(command.arg(KEY).arg(group).arg(&ids)).await {
            tracing::debug!(consumer = group, error.message = %cause, "Redis did not hear that events are done");
        }
        ids.clear();
    }
}
