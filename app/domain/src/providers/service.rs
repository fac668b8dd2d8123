//! Use cases around AI providers: people configure them, the runtime asks for the one to run on.

use serde_json::{Value, json};

use super::{
    BaseUrl, ChatRequest, Endpoint, Failure, Kind, ModelStream, NewProvider, Provider, ProviderChanges, TestResult,
    keys, rules, sandbox,
    sender::{self, Patience},
    store::{self, Stored},
};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp,
    audit::Entry,
    db::TenantTx,
    events::Draft,
    ids::{ProviderId, WorkspaceId},
    limits::{Door, Subject},
    services::Services,
};

const SUBJECT: &str = "ai_provider";

/// Lets in who may configure AI, and counts for the workspace who was let in: nobody else can use its calls up. What people
/// and programs ask for and do is counted alike, whether by REST or by a form.
async fn enter(s: &Services, actor: &Actor, to: &str) -> Result<()> {
    actor.require(Role::can_configure_ai, to)?;
    s.limits.enter(Door::AiProviders, &[Subject::Workspace(actor.workspace)]).await?.keep();
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

/// Adds a provider. The first one of a workspace becomes its default.
pub async fn create(s: &Services, actor: &Actor, input: NewProvider) -> Result<Provider> {
    enter(s, actor, "add AI providers").await?;
    let kind = input.provider;
    let base_url = rules::base_url(kind, input.base_url.as_deref())?;
    base_url.as_ref().map_or(Ok(()), |url| may_ask(s, url))?;
    let key = rules::key(kind, input.api_key.as_ref())?;
    let default_model = rules::model(kind, &input.default_model)?;
    let name = match (&input.name, &base_url) {
        (Some(name), _) => rules::name(name)?,
        (None, Some(_)) if kind != Kind::OpenaiCompatible => kind.label().to_owned(),
        (None, Some(url)) => rules::name(url.host().get(..100).unwrap_or(url.host()))?,
        (None, None) => kind.label().to_owned(),
    };
    let id = ProviderId::new();
    let mut tx = s.db.tenant(actor).await?;
    let sealed = match (&key, &base_url) {
        (Some(key), Some(url)) => Some(keys::seal(&mut tx, s, id, url, key).await?),
        _ => None,
    };
    let provider = Provider {
        id,
        provider: kind,
        name,
        base_url: base_url.map(|u| u.to_string()),
        key_hint: key.as_ref().map(rules::hint),
        default_model,
        is_default: input.make_default || store::find(&mut tx, None).await?.is_none(),
        checked_at: None,
        check_error: None,
        created_at: Timestamp::now(),
    };
    if provider.is_default {
        store::clear_default(&mut tx).await?;
    }
    store::insert(&mut tx, &provider, sealed.as_deref()).await?;
    note(&mut tx, "ai_provider.created", &provider, facts(&provider));
    tx.commit().await?;
    s.resolved.forget_all();
    Ok(provider)
}

/// Changes a provider. Where there is a key, a new base URL needs the key again: a key is never sent to a host other than
/// the one that it was entered for. A new address or key has not been tested yet.
pub async fn update(s: &Services, actor: &Actor, id: ProviderId, changes: ProviderChanges) -> Result<Provider> {
    enter(s, actor, "change AI providers").await?;
    let mut tx = s.db.tenant(actor).await?;
    let mut stored = found(&mut tx, id).await?;
    let before = stored.provider.clone();
    let kind = before.provider;
    let key = rules::key(kind, changes.api_key.as_ref())?;
    let provider = &mut stored.provider;
    if let Some(name) = &changes.name {
        provider.name = rules::name(name)?;
    }
    if let Some(model) = &changes.default_model {
        provider.default_model = rules::model(kind, model)?;
    }
    if let Some(url) = &changes.base_url {
        provider.base_url = rules::base_url(kind, Some(url))?.map(|u| u.to_string());
    }
    let moved = provider.base_url != before.base_url;
    if let Some(url) = provider.base_url.as_deref().filter(|_| moved) {
        may_ask(s, &BaseUrl::parse(url)?)?;
    }
    if moved && key.is_none() && stored.sealed_key.is_some() {
        let message =
            "Please enter the key again: the stored one was entered for the old base URL and is sent nowhere else.";
        return Err(Error::invalid("apiKey", "required", message));
    }
    let mut new_key = None;
    if let (Some(key), Some(url)) = (&key, &provider.base_url) {
        let url = BaseUrl::parse(url)?;
        new_key = Some(keys::seal(&mut tx, s, id, &url, key).await?);
        provider.key_hint = Some(rules::hint(key));
    }
    if moved || key.is_some() {
        (provider.checked_at, provider.check_error) = (None, None);
    }
    let promoted = changes.make_default && !before.is_default;
    provider.is_default |= promoted;
    if *provider == before && key.is_none() {
        return Ok(before);
    }
    if promoted {
        store::clear_default(&mut tx).await?;
    }
    if !store::update(&mut tx, &stored, new_key.as_deref()).await? {
        return Err(Error::new(
            Code::Conflict,
            "Someone else changed this provider a moment ago. Please look at it again.",
        ));
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

/// Tries a provider's key and lists its models. No transaction is open while the provider is asked.
pub async fn test(s: &Services, actor: &Actor, id: ProviderId) -> Result<TestResult> {
    enter(s, actor, "test AI providers").await?;
    let mut tx = s.db.tenant(actor).await?;
    let stored = found(&mut tx, id).await?;
    let endpoint = keys::open(&mut tx, s, &stored).await?;
    tx.rollback().await?;
    let Provider { provider: kind, name, .. } = &stored.provider;
    let answer = match (kind.adapter(), &endpoint) {
        (Some(adapter), Some(endpoint)) => sender::models(&s.http, adapter, endpoint, name, s.settings.stall).await,
        _ => Ok(vec![sandbox::MODEL.to_owned()]),
    };
    let result = match answer {
        Ok(models) => TestResult { valid: true, error: None, models },
        Err(failure) => {
            let said = failure.said.as_deref().map_or_else(String::new, |words| format!(" “{words}”"));
            let error = format!("{failure}{said} {}", failure.remedy());
            TestResult { valid: false, error: Some(error), models: Vec::new() }
        }
    };
    let mut tx = s.db.tenant(actor).await?;
    if store::set_checked(&mut tx, &stored, result.error.as_deref()).await? {
        note(&mut tx, "ai_provider.tested", &stored.provider, json!({ "valid": result.valid }));
    }
    tx.commit().await?;
    Ok(result)
}

/// What an agent runs on.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The agent's own provider, or the workspace's default.
    pub provider: Provider,
    /// Where its requests go; the sandbox sends none.
    pub endpoint: Option<Endpoint>,
}

impl Resolved {
    /// Asks for a streamed answer.
    pub async fn stream(&self, s: &Services, request: &ChatRequest) -> Result<ModelStream, Failure> {
        match (self.provider.provider.adapter(), &self.endpoint) {
            (Some(adapter), Some(endpoint)) => {
                let patience = Patience::of(s.settings.stall);
                sender::stream(&s.http, adapter, endpoint, &self.provider.name, request, patience).await
            }
            _ => Ok(ModelStream::sandbox(request, s.settings.sandbox_pace)),
        }
    }
}

/// The provider that an agent runs on, with its key opened: for the runtime, which acts as an agent or as HYVVE itself.
pub async fn resolve(tx: &mut TenantTx, s: &Services, provider_id: Option<ProviderId>) -> Result<Resolved> {
    let question = (tx.workspace(), provider_id);
    let asked = s.resolved.ask(&question);
    let stored = store::find(tx, provider_id).await?.ok_or_else(|| match provider_id {
        Some(_) => Error::not_found("AI provider"),
        None => Error::new(
            Code::Unprocessable,
            "This workspace has no default AI provider. An owner or admin can choose one in Settings → AI providers.",
        ),
    })?;
    let endpoint = keys::open(tx, s, &stored).await?;
    let resolved = Resolved { provider: stored.provider, endpoint };
    s.resolved.put(question, asked, resolved.clone()).await;
    Ok(resolved)
}

/// The same where a run was driven on it within the last second. A key opened so lately is still the key for the address
/// that it is kept with.
pub async fn resolved_lately(
    s: &Services,
    workspace: WorkspaceId,
    provider_id: Option<ProviderId>,
) -> Option<Resolved> {
    s.resolved.get(&(workspace, provider_id)).await
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
        created_at: Timestamp::now(),
    };
    store::insert(tx, &provider, None).await?;
    note(tx, "ai_provider.created", &provider, facts(&provider));
    Ok(provider.id)
}

async fn found(tx: &mut TenantTx, id: ProviderId) -> Result<Stored> {
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
    })
}

fn note(tx: &mut TenantTx, action: &'static str, provider: &Provider, details: Value) {
    tx.audit(Entry::new(action, SUBJECT, provider.id.0).details(details));
    tx.emit(Draft::new("ai_provider.changed", SUBJECT, provider.id.0, json!({ "action": action })));
}
