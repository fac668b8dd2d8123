//! Places at what only so many may use at once, of all nodes that share a Redis together, and how many begin to in a minute. Whoever
//! has a place says again and again that it is used; a node that has died says nothing, and so frees its places.

use std::{
    fmt,
    sync::{Arc, LazyLock},
    time::Duration,
};

use redis::Script;
use tokio::{runtime::Handle, task::AbortHandle, time::sleep};
use uuid::Uuid;

use super::Limits;

/// For how long a place is kept for somebody who says nothing.
const KEPT: Duration = Duration::from_secs(30);
/// How soon somebody asks again who has found every place taken; only Redis knows when one is free.
const LOOK: Duration = Duration::from_millis(100);

/// KEYS: places by the time until which they are kept, beginnings by theirs. ARGV: the most at once and in a minute, 0 where nothing is
/// limited; the place; for how many milliseconds it is kept. Answers 0 where it is taken, -1 where all are, else in how many
/// milliseconds somebody may begin.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local at_once, per_minute, kept = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if at_once > 0 and redis.call('ZCARD', KEYS[1]) >= at_once then return -1 end
if per_minute > 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 60000)
    local over = redis.call('ZCARD', KEYS[2]) - per_minute
    if over >= 0 then
        local oldest = redis.call('ZRANGE', KEYS[2], over, over, 'WITHSCORES')
        return math.max(1, tonumber(oldest[2]) + 60000 - now)
    end
    redis.call('ZADD', KEYS[2], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[2], 60000)
end
redis.call('ZADD', KEYS[1], now + kept, ARGV[3])
redis.call('PEXPIRE', KEYS[1], kept)
return 0
",
    )
});

/// KEYS: places. ARGV: the place; for how many milliseconds it is kept. A Redis that has lost everything hears of it anew.
static KEEP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local clock = redis.call('TIME')
redis.call('ZADD', KEYS[1], clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[2]), ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
",
    )
});

/// KEYS: places. ARGV: the place.
static LEAVE: LazyLock<Script> = LazyLock::new(|| Script::new("return redis.call('ZREM', KEYS[1], ARGV[1])"));

/// A place that is kept until this is dropped.
pub(crate) struct Place {
    limits: Arc<Limits>,
    places: String,
    number: String,
    keeper: AbortHandle,
}

impl Limits {
    /// Takes a place at something; else says after how long to ask again. `None`: nodes share nothing, or cannot at the moment, and
    /// each goes by what it knows itself.
    pub(crate) async fn take_place(
        self: &Arc<Self>,
        at: Uuid,
        at_once: Option<u32>,
        per_minute: Option<u32>,
    ) -> Option<Result<Place, Duration>> {
        let redis = self.shared.as_ref()?;
        if self.was_away_just_now() {
            return None;
        }
        let name = hex::encode(&self.sealer.mac("limits", format!("places|{at}").as_bytes())[..16]);
        let [places, beginnings] = ["places", "beginnings"].map(|what| format!("hyvve:limit:{what}:{name}"));
        let number = Uuid::now_v7().to_string();
        let mut call = TAKE.prepare_invoke();
        call.key(&places).key(beginnings).arg(at_once.unwrap_or(0)).arg(per_minute.unwrap_or(0));
        let answer = redis.ask::<i64>(call.arg(&number).arg(KEPT.as_millis() as u64)).await;
        Some(match self.heard(answer).ok()? {
            0 => {
                let keeper = tokio::spawn(keep(Arc::clone(self), places.clone(), number.clone())).abort_handle();
                Ok(Place { limits: Arc::clone(self), places, number, keeper })
            }
            wait => Err(u64::try_from(wait).map_or(LOOK, Duration::from_millis)),
        })
    }
}

async fn keep(limits: Arc<Limits>, places: String, number: String) {
    let Some(redis) = &limits.shared else { return };
    loop {
        sleep(KEPT / 3).await;
        let mut call = KEEP.prepare_invoke();
        if let Err(cause) = redis.ask::<i64>(call.key(&places).arg(&number).arg(KEPT.as_millis() as u64)).await {
            tracing::debug!(error.message = %cause, "Redis does not hear that a place is used");
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.keeper.abort();
        let (limits, places, number) =
            (Arc::clone(&self.limits), std::mem::take(&mut self.places), std::mem::take(&mut self.number));
        // Where nothing runs any more, its time is over in a moment.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            let Some(redis) = &limits.shared else { return };
            let mut call = LEAVE.prepare_invoke();
            if let Err(cause) = redis.ask::<i64>(call.key(places).arg(number)).await {
                tracing::debug!(error.message = %cause, "a place is free only when its time is over");
            }
        });
    }
}
