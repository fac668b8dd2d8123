//! Letters to those who decide, when something has waited for a while and nobody has looked at it.
//!
//! A workspace is written to at most once an hour, and only when something waits that the letter before did not tell of.

use std::time::Duration;

use super::reminders_store::{self as store, Waiting};
use crate::{
    Actor, Result, Timestamp,
    ids::WorkspaceId,
    mail::letters::{Letter, post},
    services::Services,
    workspaces,
};

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(30);
/// Between two letters about one workspace.
const PAUSE: Duration = Duration::from_hours(1);
/// How many items a letter names.
const NAMED: usize = 5;

/// Looks until the task is aborted.
pub async fn work(s: Services) {
    let Some(after) = s.settings.remind_after else { return std::future::pending().await };
    let mut looks = tokio::time::interval(LOOK.min(after));
    loop {
        looks.tick().await;
        if let Err(error) = remind(&s, after).await {
            tracing::warn!(error.message = %error, "it was not looked for what waits; trying again");
        }
    }
}

async fn remind(s: &Services, after: Duration) -> Result<()> {
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
    let Some(waiting) = store::claim(&mut tx, after, PAUSE).await? else { return Ok(()) };
    let here = workspaces::service::of(&mut tx).await?;
    let queue = format!("{}/w/{}/approvals", s.settings.public_url, here.slug);
    for person in store::deciders(&mut tx).await? {
        let cause = format!("waiting:{workspace}:{}:{}", person.id, waiting.up_to.unix_millis());
        let letter = letter(cause, &person.name, &person.email, &here.name, &waiting, &queue);
        post(tx.conn(), s, letter).await?;
    }
    tx.commit().await
}

fn letter(cause: String, name: &str, email: &str, workspace: &str, waiting: &Waiting, queue: &str) -> Letter {
    let (what, verb) = match waiting.total {
        1 => ("1 action".to_owned(), "waits"),
        n => (format!("{n} actions"), "wait"),
    };
    let mut letter = Letter::new(cause, email, &format!("{what} {verb} for a decision in {workspace}"))
        .line(&format!("Hello {name},"))
        .line(&format!("{what} {verb} for a decision in “{workspace}”, the oldest since {}.", waiting.since));
    for title in waiting.titles.iter().take(NAMED) {
        letter = letter.line(&format!("• {title}"));
    }
    if waiting.total > NAMED as i64 {
        letter = letter.line(&format!("… and {} more.", waiting.total - NAMED as i64));
    }
    letter
        .action("Look at them", queue)
        .line("Nothing happens until somebody decides. You can do without these mails: Account → Profile.")
}

/// The moment before which something has waited for too long.
pub(super) fn cutoff(after: Duration) -> Timestamp {
    Timestamp::now().minus(after)
}
