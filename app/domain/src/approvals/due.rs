//! Ends what nobody has decided on in time.

use std::time::Duration;

use super::{door::time_out, store};
use crate::{Result, services::Services};

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(2);
/// How many one look ends.
const BATCH: i64 = 200;

/// Looks until the task is aborted.
pub async fn work(s: Services) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Err(error) = end_overdue(&s).await {
            tracing::warn!(error.message = %error, "it was not looked for what is overdue; trying again");
        }
    }
}

async fn end_overdue(s: &Services) -> Result<()> {
    let mut tx = s.db.system("approvals that nobody decided on in time").await?;
    let found = store::overdue(&mut tx, BATCH).await?;
    drop(tx);
    for (workspace, id) in found {
        // One item's trouble keeps no other from its end.
        if let Err(error) = time_out(s, workspace, id).await {
            tracing::warn!(workspace_id = %workspace, approval = %id, error.message = %error, "an overdue approval did not end; trying again");
        }
    }
    Ok(())
}
