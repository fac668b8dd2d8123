//! Claiming: this node takes runs that nobody drives, as many as it has room for.

use std::{sync::Arc, time::Duration};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    driver_store::{self, Claimed},
    runtime::{self, Load},
};
use crate::{Result, Timestamp, crash, services::Services};

/// How long a node sleeps at most: another node may have died with runs in hand.
const IDLE: Duration = Duration::from_secs(1);
/// The most runs that one look claims.
const BATCH: usize = 32;

/// Claims and drives runs until the task is aborted. Runs in flight go on elsewhere when their leases run out.
pub async fn work(s: Services) {
    let mut wake = s.hub.follow_work();
    loop {
        wake.mark_unchanged();
        let may_be_more = match claim(&s).await {
            Ok(may_be_more) => may_be_more,
            Err(e) => {
                tracing::warn!(error.message = %e, "claiming runs failed; trying again");
                false
            }
        };
        if may_be_more {
            // As soon as there is room again; whoever waits comes before runs that are only being asked for.
            drop(s.driving.acquire().await);
            continue;
        }
        tokio::select! {
            _ = wake.changed() => {}
            () = tokio::time::sleep(IDLE.min(s.settings.lease / 2)) => {}
        }
    }
}

/// Takes as many runs as there is room for; answers whether that may not have been all.
async fn claim(s: &Services) -> Result<bool> {
    let mut permits = Vec::new();
    while permits.len() < BATCH
        && let Ok(permit) = Arc::clone(&s.driving).try_acquire_owned()
    {
        permits.push(permit);
    }
    let room = permits.len();
    if room == 0 {
        return Ok(true);
    }
    let mut tx = s.db.system("runs that nobody drives").await?;
    let until = Timestamp::now().plus(s.settings.lease);
    let claimed = driver_store::claim(&mut tx, s.node, until, room as i64).await?;
    tx.commit().await?;
    let may_be_more = claimed.len() == room;
    for (run, permit) in claimed.into_iter().zip(permits) {
        crash::point("run.claimed");
        spawn(s, run, None, permit);
    }
    Ok(may_be_more)
}

/// Drives a claimed run in a task of its own.
pub(super) fn spawn(s: &Services, run: Claimed, load: Option<Load>, permit: OwnedSemaphorePermit) {
    let s = s.clone();
    tokio::spawn(async move {
        runtime::drive(&s, run, load).await;
        drop(permit);
    });
}
