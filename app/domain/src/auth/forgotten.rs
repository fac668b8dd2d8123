//! What is forgotten of people's comings and goings: sessions that are over, with the addresses that they came from, links that were
//! used or expired, devices that nobody has signed in with for a year, and what requests of ended accounts that were on their way wrote
//! into audit logs.

use super::forgotten_store as store;
use crate::{Result, audit, services::Services};

/// How many of each are removed at a time, so that nobody waits for long.
const BATCH: i64 = 1_000;

/// Removes what is over. Answers how much.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut gone = 0;
    loop {
        let mut tx = s.db.system("sessions, links and devices whose time is over").await?;
        let some = [
            store::sessions(&mut tx, BATCH).await?,
            store::links(&mut tx, BATCH).await?,
            store::devices(&mut tx, BATCH).await?,
        ];
        tx.commit().await?;
        gone += some.iter().sum::<u64>();
        if some.iter().all(|some| *some < BATCH.unsigned_abs()) {
            break;
        }
    }
    let mut tx = s.db.system("accounts that have just ended").await?;
    let ended = store::ended(&mut tx).await?;
    drop(tx);
    for person in ended {
        let mut tx = s.db.system("what audit logs hold of somebody who is gone").await?;
        gone += audit::service::erase(&mut tx, person, None).await?;
        tx.commit().await?;
    }
    Ok(gone)
}
