//! What owners and admins do with endpoints.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Because, Changes, Delivery, Endpoint, Format, KEPT_DAYS, MAX_ENDPOINTS, NewEndpoint, Secret, buttons,
    deliver::{self, LEASE},
    deliveries_store::{self as deliveries, Claimed},
    disabling::{SUBJECT, note},
    rules,
    schedule::DAY,
    secrets,
    spread::{Body, Data},
    store,
};
use crate::{
    Actor, Code, Error, Page, PageRequest, Result, Role, Timestamp,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, filter, payload::Nothing},
    ids::{EventId, WebhookDeliveryId, WebhookId},
    notifications::slack,
    services::Services,
};

/// The type of what a test sends.
const TEST: &str = "webhook.test";
/// The type of what channels are told of.
const WAITS: &str = "approval.requested";

fn enter(actor: &Actor) -> Result<()> {
    actor.require(Role::manages_webhooks, "manage webhooks").map(drop)
}

/// All endpoints, oldest first.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<Endpoint>> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    store::list(&mut tx, None).await
}

/// One of them.
pub async fn get(s: &Services, actor: &Actor, id: WebhookId) -> Result<Endpoint> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    found(&mut tx, id).await
}

async fn found(tx: &mut TenantTx, id: WebhookId) -> Result<Endpoint> {
    store::list(tx, Some(id)).await?.pop().ok_or_else(|| Error::not_found(SUBJECT))
}

/// The endpoint as it is, locked until the transaction ends.
async fn locked(tx: &mut TenantTx, id: WebhookId) -> Result<Endpoint> {
    store::lock(tx, id).await?;
    found(tx, id).await
}

/// Makes an endpoint. Its secret is answered here and nowhere else.
pub async fn create(s: &Services, actor: &Actor, new: NewEndpoint) -> Result<(Endpoint, Secret)> {
    enter(actor)?;
    let url = rules::url(&s.http, &new.url)?;
    let description = rules::description(&new.description)?;
    let events = heard(new.format, new.events)?;
    let (id, secret) = (WebhookId::new(), Secret::random()?);
    let mut tx = s.db.tenant(actor).await?;
    if store::lock_count(&mut tx).await? >= MAX_ENDPOINTS as i64 {
        let why = format!(
            "There are {MAX_ENDPOINTS} webhooks here, which is as many as there may be. Remove one that is not used."
        );
        return Err(Error::new(Code::Unprocessable, why));
    }
    let sealed = secrets::seal(&mut tx, s, id, &secret).await?;
    let (url, address) = kept(&mut tx, s, id, new.format, url).await?;
    let (secret_at_rest, address) = (sealed.as_slice(), address.as_deref());
    let new = store::New { id, url: &url, description: &description, events: &events, secret: secret_at_rest, address };
    store::insert(&mut tx, new).await?;
    let made = found(&mut tx, id).await?;
    log(&mut tx, DomainEvent::WebhookCreated(Nothing {}), &made);
    tx.commit().await?;
    Ok((made, secret))
}

/// What an endpoint hears of.
fn heard(format: Format, events: Vec<String>) -> Result<Vec<String>> {
    match format {
        Format::Events => filter::checked("events", events),
        Format::Slack if events.is_empty() => Ok(vec![WAITS.to_owned()]),
        Format::Slack => {
            Err(Error::invalid("events", "absent", "A channel is told of approvals that wait, and of nothing else."))
        }
    }
}

/// An address as it is shown, and as it is sealed where it is a credential.
async fn kept(
    tx: &mut TenantTx,
    s: &Services,
    id: WebhookId,
    format: Format,
    url: String,
) -> Result<(String, Option<Vec<u8>>)> {
    match format {
        Format::Events => Ok((url, None)),
        // What is shown of one, sent back.
        Format::Slack if url.contains("%E2%80%A6") => {
            Err(Error::invalid("url", "whole", "Please enter the whole address; what is shown of it is not enough."))
        }
        Format::Slack => Ok((rules::masked(&url), Some(secrets::seal_address(tx, s, id, &url).await?))),
    }
}

/// Changes an endpoint.
pub async fn update(s: &Services, actor: &Actor, id: WebhookId, changes: Changes) -> Result<Endpoint> {
    enter(actor)?;
    let mut changes = Changes {
        url: changes.url.map(|url| rules::url(&s.http, &url)).transpose()?,
        description: changes.description.map(|text| rules::description(&text)).transpose()?,
        ..changes
    };
    let mut tx = s.db.tenant(actor).await?;
    // Its format never changes. And the data key before the endpoint: whoever needs both takes them in this order.
    let format = found(&mut tx, id).await?.format;
    changes.events = changes.events.map(|events| heard(format, events)).transpose()?;
    let mut address = None;
    if let Some(url) = changes.url.take() {
        let (shown, sealed) = kept(&mut tx, s, id, format, url).await?;
        (changes.url, address) = (Some(shown), sealed);
    }
    let signing = match changes.signing_secret.as_deref().map(str::trim) {
        Some(_) if format == Format::Events => {
            return Err(Error::invalid("signingSecret", "absent", "Only a channel of Slack has buttons."));
        }
        Some("") => Some(None),
        Some(secret) => Some(Some(secrets::seal_signing(&mut tx, s, id, rules::signing_secret(secret)?).await?)),
        None => None,
    };
    let before = locked(&mut tx, id).await?;
    if let Some(signing) = &signing {
        store::set_signing(&mut tx, id, signing.as_deref()).await?;
        tx.audit(Entry::new("channel.signing_changed", SUBJECT, id.0).details(json!({ "buttons": signing.is_some() })));
    }
    if changes.url.is_some() || changes.description.is_some() || changes.events.is_some() {
        store::change(&mut tx, id, &changes, address.as_deref()).await?;
        let changed = found(&mut tx, id).await?;
        log(&mut tx, DomainEvent::WebhookUpdated(Nothing {}), &changed);
    }
    match changes.enabled {
        Some(true) if !before.enabled => {
            store::enable(&mut tx, id).await?;
            log(&mut tx, DomainEvent::WebhookEnabled(Nothing {}), &before);
        }
        Some(false) if before.enabled => {
            store::disable(&mut tx, id, Because::ByHand).await?;
            note(&mut tx, id, &rules::origin(&before.url), Because::ByHand);
        }
        _ => {}
    }
    let after = found(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Removes an endpoint with its log.
pub async fn delete(s: &Services, actor: &Actor, id: WebhookId) -> Result<()> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    let gone = locked(&mut tx, id).await?;
    store::delete(&mut tx, id).await?;
    log(&mut tx, DomainEvent::WebhookDeleted(Nothing {}), &gone);
    tx.commit().await
}

/// Gives an endpoint another secret. The one that it had signs as well for a day; one of before that ends at once.
pub async fn rotate(s: &Services, actor: &Actor, id: WebhookId) -> Result<(Endpoint, Secret)> {
    enter(actor)?;
    let secret = Secret::random()?;
    let mut tx = s.db.tenant(actor).await?;
    // The data key before the endpoint: whoever needs both takes them in this order.
    let sealed = secrets::seal(&mut tx, s, id, &secret).await?;
    locked(&mut tx, id).await?;
    store::rotate(&mut tx, id, &sealed, Timestamp::now().plus(DAY)).await?;
    let rotated = found(&mut tx, id).await?;
    log(&mut tx, DomainEvent::WebhookRotated(Nothing {}), &rotated);
    tx.commit().await?;
    Ok((rotated, secret))
}

/// Sends a test, once and now, also to an endpoint that is disabled; answers what came of it.
pub async fn test(s: &Services, actor: &Actor, id: WebhookId) -> Result<Delivery> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    let endpoint = found(&mut tx, id).await?;
    let (delivery, event) = (WebhookDeliveryId::new(), EventId::new().0);
    let body = match endpoint.format {
        Format::Events => {
            let payload: Value = json!({ "description": endpoint.description });
            let data = Data { seq: None, subject_kind: SUBJECT, subject_id: Some(id.0), payload: &payload };
            let (timestamp, workspace_id) = (Timestamp::now(), actor.workspace);
            Body { id: event, name: TEST, version: 1, timestamp, workspace_id, data }.text()?
        }
        Format::Slack => slack::message("A test: HYVVE will tell of approvals that wait here.", &[], None),
    };
    let given_up = Timestamp::now().plus(LEASE);
    deliveries::insert_test(&mut tx, (id, delivery), event, TEST, &body, given_up).await?;
    tx.audit(Entry::new("webhook.tested", SUBJECT, id.0).details(json!({ "host": rules::origin(&endpoint.url) })));
    tx.commit().await?;
    let claimed = Claimed { workspace: actor.workspace, endpoint: id, id: delivery, attempt: 1 };
    deliver::send(s, &claimed).await?;
    let mut tx = s.db.tenant(actor).await?;
    one(&mut tx, id, delivery).await
}

/// Tells an endpoint once more of what it hears of, from a moment of the last 30 days on, with the ids of then, of some types only
/// if `types` names any; answers how many events that are.
pub async fn replay(s: &Services, actor: &Actor, id: WebhookId, since: Timestamp, types: Vec<String>) -> Result<i64> {
    enter(actor)?;
    let types = filter::checked("types", types)?;
    let now = Timestamp::now();
    if since > now || since.plus(Duration::from_hours(24 * KEPT_DAYS)) < now {
        let why = format!("Events can be sent again from any moment of the last {KEPT_DAYS} days on.");
        return Err(Error::invalid("since", "range", why));
    }
    let mut tx = s.db.tenant(actor).await?;
    let endpoint = enabled(&mut tx, id).await?;
    if endpoint.format == Format::Slack {
        let why = "A channel is told of what waits, once. Only programs are told again of what has happened.";
        return Err(Error::new(Code::Unprocessable, why));
    }
    let there = store::turn_back(&mut tx, id, since, &types).await?;
    let hears = |name: &str| rules::passes(&endpoint.events, name) && filter::passes(&types, name);
    let told: i64 = there.iter().filter(|(name, _)| hears(name)).map(|(_, n)| n).sum();
    let details = json!({ "host": rules::origin(&endpoint.url), "since": since, "types": types, "events": told });
    tx.audit(Entry::new("webhook.replayed", SUBJECT, id.0).details(details));
    tx.emit(Draft::new(DomainEvent::WebhookReplayed(Nothing {}), id));
    tx.commit().await?;
    Ok(told)
}

/// What was sent to an endpoint in the last 30 days, the newest first.
pub async fn log_of(s: &Services, actor: &Actor, id: WebhookId, page: PageRequest) -> Result<Page<Delivery>> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    found(&mut tx, id).await?;
    let (items, total) = deliveries::page(&mut tx, id, None, page).await?;
    Ok(page.of(items, total))
}

/// Sends a delivery once more, with the id that it had.
pub async fn redeliver(s: &Services, actor: &Actor, id: WebhookId, delivery: WebhookDeliveryId) -> Result<Delivery> {
    enter(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    let endpoint = enabled(&mut tx, id).await?;
    if !deliveries::begin_again(&mut tx, id, delivery).await? {
        return Err(Error::not_found("delivery"));
    }
    let again = one(&mut tx, id, delivery).await?;
    let details = json!({ "host": rules::origin(&endpoint.url), "event": again.event_id, "type": again.name });
    tx.audit(Entry::new("webhook.redelivered", SUBJECT, id.0).details(details));
    tx.emit(Draft::new(DomainEvent::WebhookRedelivered(Nothing {}), id));
    tx.commit().await?;
    Ok(again)
}

/// The endpoint, locked, if events are sent to it.
async fn enabled(tx: &mut TenantTx, id: WebhookId) -> Result<Endpoint> {
    let endpoint = locked(tx, id).await?;
    if endpoint.enabled {
        return Ok(endpoint);
    }
    Err(Error::new(Code::Conflict, "This webhook is disabled. Enable it, and events can be sent to it again."))
}

async fn one(tx: &mut TenantTx, id: WebhookId, delivery: WebhookDeliveryId) -> Result<Delivery> {
    let (mut found, _) = deliveries::page(tx, id, Some(delivery), PageRequest::default()).await?;
    found.pop().ok_or_else(|| Error::not_found("delivery"))
}

/// Writes down what somebody did to an endpoint. Of its address only the host: the rest often is a secret.
fn log(tx: &mut TenantTx, event: DomainEvent, endpoint: &Endpoint) {
    let events = if endpoint.events.is_empty() { "all".to_owned() } else { endpoint.events.join(", ") };
    let details = json!({ "host": rules::origin(&endpoint.url), "events": events });
    tx.audit(Entry::new(event.name(), SUBJECT, endpoint.id.0).details(details));
    tx.emit(Draft::new(event, endpoint.id));
}

/// Removes what is older than 30 days, and secrets that sign no more; answers how many deliveries went.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("deliveries older than 30 days").await?;
    let removed = deliveries::purge(&mut tx).await?;
    store::forget_old_secrets(&mut tx).await?;
    buttons::service::purge(&mut tx).await?;
    tx.commit().await?;
    Ok(removed)
}
