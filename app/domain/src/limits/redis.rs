//! Counting in a Redis that several nodes share, by its clock. The script sees all of a door's windows at once, so that no
//! two nodes let the same attempt through.

use std::time::Duration;

use redis::{
    Client, RedisError, Script,
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

/// A connection that mends itself.
pub(super) struct Redis {
    connection: ConnectionManager,
    count: Script,
    give_back: Script,
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
    /// Connects, and finds out whether scripts run there.
    pub(super) async fn connect(url: &str) -> Result<Self, Away> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connecting = ConnectionManager::new_with_config(Client::open(url)?, config);
        let connection = timeout(3 * PATIENCE, connecting).await.map_err(|_| Away::Silent)??;
        let (count, give_back) = (Script::new(COUNT), Script::new(GIVE_BACK));
        let this = Self { connection, count, give_back };
        this.give_back.prepare_invoke().arg(0).invoke_async::<i64>(&mut this.connection.clone()).await?;
        Ok(this)
    }

    /// Counts once in each window, or in none; answers in which slots.
    pub(super) async fn count(&self, door: Door, counters: &[Counter]) -> Result<Result<Vec<Slot>, Full>, Away> {
        let mut call = self.count.prepare_invoke();
        for Counter { name, scale, .. } in counters {
            call.key(key(door, *name)).arg(scale.max).arg(scale.window).arg(scale.grain);
        }
        let mut connection = self.connection.clone();
        let asked = call.invoke_async::<(usize, u64, Vec<Slot>)>(&mut connection);
        let (full, wait, slots) = timeout(PATIENCE, asked).await.map_err(|_| Away::Silent)??;
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
        let mut connection = self.connection.clone();
        if let Ok(Err(cause)) = timeout(PATIENCE, call.invoke_async::<i64>(&mut connection)).await {
            tracing::debug!(error.message = %cause, "what was counted could not be given back");
        }
    }
}

fn key(door: Door, name: Name) -> String {
    format!("hyvve:limit:{}:{}", door.as_str(), hex::encode(name))
}
