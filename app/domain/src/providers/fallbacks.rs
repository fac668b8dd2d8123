//! Who is asked when an agent's provider gives no answer: people put them in order.

use serde_json::json;

use super::{
    FallbackChoice, fallbacks_store as store, rules,
    service::enter,
    store::{self as providers},
};
use crate::{
    Actor, Error, Result, Role,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, catalogue::FALLBACKS_SET, payload::Change},
    ids::ProviderId,
    services::Services,
};

/// The most fallbacks: each is a wait for whoever asked.
pub const MOST: usize = 5;

/// The workspace's fallbacks, in the order in which they are asked.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<FallbackChoice>> {
    actor.require(Role::can_configure_ai, "see fallbacks")?;
    let mut tx = s.db.tenant(actor).await?;
    all(&mut tx).await
}

async fn all(tx: &mut TenantTx) -> Result<Vec<FallbackChoice>> {
    let rows = store::list(tx).await?;
    Ok(rows.into_iter().map(|(provider_id, model)| FallbackChoice { provider_id, model }).collect())
}

/// Puts these in place of those that there were.
pub async fn replace(s: &Services, actor: &Actor, fallbacks: Vec<FallbackChoice>) -> Result<Vec<FallbackChoice>> {
    enter(s, actor, "set fallbacks").await?;
    if fallbacks.len() > MOST {
        let message = format!("At most {MOST} fallbacks: each of them is a wait for whoever asked.");
        return Err(Error::invalid("fallbacks", "maxLength", message));
    }
    let mut tx = s.db.tenant(actor).await?;
    let mut checked: Vec<FallbackChoice> = Vec::new();
    for (at, FallbackChoice { provider_id, model }) in fallbacks.into_iter().enumerate() {
        let field = |name: &str| format!("fallbacks[{at}].{name}");
        let stored = providers::find(&mut tx, Some(provider_id)).await?;
        let stored = stored.ok_or_else(|| Error::not_found("AI provider"))?;
        let model = model.filter(|model| !model.trim().is_empty());
        let model = model.map(|model| rules::model(stored.provider.provider, &field("model"), &model)).transpose()?;
        let fallback = FallbackChoice { provider_id, model };
        if checked.contains(&fallback) {
            return Err(Error::invalid(&field("providerId"), "once", "This one is there twice."));
        }
        checked.push(fallback);
    }
    let before = all(&mut tx).await?;
    if before == checked {
        return Ok(checked);
    }
    store::replace(&mut tx, &checked).await?;
    let workspace = tx.workspace().0;
    tx.audit(
        Entry::new(FALLBACKS_SET, "workspace", workspace).details(json!({ "fallbacks": checked, "before": before })),
    );
    tx.emit(Draft::new(DomainEvent::AiProviderChanged(Change { action: FALLBACKS_SET }), workspace));
    tx.commit().await?;
    s.resolved.forget_all();
    Ok(checked)
}

/// Says so where there is no such provider here.
pub(crate) async fn must_be_here(tx: &mut TenantTx, provider: ProviderId) -> Result<()> {
    let here = providers::find(tx, Some(provider)).await?.is_some();
    if here { Ok(()) } else { Err(Error::not_found("AI provider")) }
}
