//! Deliveries that are due are sent, many at once, a few to each endpoint.

use std::{collections::HashMap, time::Duration};

use secrecy::ExposeSecret as _;
use tokio::task::{Id, JoinSet};

use super::{
    Because, State,
    call::{self, Answer},
    deliveries_store::{self as deliveries, Claimed, Parcel},
    disabling, schedule, secrets, spread, store,
};
use crate::{Actor, Result, Timestamp, ids::WebhookId, services::Services};

/// For how long a delivery is a server's that claimed it; well above what a try may take.
pub(super) const LEASE: Duration = Duration::from_mins(1);
/// How many deliveries one server sends at once, and how many of them to one endpoint: one that hangs holds up itself.
const AT_ONCE: usize = 128;
const TO_ONE: i64 = 4;
/// How long it is looked at nothing, when nothing happens here: another server may have died with something in hand.
const IDLE: Duration = Duration::from_secs(1);
/// How long events are gathered before it is looked at them.
const GATHER: Duration = Duration::from_millis(25);

/// Tells endpoints of events until the task is aborted. What is under way then is sent again by whoever claims it next.
pub async fn work(s: Services) {
    let mut wake = s.hub.follow_events();
    let mut sending = Sending::default();
    loop {
        wake.mark_unchanged();
        let more = match look(&s, &mut sending).await {
            Ok(more) => more,
            Err(e) => {
                tracing::warn!(error.message = %e, "events were not told to webhooks; trying again");
                false
            }
        };
        if more {
            continue;
        }
        tokio::select! {
            _ = wake.changed() => tokio::time::sleep(GATHER).await,
            () = sending.one_ended() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// What this server is sending now.
#[derive(Default)]
struct Sending {
    tasks: JoinSet<()>,
    to: HashMap<Id, WebhookId>,
}

impl Sending {
    /// Endpoints, and how many deliveries are under way to each.
    fn under_way(&self) -> (Vec<uuid::Uuid>, Vec<i64>) {
        let mut counts: HashMap<WebhookId, i64> = HashMap::new();
        for endpoint in self.to.values() {
            *counts.entry(*endpoint).or_default() += 1;
        }
        counts.into_iter().map(|(endpoint, n)| (endpoint.0, n)).unzip()
    }

    fn begin(&mut self, s: &Services, claimed: Claimed) {
        let s = s.clone();
        let task = self.tasks.spawn(async move {
            if let Err(e) = send(&s, &claimed).await {
                tracing::error!(delivery = %claimed.id, workspace_id = %claimed.workspace, error.message = %e, "a delivery was not settled; it is sent again");
            }
        });
        self.to.insert(task.id(), claimed.endpoint);
    }

    /// Waits until one has ended; for ever where none is under way.
    async fn one_ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => drop(self.to.remove(&id)),
            Some(Err(broken)) => drop(self.to.remove(&broken.id())),
            None => std::future::pending().await,
        }
    }
}

/// Makes deliveries of events and begins to send what is due; answers whether there may be more to do at once.
async fn look(s: &Services, sending: &mut Sending) -> Result<bool> {
    let more = spread::spread(s).await?;
    let free = AT_ONCE.saturating_sub(sending.to.len());
    if free == 0 {
        return Ok(false);
    }
    let (endpoints, counts) = sending.under_way();
    let given_up = Timestamp::now().plus(LEASE);
    let mut tx = s.db.system("deliveries that are due").await?;
    let claimed = deliveries::claim(&mut tx, (&endpoints, &counts), TO_ONE, free as i64, given_up).await?;
    tx.commit().await?;
    for claimed in claimed {
        sending.begin(s, claimed);
    }
    Ok(more)
}

/// Sends what was claimed, once, and writes down what came of it.
pub(super) async fn send(s: &Services, claimed: &Claimed) -> Result<()> {
    let mut tx = s.db.tenant(&Actor::system(claimed.workspace)).await?;
    let Some(mut parcel) = deliveries::parcel(&mut tx, claimed).await? else { return Ok(()) };
    if let Some(sealed) = &parcel.address {
        secrets::open_address(&mut tx, s, claimed.endpoint, sealed).await?.expose_secret().clone_into(&mut parcel.url);
    }
    let secrets = secrets::open(&mut tx, s, claimed.endpoint, &parcel.sealed).await?;
    drop(tx);
    let answer = call::call(&s.http, &parcel, &secrets).await?;
    settle(s, claimed, &parcel, &answer).await
}

async fn settle(s: &Services, claimed: &Claimed, parcel: &Parcel, answer: &Answer) -> Result<()> {
    let mut tx = s.db.tenant(&Actor::system(claimed.workspace)).await?;
    if !store::lock(&mut tx, claimed.endpoint).await? {
        return Ok(());
    }
    let now = Timestamp::now();
    let next = if answer.is_success() || answer.is_gone() || parcel.is_test {
        None
    } else {
        schedule::next(parcel.begun_at, parcel.tries, now)?
    };
    let state = match next {
        _ if answer.is_success() => State::Delivered,
        Some(_) => State::Waiting,
        None => State::Failed,
    };
    deliveries::settle(&mut tx, claimed, answer, state, next).await?;
    let mut disabled = None;
    if answer.is_gone() {
        disabled = Some(Because::Gone);
    } else if answer.is_success() && !parcel.is_test {
        store::succeeded(&mut tx, claimed.endpoint).await?;
    } else if !parcel.is_test {
        let since = store::failed(&mut tx, claimed.endpoint, parcel.begun_at).await?;
        disabled = (since.plus(schedule::DAY) <= now).then_some(Because::Failing);
    }
    if let Some(because) = disabled {
        disabling::disable(&mut tx, claimed.endpoint, &parcel.url, because).await?;
    }
    tx.commit().await
}
