//! Who is asked when an agent's provider gives no answer: people put them in order.

use serde_json::json;

use super::{
    FallbackChoice, fallbacks_store as store, rules,
    service::enter,
    store::{self as providers},
};
use crate::{
    Actor, Code, Error, Result, Role,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, catalogue::FALLBACKS_SET, payload::Change},
    ids::ProviderId,
    services::Services,
};

/// The most fallbacks: each is a wait for whoever asked.
pub const MOST: usize = 5;

/// Where one of them goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// One place up.
    Up,
    /// One place down.
    Down,
    /// To a place, from 0.
    To(usize),
    /// Away.
    Away,
}

/// The workspace's fallbacks, in the order in which they are asked.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<FallbackChoice>> {
    enter(s, actor, "see fallbacks").await?;
    shown(s, actor).await
}

/// The same for a page that shows them, which is no call and not counted.
pub async fn shown(s: &Services, actor: &Actor) -> Result<Vec<FallbackChoice>> {
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
    let (tx, before) = alone(s, actor).await?;
    put(s, tx, &before, fallbacks).await
}

/// Names one more, after those that there are.
pub async fn add(s: &Services, actor: &Actor, one: FallbackChoice) -> Result<Vec<FallbackChoice>> {
    let (tx, before) = alone(s, actor).await?;
    let fallbacks = before.iter().cloned().chain([one]).collect();
    put(s, tx, &before, fallbacks).await
}

/// Moves the one that stands at a place, from 0, or removes it.
pub async fn arrange(
    s: &Services,
    actor: &Actor,
    position: usize,
    one: FallbackChoice,
    to: Move,
) -> Result<Vec<FallbackChoice>> {
    let (mut tx, before) = alone(s, actor).await?;
    must_be_here(&mut tx, one.provider_id).await?;
    if before.get(position) != Some(&one) {
        let message = "Someone else changed the fallbacks a moment ago. Please look at them again.";
        return Err(Error::new(Code::Conflict, message));
    }
    let mut fallbacks = before.clone();
    fallbacks.remove(position);
    let place = match to {
        Move::Up => position.checked_sub(1),
        Move::Down => Some(position + 1),
        Move::To(place) => Some(place),
        Move::Away => return put(s, tx, &before, fallbacks).await,
    };
    match place {
        Some(place) if place <= fallbacks.len() => fallbacks.insert(place, one),
        _ => return Err(Error::invalid("to", "known", "It goes up, down, to a place, or away.")),
    }
    put(s, tx, &before, fallbacks).await
}

/// Those that there are, for somebody who changes them: whoever else does so waits until the transaction ends.
async fn alone(s: &Services, actor: &Actor) -> Result<(TenantTx, Vec<FallbackChoice>)> {
    enter(s, actor, "set fallbacks").await?;
    let mut tx = s.db.tenant(actor).await?;
    store::lock(&mut tx).await?;
    let before = all(&mut tx).await?;
    Ok((tx, before))
}

async fn put(
    s: &Services,
    mut tx: TenantTx,
    before: &[FallbackChoice],
    fallbacks: Vec<FallbackChoice>,
) -> Result<Vec<FallbackChoice>> {
    if fallbacks.len() > MOST {
        let message = format!("At most {MOST} fallbacks: each of them is a wait for whoever asked.");
        return Err(Error::invalid("fallbacks", "maxLength", message));
    }
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
