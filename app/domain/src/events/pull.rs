//! What has happened, for whoever asks: programs read on from any moment of the last 30 days, oldest first; people look back from
//! now, newest first. Both see the events as they were told then, with the same ids.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Event, filter,
    store::{self, LOOK},
};
use crate::{Actor, Error, Result, Role, Timestamp, db::TenantTx, services::Services};

/// How many days events are kept.
pub const KEPT_DAYS: u64 = 30;
/// The most events that one read answers.
pub const MOST: i64 = 200;
/// By how much a reader's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_mins(1);

/// From where on a program reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// After the event of this number: the cursor of the read before. 0 is the beginning.
    After(i64),
    /// From this moment on.
    Since(Timestamp),
}

/// What a program has read.
#[derive(Clone, PartialEq, Debug)]
pub struct Read {
    /// Oldest first.
    pub events: Vec<Event>,
    /// Where to read on: past all that was looked through.
    pub next: i64,
    /// There is more after that already.
    pub has_more: bool,
    /// What was asked for and is not there any more.
    pub gone: Option<Gone>,
}

/// A gap at the beginning of what was asked for: it is too long ago.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gone {
    /// Events from before this moment are gone.
    pub before: Timestamp,
    /// The number of the last of them.
    pub up_to: i64,
}

/// Reads on, at most `limit` events of the types that a filter names.
pub async fn read(s: &Services, actor: &Actor, from: From, types: &[String], limit: i64) -> Result<Read> {
    actor.require(Role::can_read_events, "read what has happened")?;
    let now = Timestamp::now();
    if matches!(from, From::Since(since) if since > now.plus(AHEAD)) {
        return Err(Error::invalid("since", "range", "This lies in the future. Wait with waitSeconds for what comes."));
    }
    let limit = limit.clamp(1, MOST);
    let mut tx = s.db.tenant(actor).await?;
    let head = store::head(&mut tx).await?;
    let cursor = match from {
        From::After(seq) => seq.clamp(0, head),
        From::Since(since) => store::first_since(&mut tx, since).await?.map_or(head, |first| first - 1),
    };
    let found = store::passing_after(&mut tx, actor, cursor, types, limit).await?;
    if !found.stands {
        return Err(Error::not_found("workspace"));
    }
    // After the events: what is removed in between is missed rather than passed over in silence. What somebody else was notified of is
    // there for HYVVE itself alone, so where nothing is missing among what the actor sees, nothing is.
    let mut missed = gone(&mut tx, from, cursor, now).await?;
    drop(tx);
    if missed.is_some() {
        let mut tx = s.db.tenant(&Actor::system(actor.workspace)).await?;
        missed = gone(&mut tx, from, cursor, now).await?;
    }
    let next = reached(found.events.last(), found.events.len() as i64 == limit, found.looked).unwrap_or(found.head);
    Ok(Read { has_more: next < found.head, events: found.events, next, gone: missed })
}

/// How far a look has come; `None`: to the end.
fn reached(last: Option<&Event>, is_full: bool, (looked, end): (i64, Option<i64>)) -> Option<i64> {
    if is_full {
        last.map(|event| event.seq)
    } else if looked == LOOK {
        end
    } else {
        None
    }
}

/// What was asked for and is gone. Numbers have no gaps and begin at 1, so the oldest event says how many there were before it.
async fn gone(tx: &mut TenantTx, from: From, cursor: i64, now: Timestamp) -> Result<Option<Gone>> {
    let kept_from = now.minus(Duration::from_hours(24 * KEPT_DAYS));
    let (oldest, at) = match store::oldest(tx).await? {
        Some(oldest) => oldest,
        None => (store::head(tx).await? + 1, kept_from),
    };
    let is_missed = match from {
        From::After(_) => cursor + 1 < oldest,
        From::Since(since) => oldest > 1 && since < kept_from && since < at,
    };
    Ok(is_missed.then_some(Gone { before: at.min(kept_from), up_to: oldest - 1 }))
}

/// What a person looks back at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Look {
    /// Types, or beginnings of such that end in a dot; none: all.
    pub types: Vec<String>,
    /// Nothing from before this moment.
    pub since: Option<Timestamp>,
    /// Nothing from this moment on.
    pub until: Option<Timestamp>,
    /// Nothing with this number or a larger one.
    pub before: Option<i64>,
}

/// What a person has looked back at.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Looked {
    /// Newest first.
    pub events: Vec<Event>,
    /// What to look before for what is older; `None`: there is nothing.
    pub before: Option<i64>,
}

/// Looks back, at most `limit` events.
pub async fn look(s: &Services, actor: &Actor, look: Look, limit: i64) -> Result<Looked> {
    actor.require(Role::can_read_events, "read what has happened")?;
    let types = filter::checked("types", look.types)?;
    let limit = limit.clamp(1, MOST);
    let mut tx = s.db.tenant(actor).await?;
    let mut before = look.before.unwrap_or(i64::MAX);
    if let Some(until) = look.until {
        before = before.min(store::last_until(&mut tx, until).await?.map_or(0, |last| last + 1));
    }
    let mut after = 0;
    if let Some(since) = look.since {
        after = store::first_since(&mut tx, since).await?.map_or(i64::MAX, |first| first - 1);
    }
    let found = store::passing_before(&mut tx, (after, before), &types, limit).await?;
    let next = reached(found.events.last(), found.events.len() as i64 == limit, found.looked);
    Ok(Looked { before: next.filter(|seq| *seq > after + 1), events: found.events })
}
