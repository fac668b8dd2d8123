//! What the forms of standing grants do.

use std::time::Duration;

use hyvve_domain::{
    Error, Timestamp,
    approvals::grants::{NewGrant, service},
    ids::{AgentId, GrantId},
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, answer_with, leave_form, tell},
};

/// Makes a grant.
#[server(prefix = "/_fn", endpoint = "approval-grants/make", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn make_grant(
    /// Of which agent.
    agent_id: AgentId,
    /// Doing what.
    tool: String,
    /// Which of its actions.
    when: String,
    /// How often.
    max_uses: String,
    /// For how many days.
    days: u32,
) -> Result<(), ApiError> {
    let typed = vec![
        ("agent_id", agent_id.to_string()),
        ("tool", tool.clone()),
        ("when", when.clone()),
        ("max_uses", max_uses.clone()),
        ("days", days.to_string()),
    ];
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let max_uses = max_uses.trim().parse();
        let max_uses = max_uses.map_err(|_| Error::invalid("maxUses", "number", "Please enter a whole number."))?;
        let expires_at = Timestamp::now().plus(Duration::from_secs(u64::from(days) * 24 * 60 * 60));
        let grant = service::create(&services, &actor, NewGrant { agent_id, tool, when, max_uses, expires_at }).await?;
        tell(vec![(
            "done",
            format!("Granted: {} goes on by itself with this, {max_uses} times at most.", grant.agent),
        )]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Ends a grant.
#[server(prefix = "/_fn", endpoint = "approval-grants/revoke", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn revoke_grant(
    /// Which one.
    id: GrantId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let grant = service::revoke(&services, &actor, id).await?;
        tell(vec![("done", format!("Revoked: this grant of {} lets nothing through any more.", grant.agent))]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}
