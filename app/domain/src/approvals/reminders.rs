//! Letters to those who decide, when something has waited for a while and nobody has looked at it.
//!
//! A workspace is written to at most once an hour, and only when something waits that the letter before did not tell of.

use std::time::Duration;

use super::reminders_store as store;
use crate::{
    Actor, Result, Timestamp,
    db::TenantTx,
    ids::{ApprovalId, WorkspaceId},
    mail::letters::{Letter, post},
    services::Services,
    workspaces::{
        self,
        members::{self, Decider},
    },
};

/// Between two letters about one workspace.
const PAUSE: Duration = Duration::from_hours(1);

/// What waits in a workspace.
pub(crate) struct Waiting {
    /// How many there are.
    pub(crate) total: i64,
    /// Some of them, the oldest first.
    pub(crate) items: Vec<(ApprovalId, String)>,
    /// Since when the oldest waits; `None`: nothing waits.
    pub(super) since: Option<Timestamp>,
}

/// Writes to those who decide where something has waited for too long.
pub(crate) async fn remind(s: &Services) -> Result<()> {
    let Some(after) = s.settings.remind_after else { return Ok(()) };
    let mut tx = s.db.system("workspaces in which something waits").await?;
    let found = store::forgotten(&mut tx, after, PAUSE).await?;
    drop(tx);
    for workspace in found {
        // One workspace's trouble keeps no other from its letters.
        if let Err(error) = write(s, workspace, after).await {
            tracing::warn!(workspace_id = %workspace, error.message = %error, "nobody was reminded of what waits; trying again");
        }
    }
    Ok(())
}

/// Writes to everybody who may decide in a workspace; of several nodes, one does.
async fn write(s: &Services, workspace: WorkspaceId, after: Duration) -> Result<()> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    let Some(up_to) = store::claim(&mut tx, after, PAUSE).await? else { return Ok(()) };
    let waiting = store::waiting(&mut tx).await?;
    // Somebody may have decided meanwhile.
    let Some(since) = waiting.since else { return Ok(()) };
    let here = workspaces::service::of(&mut tx).await?;
    let queue = format!("{}/w/{}/approvals", s.settings.public_url, here.slug);
    for person in recipients(&mut tx).await? {
        let cause = format!("waiting:{workspace}:{}:{}", person.id, up_to.unix_millis());
        let letter = letter(cause, &person, &here.name, &waiting, since, &queue);
        post(tx.conn(), s, letter).await?;
    }
    tx.commit().await
}

/// Those who may decide and have not done without such letters.
pub(super) async fn recipients(tx: &mut TenantTx) -> Result<Vec<Decider>> {
    Ok(members::who_decides(tx).await?.into_iter().filter(|who| who.reminded).collect())
}

/// What waits in the workspace of a running transaction, and some of it.
pub(crate) async fn waiting(tx: &mut TenantTx) -> Result<Waiting> {
    store::waiting(tx).await
}

fn letter(cause: String, to: &Decider, workspace: &str, waiting: &Waiting, since: Timestamp, queue: &str) -> Letter {
    let (what, verb) = match waiting.total {
        1 => ("1 action".to_owned(), "waits"),
        n => (format!("{n} actions"), "wait"),
    };
    let mut letter = Letter::new(cause, &to.email, &format!("{what} {verb} for a decision in {workspace}"))
        .line(&format!("Hello {},", to.name))
        .line(&format!("{what} {verb} for a decision in “{workspace}”, the oldest since {since}."));
    for (id, title) in &waiting.items {
        letter = letter.link(title, &format!("{queue}/{id}"));
    }
    let others = waiting.total - waiting.items.len() as i64;
    if others > 0 {
        letter = letter.line(&format!("… and {others} more."));
    }
    letter
        .action("Look at them", queue)
        .line("Nothing happens until somebody decides. You can do without these mails: Account → Profile.")
}

/// The moment before which something has waited for too long.
pub(super) fn cutoff(after: Duration) -> Timestamp {
    Timestamp::now().minus(after)
}
