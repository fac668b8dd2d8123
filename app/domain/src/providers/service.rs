//! Use cases around AI providers: people configure them, the runtime asks for the one to run on.

use serde_json::{Value, json};

use super::{
    BaseUrl, Endpoint, Kind, NewProvider, Provider, ProviderChanges, TestResult, keys, models, models_store, rules,
    sandbox,
    store::{self, Stored},
    trial::{Form, Trial, told},
};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::Change},
    ids::ProviderId,
    limits::{Door, Subject},
    services::Services,
};

const SUBJECT: &str = "ai_provider";

/// Lets in who may configure AI, and counts for the workspace who was let in: nobody else can use its calls up. What people
/// and programs ask for and do is counted alike, whether by REST or by a form.
pub(crate) async fn enter(s: &Services, actor: &Actor, to: &str) -> Result<()> {
    actor.require(Role::can_configure_ai, to)?;
    s.limits.enter(Door::AiProviders, &[Subject::Workspace(actor.workspace)]).await?.keep();
    Ok(())
}

/// The same for what everybody may read of. Who may not configure AI is counted as a person, and so uses nobody else's calls up.
pub(crate) async fn enter_to_read(s: &Services, actor: &Actor) -> Result<()> {
    let (user, role) = actor.person()?;
    let subject = if role.can_configure_ai() { Subject::Workspace(actor.workspace) } else { Subject::Person(user) };
    s.limits.enter(Door::AiProviders, &[subject]).await?.keep();
    Ok(())
}

/// The workspace's providers, oldest first.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<Provider>> {
    enter(s, actor, "see AI providers").await?;
    shown(s, actor).await
}

/// The same for a page that shows them, which is no call and not counted: several pages do so besides something else, and
/// each is rendered anew whenever something changes.
pub async fn shown(s: &Services, actor: &Actor) -> Result<Vec<Provider>> {
    actor.require(Role::can_configure_ai, "see AI providers")?;
    let mut tx = s.db.tenant(actor).await?;
    store::list(&mut tx).await
}

/// Adds a provider that takes its key and has its model: it is asked before anything is kept, and nothing is kept of one that
/// refuses. The first one of a workspace becomes its default.
pub async fn create(s: &Services, actor: &Actor, input: NewProvider) -> Result<Provider> {
    enter(s, actor, "add AI providers").await?;
    let kind = input.provider;
    let base_url = rules::base_url(kind, input.base_url.as_deref())?;
    base_url.as_ref().map_or(Ok(()), |url| may_ask(s, url))?;
    let key = rules::key(kind, input.api_key.as_ref())?;
    let wanted = input.default_model.map(|model| rules::model(kind, Form::Provider.model(), &model)).transpose()?;
    let name = match (&input.name, &base_url) {
        (Some(name), _) => rules::name(name)?,
        (None, Some(_)) if kind != Kind::OpenaiCompatible => kind.label().to_owned(),
        (None, Some(url)) => rules::name(url.host().get(..100).unwrap_or(url.host()))?,
        (None, None) => kind.label().to_owned(),
    };
    let endpoint = base_url.map(|base_url| Endpoint { base_url, key });
    let trial = Trial { form: Form::Provider, kind, name: &name, endpoint: endpoint.as_ref() };
    let offer = trial.models(s, wanted.as_deref()).await.map_err(|failure| trial.refused(failure))?;
    let default_model = trial.model(s, &offer, wanted).await?;

    let id = ProviderId::new();
    let mut tx = s.db.tenant(actor).await?;
    let sealed = match &endpoint {
        Some(Endpoint { base_url, key: Some(key) }) => Some(keys::seal(&mut tx, s, id, base_url, key).await?),
        _ => None,
    };
    let now = Timestamp::now();
    let provider = Provider {
        id,
        provider: kind,
        name,
        base_url: endpoint.as_ref().map(|endpoint| endpoint.base_url.to_string()),
        key_hint: endpoint.and_then(|endpoint| endpoint.key).as_ref().map(rules::hint),
        default_model,
        is_default: input.make_default || store::find(&mut tx, None).await?.is_none(),
        checked_at: Some(now),
        check_error: None,
        failing_since: None,
        max_at_once: None,
        max_per_minute: None,
        created_at: now,
    };
    if provider.is_default {
        store::clear_default(&mut tx).await?;
    }
    store::insert(&mut tx, &provider, sealed.as_deref()).await?;
    models_store::keep(&mut tx, id, &offer.into_models()).await?;
    note(&mut tx, "ai_provider.created", &provider, facts(&provider));
    tx.commit().await?;
    s.resolved.forget_all();
    Ok(provider)
}

/// Changes a provider. Where there is a key, a new base URL needs the key again: a key is never sent to a host other than
/// the one that it was entered for. A new address or key is tried, and another model asked for, before anything is kept; until
/// then, and if it is refused, all is as it was.
pub async fn update(s: &Services, actor: &Actor, id: ProviderId, changes: ProviderChanges) -> Result<Provider> {
    enter(s, actor, "change AI providers").await?;
    let mut tx = s.db.tenant(actor).await?;
    let mut stored = found(&mut tx, id).await?;
    let before = stored.provider.clone();
    let kind = before.provider;
    let key = rules::key(kind, changes.api_key.as_ref())?;
    let mut provider = before.clone();
    if let Some(name) = &changes.name {
        provider.name = rules::name(name)?;
    }
    if let Some(model) = &changes.default_model {
        provider.default_model = rules::model(kind, Form::Provider.model(), model)?;
    }
    if let Some(url) = &changes.base_url {
        provider.base_url = rules::base_url(kind, Some(url))?.map(|u| u.to_string());
    }
    if let Some(most) = changes.max_at_once {
        provider.max_at_once = rules::most("maxAtOnce", most, rules::AT_ONCE)?;
    }
    if let Some(most) = changes.max_per_minute {
        provider.max_per_minute = rules::most("maxPerMinute", most, rules::PER_MINUTE)?;
    }
    let base_url = provider.base_url.as_deref().map(BaseUrl::parse).transpose()?;
    let moved = provider.base_url != before.base_url;
    if let Some(url) = base_url.as_ref().filter(|_| moved) {
        may_ask(s, url)?;
    }
    if moved && key.is_none() && stored.sealed_key.is_some() {
        let message =
            "Please enter the key again: the stored one was entered for the old base URL and is sent nowhere else.";
        return Err(Error::invalid("apiKey", "required", message));
    }
    let promoted = changes.make_default && !before.is_default;
    provider.is_default |= promoted;
    if provider == before && key.is_none() {
        return Ok(before);
    }

    let elsewhere = moved || key.is_some();
    let another_model = provider.default_model != before.default_model;
    let endpoint = match base_url {
        Some(base_url) if elsewhere => Some(Endpoint { base_url, key: key.clone() }),
        _ if another_model => keys::open(&mut tx, s, &stored).await?,
        _ => None,
    };
    tx.rollback().await?;
    let mut listed = None;
    if elsewhere {
        let trial = Trial { form: Form::Provider, kind, name: &provider.name, endpoint: endpoint.as_ref() };
        let model = provider.default_model.clone();
        let offer = trial.models(s, Some(&model)).await.map_err(|failure| trial.refused(failure))?;
        // Somebody who only replaces a key is not kept from it by a model that is in no list.
        if moved || another_model {
            provider.default_model = trial.model(s, &offer, Some(model)).await?;
        }
        listed = Some(offer.into_models());
        (provider.checked_at, provider.check_error, provider.failing_since) = (Some(Timestamp::now()), None, None);
    } else if another_model {
        let model = provider.default_model.clone();
        provider.default_model = models::checked(s, actor, &stored, endpoint.as_ref(), model, Form::Provider).await?;
    }

    let mut tx = s.db.tenant(actor).await?;
    let mut new_key = None;
    if let (Some(key), Some(Endpoint { base_url, .. })) = (&key, &endpoint) {
        new_key = Some(keys::seal(&mut tx, s, id, base_url, key).await?);
        provider.key_hint = Some(rules::hint(key));
    }
    stored.provider = provider;
    if promoted {
        store::clear_default(&mut tx).await?;
    }
    if !store::update(&mut tx, &stored, new_key.as_deref(), elsewhere).await? {
        return Err(Error::new(
            Code::Conflict,
            "Someone else changed this provider a moment ago. Please look at it again.",
        ));
    }
    if let Some(models) = listed {
        models_store::keep(&mut tx, id, &models).await?;
    }
    let mut details = facts(&stored.provider);
    details["keyReplaced"] = key.is_some().into();
    details["before"] = facts(&before);
    note(&mut tx, "ai_provider.updated", &stored.provider, details);
    tx.commit().await?;
    s.resolved.forget_all();
    Ok(stored.provider)
}

/// Removes a provider with its key. Not the default one (make another the default first), and none that agents name.
pub async fn delete(s: &Services, actor: &Actor, id: ProviderId) -> Result<()> {
    enter(s, actor, "delete AI providers").await?;
    let mut tx = s.db.tenant(actor).await?;
    let Stored { provider, .. } = found(&mut tx, id).await?;
    if provider.is_default {
        return Err(Error::new(
            Code::Conflict,
            "This is the default provider. Make another one the default, then delete it.",
        ));
    }
    store::delete(&mut tx, id).await?;
    note(&mut tx, "ai_provider.deleted", &provider, facts(&provider));
    tx.commit().await?;
    s.resolved.forget_all();
    Ok(())
}

/// Tries a provider's key and lists its models, which are kept. No transaction is open while the provider is asked.
pub async fn test(s: &Services, actor: &Actor, id: ProviderId) -> Result<TestResult> {
    enter(s, actor, "test AI providers").await?;
    let mut tx = s.db.tenant(actor).await?;
    let stored = found(&mut tx, id).await?;
    let endpoint = keys::open(&mut tx, s, &stored).await?;
    tx.rollback().await?;
    Ok(match models::look(s, actor, &stored, endpoint.as_ref()).await? {
        Ok(offer) => {
            let models = offer.into_models().into_iter().map(|model| model.id).collect();
            TestResult { valid: true, error: None, models }
        }
        Err(failure) => {
            let error = told(&failure, failure.remedy());
            TestResult { valid: false, error: Some(error), models: Vec::new() }
        }
    })
}

/// Gives a new workspace the sandbox as its default provider.
pub async fn seed_sandbox(tx: &mut TenantTx) -> Result<ProviderId> {
    let provider = Provider {
        id: ProviderId::new(),
        provider: Kind::Sandbox,
        name: Kind::Sandbox.label().to_owned(),
        base_url: None,
        key_hint: None,
        default_model: sandbox::MODEL.to_owned(),
        is_default: true,
        checked_at: None,
        check_error: None,
        failing_since: None,
        max_at_once: None,
        max_per_minute: None,
        created_at: Timestamp::now(),
    };
    store::insert(tx, &provider, None).await?;
    note(tx, "ai_provider.created", &provider, facts(&provider));
    Ok(provider.id)
}

pub(super) async fn found(tx: &mut TenantTx, id: ProviderId) -> Result<Stored> {
    store::find(tx, Some(id)).await?.ok_or_else(|| Error::not_found("AI provider"))
}

/// Says at once what would be refused whenever the provider is asked.
fn may_ask(s: &Services, url: &BaseUrl) -> Result<()> {
    s.http.check(&url.join("")).map_err(|refused| Error::invalid("baseUrl", "allowed", refused.to_string()))
}

/// What the audit log keeps about a provider: nothing of the key.
fn facts(provider: &Provider) -> Value {
    json!({
        "provider": provider.provider,
        "name": provider.name,
        "baseUrl": provider.base_url,
        "defaultModel": provider.default_model,
        "isDefault": provider.is_default,
        "hasKey": provider.key_hint.is_some(),
        "maxAtOnce": provider.max_at_once,
        "maxPerMinute": provider.max_per_minute,
    })
}

pub(super) fn note(tx: &mut TenantTx, action: &'static str, provider: &Provider, details: Value) {
    tx.audit(Entry::new(action, SUBJECT, provider.id.0).details(details));
    tx.emit(Draft::new(DomainEvent::AiProviderChanged(Change { action }), provider.id));
}
