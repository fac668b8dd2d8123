//! Changes of accounts in the audit log: of the workspace that the session used last, because an account has none of its own; what
//! lets somebody in is changed for all of the person's workspaces, and stands in the log of each. Each is written in the
//! transaction that makes the change.

use serde_json::{Value, json};

use super::{Origin, SignedIn};
use crate::{
    Actor, Result,
    audit::Entry,
    db::SystemTx,
    ids::{UserId, WorkspaceId},
    workspaces,
};

/// Changes of what lets somebody in.
const EVERYWHERE: [&str; 11] = [
    "account.password_changed",
    "auth.codes_refused",
    "auth.email_changed",
    "auth.email_verified",
    "auth.linked",
    "auth.password_reset",
    "auth.recovery_code_used",
    "auth.recovery_codes_renewed",
    "auth.second_factor_added",
    "auth.second_factor_removed",
    "auth.unlinked",
];

/// A change: what, and how it was before and after. Both are personal data and can be erased.
pub(super) struct Change {
    pub(super) action: &'static str,
    pub(super) before: Value,
    pub(super) after: Value,
}

impl Change {
    /// Nothing is told of how it was and is.
    pub(super) fn of(action: &'static str) -> Self {
        Self { action, before: Value::Null, after: Value::Null }
    }
}

/// Writes down what somebody does who is signed in.
pub(super) async fn note(tx: &mut SystemTx, who: &SignedIn, origin: &Origin, change: Change) -> Result<()> {
    note_of(tx, who.user.id, who.session.active_organization_id, origin, change).await
}

/// Writes down what somebody does in a workspace, or in the one that he or she came to first. Of somebody who is in none, only the
/// server's own log says it: there is no other to write it into.
pub(super) async fn note_of(
    tx: &mut SystemTx,
    user: UserId,
    workspace: Option<WorkspaceId>,
    origin: &Origin,
    change: Change,
) -> Result<()> {
    let actors = if EVERYWHERE.contains(&change.action) {
        workspaces::service::standings_of(tx, user).await?
    } else {
        workspaces::service::standing_of(tx, user, workspace).await?.into_iter().collect()
    };
    if actors.is_empty() {
        tracing::info!(user_id = %user, action = change.action, "an account was changed whose person is in no workspace");
    }
    for actor in actors {
        let entry = Entry::new(change.action, "user", user.0).personal(json!({
            "ip": origin.ip, "userAgent": origin.user_agent, "before": change.before, "after": change.after,
        }));
        tx.audit(&actor, entry).await?;
    }
    Ok(())
}

/// Writes down that somebody came in.
pub(super) async fn note_sign_in(
    tx: &mut SystemTx,
    user: UserId,
    workspace: Option<WorkspaceId>,
    origin: &Origin,
    action: &'static str,
) -> Result<()> {
    let Some(actor) = workspaces::service::standing_of(tx, user, workspace).await? else { return Ok(()) };
    let entry = Entry::new(action, "user", user.0);
    let entry = match &origin.by {
        Some(provider) => entry.details(json!({ "provider": provider })),
        None => entry,
    };
    tx.audit(&actor, entry.personal(json!({ "ip": origin.ip, "userAgent": origin.user_agent }))).await
}

/// Writes down what befell an account at the hands of nobody that HYVVE knows, in the person's first workspace.
pub(super) async fn note_of_nobody(
    tx: &mut SystemTx,
    user: UserId,
    email: &str,
    origin: &Origin,
    action: &'static str,
    details: Value,
) -> Result<()> {
    let Some(person) = workspaces::service::standing_of(tx, user, None).await? else { return Ok(()) };
    let entry = Entry::new(action, "user", user.0)
        .details(details)
        .personal(json!({ "email": email, "ip": origin.ip, "userAgent": origin.user_agent }));
    tx.audit(&Actor::system(person.workspace), entry).await
}
