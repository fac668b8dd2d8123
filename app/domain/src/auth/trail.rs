//! Changes of accounts in the audit log: of the workspace that the session used last, because an account has none of its own.

use serde_json::{Value, json};

use super::{Origin, User};
use crate::{
    Actor, Code, Result,
    audit::Entry,
    ids::{UserId, WorkspaceId},
    services::Services,
    workspaces::{self, service::Named},
};

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

/// Writes it down. Somebody who is in no workspace leaves no trace: there is nobody to read it.
pub(super) async fn note(
    s: &Services,
    user: UserId,
    workspace: Option<WorkspaceId>,
    origin: &Origin,
    change: Change,
) -> Result<()> {
    let workspace = match workspace {
        Some(workspace) => Some(workspace),
        None => workspaces::service::first_of(s, user).await?,
    };
    let Some(workspace) = workspace else { return Ok(()) };
    let actor = match workspaces::service::actor_without_session(s, user, &Named::Id(workspace)).await {
        Ok(actor) => actor,
        Err(e) if e.code == Code::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    let mut tx = s.db.tenant(&actor).await?;
    tx.audit(Entry::new(change.action, "user", user.0).personal(json!({
        "ip": origin.ip, "userAgent": origin.user_agent, "before": change.before, "after": change.after,
    })));
    tx.commit().await
}

/// Writes down what befell an account at the hands of nobody that HYVVE knows, in the person's first workspace.
pub(super) async fn note_of_nobody(
    s: &Services,
    user: &User,
    origin: &Origin,
    action: &'static str,
    details: Value,
) -> Result<()> {
    let Some(workspace) = workspaces::service::first_of(s, user.id).await? else { return Ok(()) };
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    tx.audit(
        Entry::new(action, "user", user.id.0)
            .details(details)
            .personal(json!({ "email": user.email, "ip": origin.ip, "userAgent": origin.user_agent })),
    );
    tx.commit().await
}
