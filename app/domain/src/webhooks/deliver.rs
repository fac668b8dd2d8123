//! Deliveries that are due are sent, a few at once to each endpoint: one that hangs holds up itself.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;

use super::{
    Because, State,
    call::{self, Answer},
    deliveries_store::{self as deliveries, Claimed, Parcel},
    disabling, schedule, secrets, spread, store,
};
use crate::{
    Actor, Result, Timestamp,
    ids::{WebhookId, WorkspaceId},
    services::Services,
};

/// For how long a delivery is a server's that claimed it; well above what a try may take.
pub(super) const LEASE: Duration = Duration::from_mins(1);
/// How many deliveries are sent to one endpoint at once.
const TO_ONE: usize = 4;
/// How long an endpoint that has more and more is sent to before others have their turn.
const TURN: Duration = Duration::from_mins(1);
/// How often it is looked for more while something is under way.
const LOOK: Duration = Duration::from_millis(250);
/// How long it is not looked for events, when nothing happens here: another server may have died before it had told of one.
const IDLE: Duration = Duration::from_secs(1);
/// How long events are gathered before it is looked at them.
const GATHER: Duration = Duration::from_millis(25);

/// Makes deliveries of events until the task is aborted.
pub async fn work(s: Services) {
    let mut wake = s.hub.follow_events();
    loop {
        wake.mark_unchanged();
        match spread::spread(&s).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(e) => tracing::warn!(error.message = %e, "events were not told to webhooks; trying again"),
        }
        tokio::select! {
            _ = wake.changed() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Sends what is due to an endpoint until nothing is, or its turn is over; then it has its next job when the next of them is due.
/// What is under way if this is given up is sent again once it is nobody's any more.
pub(crate) async fn deliver(s: &Services, workspace: WorkspaceId, endpoint: WebhookId) -> Result<()> {
    let begun = Instant::now();
    let mut sending = JoinSet::new();
    loop {
        let free = if begun.elapsed() < TURN { TO_ONE.saturating_sub(sending.len()) } else { 0 };
        if free > 0 {
            for claimed in claim(s, workspace, endpoint, free).await? {
                let s = s.clone();
                sending.spawn(async move {
                    if let Err(e) = send(&s, &claimed).await {
                        tracing::error!(delivery = %claimed.id, workspace_id = %claimed.workspace, error.message = %e, "a delivery was not settled; it is sent again");
                    }
                });
            }
        }
        tokio::select! {
            ended = sending.join_next() => if ended.is_none() { break },
            () = tokio::time::sleep(LOOK), if free > 0 => {}
        }
    }
    let mut tx = s.db.system("when an endpoint's next delivery is due").await?;
    deliveries::due_again(&mut tx, workspace, endpoint).await?;
    tx.commit().await
}

async fn claim(s: &Services, workspace: WorkspaceId, endpoint: WebhookId, most: usize) -> Result<Vec<Claimed>> {
    let mut tx = s.db.system("deliveries that are due").await?;
    let claimed = deliveries::claim(&mut tx, workspace, endpoint, most as i64, Timestamp::now().plus(LEASE)).await?;
    tx.commit().await?;
    Ok(claimed)
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
