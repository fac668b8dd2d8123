//! Counting in a Redis that several nodes share, by its clock. The script sees all of a door's windows at once, so that no
//! two nodes let the same attempt through.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{
    Client, FromRedisValue, RedisError, Script, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;

use super::{
    Counter, Name,
    door::Door,
    window::{Full, Slot},
};

/// How long a count may take. Whoever wants in waits no longer than this for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// KEYS: the windows, each a hash from slot to count. ARGV: of each of them maximum, window and slot in milliseconds. Answers which
/// window waits longest and for how many milliseconds, or zeros and the slots counted in. It means what `window.rs` does.
const COUNT: &str = r"
local function scale(at)
    return tonumber(ARGV[at * 3 - 2]), tonumber(ARGV[at * 3 - 1]), tonumber(ARGV[at * 3])
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local full, longest = 0, 0
for at, key in ipairs(KEYS) do
    local max, window, grain = scale(at)
    local pairs_ = redis.call('HGETALL', key)
    local slots, sum = {}, 0
    for i = 1, #pairs_, 2 do
        local leaves = (tonumber(pairs_[i]) + 1) * grain - 1 + window
        if leaves <= now then
            redis.call('HDEL', key, pairs_[i])
        else
            local count = tonumber(pairs_[i + 1])
            slots[#slots + 1] = { leaves, count }
            sum = sum + count
        end
    end
    if sum >= max then
        table.sort(slots, function(a, b) return a[1] < b[1] end)
        for _, slot in ipairs(slots) do
            sum = sum - slot[2]
            if sum < max then
                if slot[1] - now > longest then full, longest = at, slot[1] - now end
                break
            end
        end
    end
end
if full > 0 then return { full, longest, {} } end
local counted = {}
for at, key in ipairs(KEYS) do
    local _, window, grain = scale(at)
    local slot = math.floor(now / grain)
    redis.call('HINCRBY', key, string.format('%d', slot), 1)
    redis.call('PEXPIRE', key, window + grain)
    counted[at] = slot
end
return { 0, 0, counted }
";

/// KEYS: the windows. ARGV: of each of them the slot.
const GIVE_BACK: &str = r"
for at, key in ipairs(KEYS) do
    if redis.call('HEXISTS', key, ARGV[at]) == 1 and redis.call('HINCRBY', key, ARGV[at], -1) <= 0 then
        redis.call('HDEL', key, ARGV[at])
    end
end
return 0
";

/// What is counted at the start, to find out whether it can be.
const TRIAL: [&str; 2] = ["hyvve:limit:start:1", "hyvve:limit:start:2"];

/// A Redis that is there, or was.
pub(super) struct Redis {
    client: Client,
    connection: Mutex<Connection>,
    count: Script,
    give_back: Script,
}

/// One that mends itself when it breaks. A host that vanishes breaks nothing, it only falls silent; so a connection on which no
/// answer came in time is given up for the next one. Otherwise it would be TCP that does so, a quarter of an hour later.
#[derive(Clone)]
struct Connection {
    /// Which one it is.
    number: u64,
    manager: ConnectionManager,
}

/// Why nobody could count.
#[derive(Debug, thiserror::Error)]
pub(super) enum Away {
    /// What Redis, or the way to it, says.
    #[error("{0}")]
    Refused(#[from] RedisError),
    /// Nothing came.
    #[error("it does not answer")]
    Silent,
}

impl Redis {
    /// Connects, and counts for a trial: a replica, a user who may not write and a cluster, which keeps two keys in two places,
    /// are refused here rather than when somebody wants in.
    pub(super) async fn connect(url: &str) -> Result<Self, Away> {
        let client = Client::open(url)?;
        let connecting = ConnectionManager::new_with_config(client.clone(), config());
        let manager = timeout(3 * PATIENCE, connecting).await.map_err(|_| Away::Silent)??;
        let connection = Mutex::new(Connection { number: 0, manager });
        let this = Self { client, connection, count: Script::new(COUNT), give_back: Script::new(GIVE_BACK) };
        let (mut count, mut give_back) = (this.count.prepare_invoke(), this.give_back.prepare_invoke());
        for key in TRIAL {
            count.key(key).arg(u32::MAX).arg(1_000).arg(1_000);
        }
        let (_, _, slots) = this.ask::<(usize, u64, Vec<Slot>)>(&count).await?;
        for (key, slot) in TRIAL.into_iter().zip(slots) {
            give_back.key(key).arg(slot);
        }
        this.ask::<i64>(&give_back).await?;
        Ok(this)
    }

    /// Lets a script run.
    pub(super) async fn ask<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, Away> {
        let Connection { number, mut manager } = self.connection().clone();
        match timeout(PATIENCE, call.invoke_async(&mut manager)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(cause)) if !cause.is_timeout() => Err(cause.into()),
            Ok(Err(_)) | Err(_) => {
                self.give_up(number)?;
                Err(Away::Silent)
            }
        }
    }

    /// Of all who waited on a connection in vain, the first one replaces it. The next one is made when somebody asks.
    fn give_up(&self, number: u64) -> Result<(), RedisError> {
        let mut connection = self.connection();
        if connection.number == number {
            let manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config())?;
            *connection = Connection { number: number + 1, manager };
        }
        Ok(())
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts once in each window, or in none; answers in which slots.
    pub(super) async fn count(&self, door: Door, counters: &[Counter]) -> Result<Result<Vec<Slot>, Full>, Away> {
        let mut call = self.count.prepare_invoke();
        for Counter { name, scale, .. } in counters {
            call.key(key(door, *name)).arg(scale.max).arg(scale.window).arg(scale.grain);
        }
        let (full, wait, slots) = self.ask::<(usize, u64, Vec<Slot>)>(&call).await?;
        Ok(match full.checked_sub(1) {
            None => Ok(slots),
            Some(at) => Err(Full { at, wait: Duration::from_millis(wait) }),
        })
    }

    /// Takes back what was counted in each window, in these slots. Should that fail, somebody waits who need not.
    pub(super) async fn give_back(&self, door: Door, counters: &[Counter], slots: &[Slot]) {
        let mut call = self.give_back.prepare_invoke();
        for (Counter { name, .. }, slot) in counters.iter().zip(slots) {
            call.key(key(door, *name)).arg(*slot);
        }
        if let Err(cause) = self.ask::<i64>(&call).await {
            tracing::debug!(error.message = %cause, "what was counted could not be given back");
        }
    }
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
}

fn key(door: Door, name: Name) -> String {
    format!("hyvve:limit:{}:{}", door.as_str(), hex::encode(name))
}
