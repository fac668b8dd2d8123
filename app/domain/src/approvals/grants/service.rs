//! Making, listing, revoking and using grants.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Grant, GrantState, MAX_DAYS, MAX_USES, NewGrant,
    store::{self, Use},
};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp,
    approvals::{outcomes::tell, policies::service as policies, propose, routing::Review, store as items, trail},
    audit::Entry,
    db::TenantTx,
    events::{
        DomainEvent, Draft,
        payload::{GrantRevoked, Granted},
    },
    ids::{AgentId, ApprovalId, GrantId, UserId},
    notifications::service as notifications,
    services::Services,
    tools::registry::{self, Traits},
};

const SUBJECT: &str = "approval_grant";

/// All grants, those that hold first, then the newest.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<Grant>> {
    actor.require(Role::can_decide, "see standing grants")?;
    let mut tx = s.db.tenant(actor).await?;
    let mut grants = store::list(&mut tx, None).await?;
    grants.sort_by_key(|grant| grant.state != GrantState::Live);
    Ok(grants)
}

/// Names of the tools that a grant can be about.
pub fn tools() -> Vec<&'static str> {
    registry::ALL.iter().filter(|tool| tool.is_for_agents() && tool.may_be_reversible()).map(|tool| tool.name).collect()
}

/// Makes a grant.
pub async fn create(s: &Services, actor: &Actor, new: NewGrant) -> Result<Grant> {
    let user = actor.require(Role::can_decide, "make standing grants")?;
    let mut tx = s.db.tenant(actor).await?;
    let new = checked(&mut tx, new).await?;
    let id = GrantId::new();
    store::insert(&mut tx, id, &new, user).await?;
    note(&mut tx, id, &new);
    let grant = found(&mut tx, id).await?;
    tx.commit().await?;
    Ok(grant)
}

/// Ends a grant. What it has covered and has not gone on yet gets a glance.
pub async fn revoke(s: &Services, actor: &Actor, id: GrantId) -> Result<Grant> {
    let user = actor.require(Role::can_decide, "revoke standing grants")?;
    let mut tx = s.db.tenant(actor).await?;
    let before = found(&mut tx, id).await?;
    if !store::revoke(&mut tx, id, user).await? {
        return Err(Error::new(Code::Conflict, "This grant was revoked already."));
    }
    let why = "The standing grant that covered it was revoked.";
    let held = store::hold_back(&mut tx, id, why).await?;
    for item in &held {
        if let Some(found) = items::look(&mut tx, *item).await? {
            trail::routed(&mut tx, *item, &found, Review::Quick, why);
            tell(&mut tx, DomainEvent::ApprovalRouted, *item, &found);
        }
    }
    if !held.is_empty() {
        notifications::something_waits(&mut tx).await?;
    }
    let details = json!({ "agent": before.agent_id, "tool": before.tool, "used": before.used });
    tx.audit(Entry::new("approval_grant.revoked", SUBJECT, id.0).details(details));
    let revoked = GrantRevoked { agent: before.agent_id, tool: before.tool, used: before.used };
    tx.emit(Draft::new(DomainEvent::ApprovalGrantRevoked(revoked), id));
    let grant = found(&mut tx, id).await?;
    tx.commit().await?;
    Ok(grant)
}

/// What covers an action, once its use is counted.
pub(in crate::approvals) struct Covered {
    pub(in crate::approvals) id: GrantId,
    /// Which use of it this is.
    pub(in crate::approvals) used: i32,
    pub(in crate::approvals) max_uses: i32,
    /// In words.
    pub(in crate::approvals) why: String,
}

/// Counts a use of a grant that covers what an agent proposes, if there is one. The grant stays locked until the
/// transaction ends, so that it is never used more often than it may be. Grants of `barred` do not count.
pub(in crate::approvals) async fn cover(
    tx: &mut TenantTx,
    agent: AgentId,
    tool: &str,
    fields: &Map<String, Value>,
    barred: Option<UserId>,
) -> Result<Option<Covered>> {
    for (id, when) in store::live(tx, agent, tool, barred).await? {
        if !policies::holds(&when, fields) {
            continue;
        }
        if let Some(Use { used, max_uses, by }) = store::use_once(tx, id).await? {
            let by = by.as_deref().unwrap_or("somebody who is gone");
            let why = format!("A standing grant of {by} covers it: {used} of {max_uses} used.");
            return Ok(Some(Covered { id, used, max_uses, why }));
        }
    }
    Ok(None)
}

/// Holds the grant that let an item through, if one did, for whoever may give its use back: before the item, as whoever revokes it does.
pub(in crate::approvals) async fn hold(tx: &mut TenantTx, item: ApprovalId) -> Result<()> {
    store::lock_of(tx, item).await
}

/// Gives back the use that an item was, which somebody took back. Its grant is held: see [`hold`].
pub(in crate::approvals) async fn give_back(tx: &mut TenantTx, item: ApprovalId) -> Result<()> {
    store::give_back(tx, item).await
}

async fn found(tx: &mut TenantTx, id: GrantId) -> Result<Grant> {
    store::list(tx, Some(id)).await?.pop().ok_or_else(|| Error::not_found("grant"))
}

async fn checked(tx: &mut TenantTx, mut new: NewGrant) -> Result<NewGrant> {
    let tool = registry::find(&new.tool)
        .filter(|tool| tool.acts() && tool.is_for_agents())
        .ok_or_else(|| Error::invalid("tool", "unknown", "There is no such tool that acts."))?;
    if !tool.may_be_reversible() {
        let message = "What this tool does cannot be taken back, so a person looks at it each time.";
        return Err(Error::invalid("tool", "irreversible", message));
    }
    let agent = store::agent_name(tx, new.agent_id).await?.ok_or_else(|| Error::not_found("agent"))?;
    if policies::in_force(tx, tool.name).await?.handling.wants_several() {
        let message = "Its policy wants several people to approve, or somebody of a certain role, which one person cannot do in advance.";
        return Err(Error::invalid("tool", "quorum", message));
    }
    if !(1..=MAX_USES).contains(&new.max_uses) {
        return Err(Error::invalid("maxUses", "range", format!("Between 1 and {MAX_USES} uses.")));
    }
    let now = Timestamp::now();
    if new.expires_at <= now || new.expires_at > now.plus(Duration::from_secs(MAX_DAYS * 24 * 60 * 60)) {
        let message = format!("A grant ends in the future, at most {MAX_DAYS} days from now.");
        return Err(Error::invalid("expiresAt", "range", message));
    }
    new.when = new.when.trim().to_owned();
    policies::check_expression(tx, tool.name, "when", &new.when).await?;
    // What is so of everything that this agent may do so narrows nothing.
    let holds = |size| {
        let mut common = Map::new();
        propose::common(&mut common, tool, &agent, &Traits { size, ..Traits::default() }, true);
        policies::holds(&new.when, &common)
    };
    if policies::holds(&new.when, &Map::new()) || (holds(0.0) && holds(f64::MAX)) {
        let message = "This would allow everything. Say which actions, by their fields.";
        return Err(Error::invalid("when", "tooWide", message));
    }
    Ok(new)
}

fn note(tx: &mut TenantTx, id: GrantId, new: &NewGrant) {
    let details = json!({
        "agent": new.agent_id,
        "tool": new.tool,
        "when": new.when,
        "maxUses": new.max_uses,
        "expiresAt": new.expires_at,
    });
    tx.audit(Entry::new("approval_grant.created", SUBJECT, id.0).details(details));
    let granted = Granted { agent: new.agent_id, tool: new.tool.clone() };
    tx.emit(Draft::new(DomainEvent::ApprovalGrantCreated(granted), id));
}
