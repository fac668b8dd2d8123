//! Claiming: this node takes runs that nobody drives, as many as it has room for.

use std::{sync::Arc, time::Duration};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    runtime,
    store::{self, Claimed},
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
        let found = match claim(&s).await {
            Ok(found) => found,
            Err(e) => {
                tracing::warn!(error.message = %e, "claiming runs failed; trying again");
                0
            }
        };
        if found == BATCH {
            continue;
        }
        tokio::select! {
            _ = wake.changed() => {}
            () = tokio::time::sleep(IDLE.min(s.settings.lease / 2)) => {}
        }
    }
}

async fn claim(s: &Services) -> Result<usize> {
    let mut permits = Vec::new();
    while permits.len() < BATCH
        && let Ok(permit) = Arc::clone(&s.driving).try_acquire_owned()
    {
        permits.push(permit);
    }
    if permits.is_empty() {
        return Ok(0);
    }
    let mut tx = s.db.system("runs that nobody drives").await?;
    let until = Timestamp::now().plus(s.settings.lease);
    let claimed = store::claim(&mut tx, s.node, until, permits.len() as i64).await?;
    tx.commit().await?;
    let found = claimed.len();
    for (run, permit) in claimed.into_iter().zip(permits) {
        crash::point("run.claimed");
        spawn(s, run, permit);
    }
    Ok(found)
}

/// Drives a claimed run in a task of its own.
pub(super) fn spawn(s: &Services, run: Claimed, permit: OwnedSemaphorePermit) {
    let s = s.clone();
    tokio::spawn(async move {
        runtime::drive(&s, run).await;
        drop(permit);
    });
}
