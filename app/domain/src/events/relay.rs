//! The relay: tells other nodes, by PostgreSQL NOTIFY, whose events to look at, and listens to them.
//!
//! Business transactions never NOTIFY (it would serialise every commit in the database); the relay does, with ids only, at
//! most every 25 ms. The listener needs a direct connection, not PgBouncer in transaction mode.

use std::{collections::HashSet, sync::Arc, time::Duration};

use sqlx::{PgPool, postgres::PgListener, postgres::PgPoolOptions};
use uuid::Uuid;

use super::{Hub, RunSignal, hub::Poke};
use crate::ids::{ApprovalId, RunId, WorkspaceId};

const CHANNEL: &str = "hyvve";
/// How long pokes are gathered before one NOTIFY statement carries them all.
const GATHER: Duration = Duration::from_millis(25);
/// How long to wait before the database is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Relays between this node and the others, until the task is aborted. `direct_url` connects as `hyvve_system`.
pub async fn run(hub: Arc<Hub>, direct_url: String, node: Uuid) {
    let pool = loop {
        match PgPoolOptions::new().max_connections(2).connect(&direct_url).await {
            Ok(pool) => break pool,
            Err(e) => {
                tracing::warn!(error.message = %e, "the relay cannot connect yet");
                tokio::time::sleep(RETRY).await;
            }
        }
    };
    tokio::join!(tell(&hub, &pool, node), listen(&hub, &pool, node));
}

async fn tell(hub: &Hub, pool: &PgPool, node: Uuid) {
    let Some(mut pokes) = hub.take_inward() else { return };
    let mut gathered = Vec::new();
    while pokes.recv_many(&mut gathered, 4096).await > 0 {
        tokio::time::sleep(GATHER).await;
        while let Ok(poke) = pokes.try_recv() {
            gathered.push(poke);
        }
        let unique: HashSet<Poke> = gathered.drain(..).collect();
        let payloads: Vec<String> = unique.iter().map(|p| encode(node, *p)).collect();
        let sent = sqlx::query("SELECT pg_notify($1, p) FROM unnest($2::text[]) AS p")
            .bind(CHANNEL)
            .bind(&payloads)
            .execute(pool)
            .await;
        if let Err(e) = sent {
            tracing::warn!(error.message = %e, "other nodes were not told; they look for themselves in a moment");
        }
    }
}

async fn listen(hub: &Hub, pool: &PgPool, node: Uuid) {
    loop {
        let heard = async {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(CHANNEL).await?;
            loop {
                let notification = listener.recv().await?;
                match decode(node, notification.payload()) {
                    Some(Poke::Workspace(id)) => {
                        hub.wake_workspace(id);
                        hub.poke_work();
                    }
                    Some(Poke::Run(id)) => hub.signal_run(id, RunSignal::Look),
                    Some(Poke::Presence(workspace, item)) => hub.signal_presence(workspace, item),
                    None => {}
                }
            }
        };
        let ended: Result<(), sqlx::Error> = heard.await;
        if let Err(e) = ended {
            tracing::warn!(error.message = %e, "the listener lost its connection");
        }
        tokio::time::sleep(RETRY).await;
    }
}

fn encode(node: Uuid, poke: Poke) -> String {
    match poke {
        Poke::Workspace(id) => format!("{node} w {id}"),
        Poke::Run(id) => format!("{node} r {id}"),
        Poke::Presence(workspace, item) => format!("{node} p {workspace} {item}"),
    }
}

/// `None` for this node's own words, and for anything that is not ours.
fn decode(node: Uuid, payload: &str) -> Option<Poke> {
    let mut parts = payload.split(' ');
    let from: Uuid = parts.next()?.parse().ok()?;
    let kind = parts.next()?;
    let id: Uuid = parts.next()?.parse().ok()?;
    match kind {
        _ if from == node => None,
        "w" => Some(Poke::Workspace(WorkspaceId(id))),
        "r" => Some(Poke::Run(RunId(id))),
        "p" => Some(Poke::Presence(WorkspaceId(id), ApprovalId(parts.next()?.parse().ok()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_hears_others_and_not_itself() {
        let (here, there) = (Uuid::now_v7(), Uuid::now_v7());
        let poke = Poke::Run(RunId::new());
        assert_eq!(decode(here, &encode(there, poke)), Some(poke));
        assert_eq!(decode(here, &encode(here, poke)), None);
        let poke = Poke::Presence(WorkspaceId::new(), ApprovalId::new());
        assert_eq!(decode(here, &encode(there, poke)), Some(poke));
        assert_eq!(decode(here, "nonsense"), None);
    }
}
