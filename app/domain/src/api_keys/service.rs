//! Making, listing and revoking keys, and the check of one that a request carries.

use std::time::Duration;

use serde_json::json;

use super::{ApiKey, By, DEFAULT_DAYS, MAX_DAYS, MAX_KEYS, NewApiKey, Presented, Secret, store};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp,
    audit::Entry,
    auth::{Origin, factors, rules},
    db::SystemTx,
    events::{DomainEvent, Draft, payload::Nothing},
    ids::{ApiKeyId, UserId, WorkspaceId},
    services::Services,
};

/// When a key was last used is written down at most this often.
const TOUCH_AFTER: Duration = Duration::from_mins(1);

/// Makes a key for the actor. The secret is answered here and nowhere else.
pub async fn create(s: &Services, actor: &Actor, new: NewApiKey) -> Result<(ApiKey, Secret)> {
    let user = actor.require(Role::can_make_keys, "make API keys")?;
    let name = rules::line(&new.name, "name", 100, "Please name the key after what uses it.")?;
    let mut scopes = new.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Error::invalid("scopes", "minItems", "Please choose what the key is for."));
    }
    let days = new.expires_in_days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        let why = format!("A key works between 1 and {MAX_DAYS} days.");
        return Err(Error::invalid("expiresInDays", "range", why));
    }
    let expires_at = Timestamp::now().plus(Duration::from_hours(24 * u64::from(days)));
    let (id, secret) = (ApiKeyId::new(), Secret::random()?);
    let mut tx = s.db.tenant(actor).await?;
    if store::lock_count(&mut tx, user).await? >= MAX_KEYS as i64 {
        let why = format!("You have {MAX_KEYS} keys here, which is as many as one may. Revoke one that is not used.");
        return Err(Error::new(Code::Unprocessable, why));
    }
    let (prefix, hash) = (secret.prefix(), secret.hash());
    store::insert(&mut tx, store::New { id, user, name: &name, prefix, hash, scopes: &scopes, expires_at }).await?;
    let made = one(store::visible(&mut tx, Some(id)).await?)?;
    tx.audit(Entry::new("workspace.api_key.created", "api_key", id.0).details(json!({
        "name": name, "prefix": prefix, "scopes": scopes, "expiresAt": expires_at,
    })));
    tx.emit(Draft::new(DomainEvent::ApiKeyCreated(Nothing {}), id));
    tx.commit().await?;
    Ok((made, secret))
}

/// The actor's keys, also where the role allows to make none any more; to whoever manages keys, all of the workspace. What ended
/// lately is among them.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<ApiKey>> {
    actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    store::visible(&mut tx, None).await
}

/// Ends a key, at once. To end it twice is no error.
pub async fn revoke(s: &Services, actor: &Actor, id: ApiKeyId) -> Result<ApiKey> {
    actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    let key = one(store::visible(&mut tx, Some(id)).await?)?;
    if !store::revoke(&mut tx, id).await? {
        return Ok(key);
    }
    let key = one(store::visible(&mut tx, Some(id)).await?)?;
    tx.audit(
        Entry::new("workspace.api_key.revoked", "api_key", id.0)
            .details(json!({ "name": key.name, "prefix": key.prefix, "of": key.user_id })),
    );
    tx.emit(Draft::new(DomainEvent::ApiKeyRevoked(Nothing {}), id));
    tx.commit().await?;
    s.api_keys.forget_all();
    Ok(key)
}

/// Ends all keys of a person, wherever they work. What is remembered of them is forgotten by whoever commits.
pub(crate) async fn revoke_all_of(tx: &mut SystemTx, user: UserId) -> Result<()> {
    store::revoke_all_of(tx, user).await
}

fn one(found: Vec<ApiKey>) -> Result<ApiKey> {
    found.into_iter().next().ok_or_else(|| Error::not_found("API key"))
}

/// The key behind a secret, if it works. A key that was read within the last half second is believed, as a session is.
pub async fn check(s: &Services, secret: &Secret, origin: &Origin) -> Result<Option<Presented>> {
    look_up(s, By::Hash(secret.hash()), origin).await
}

/// A key by its id, if it works: for whoever carries something that the key vouches for. Is as quick to notice that it has ended.
pub(crate) async fn check_by_id(
    s: &Services,
    workspace: WorkspaceId,
    id: ApiKeyId,
    origin: &Origin,
) -> Result<Option<Presented>> {
    look_up(s, By::Id(workspace, id), origin).await
}

async fn look_up(s: &Services, by: By, origin: &Origin) -> Result<Option<Presented>> {
    if let Some(known) = s.api_keys.get(&by).await {
        return Ok(Some(known).filter(|key| key.expires_at > Timestamp::now()));
    }
    let asked = s.api_keys.ask(&by);
    let mut tx = s.db.system("the check of an API key").await?;
    let found = match by {
        By::Hash(hash) => store::find(&mut tx, hash).await?,
        By::Id(workspace, id) => store::find_by_id(&mut tx, workspace, id).await?,
    };
    let Some(mut key) = found else { return Ok(None) };
    key.has_second_factor = factors::has_one(&mut tx, key.user).await?;
    let now = Timestamp::now();
    if key.last_used_at.is_none_or(|at| at.plus(TOUCH_AFTER) < now) {
        store::touch(&mut tx, key.workspace, key.id.0, origin.ip.as_deref()).await?;
        tx.commit().await?;
        key.last_used_at = Some(now);
    }
    s.api_keys.put(by, asked, key.clone()).await;
    Ok(Some(key))
}
