//! What a workspace asks of the people who enter it: a second factor.

use serde::Serialize;
use serde_json::json;

use super::{Member, members, store};
use crate::{
    Actor, Code, Error, Result, Role,
    audit::Entry,
    auth::{SignedIn, factors},
    events::{DomainEvent, Draft, payload::Nothing},
    services::Services,
};

/// What it asks, and who would have to do something about it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Security {
    /// Only sessions that have shown a second factor come in.
    pub second_factor_required: bool,
    /// The members who have none. Whoever asks for it shuts them out until they have.
    pub without_second_factor: Vec<Member>,
}

/// What the actor's workspace asks.
pub async fn get(s: &Services, actor: &Actor) -> Result<Security> {
    actor.require(Role::can_secure_workspace, "see what the workspace asks of its members")?;
    let mut tx = s.db.tenant(actor).await?;
    let second_factor_required = store::second_factor(&mut tx).await?;
    drop(tx);
    let mut people = members::list(s, actor).await?;
    let ids: Vec<_> = people.iter().map(|member| member.user_id).collect();
    let without = factors::without(s, &ids).await?;
    people.retain(|member| without.contains(&member.user_id));
    Ok(Security { second_factor_required, without_second_factor: people })
}

/// Asks for a second factor, or not any more. Whoever asks has shown one: nobody shuts themselves out.
pub async fn require_second_factor(s: &Services, who: &SignedIn, actor: &Actor, required: bool) -> Result<Security> {
    actor.require(Role::can_secure_workspace, "change what the workspace asks of its members")?;
    if required && who.session.second_factor_at.is_none() {
        let why = "Set up two-step verification for your own account first. Otherwise this would shut you out.";
        return Err(Error::new(Code::Unprocessable, why).with(json!({ "field": "second_factor" })));
    }
    let mut tx = s.db.tenant(actor).await?;
    let before = store::lock_second_factor(&mut tx).await?;
    if before != required {
        store::set_second_factor(&mut tx, required).await?;
        let details = json!({
            "before": { "secondFactorRequired": before },
            "after": { "secondFactorRequired": required },
        });
        tx.audit(Entry::new("workspace.security_changed", "workspace", actor.workspace.0).details(details));
        tx.emit(Draft::new(DomainEvent::WorkspaceUpdated(Nothing {}), actor.workspace));
        tx.commit().await?;
        s.memberships.forget_all();
    }
    get(s, actor).await
}
