//! What the forms of Settings → AI providers do.

use hyvve_domain::{
    Error,
    ids::ProviderId,
    providers::{
        ApiKey, FallbackChoice, Kind, NewProvider, ProviderChanges, TestResult,
        fallbacks::{self, Move},
        models::{self, Search},
        service,
    },
    workspaces::openness::{self, OpennessChanges},
};
use leptos::prelude::*;

use super::CHOOSE;
use crate::{
    ApiError, context,
    forms::{self, TOLD_MAX, answer, answer_with},
    ui::counted,
};

/// Adds a provider that takes its key, with a model to begin with; the page that shows next lets one choose another.
#[server(prefix = "/_fn", endpoint = "ai-providers/add", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn add_provider(
    /// Whose format it speaks.
    provider: Kind,
    /// What the workspace calls it; empty for what its kind, or its server, is called.
    #[server(default)]
    name: String,
    /// Where requests go; empty for the kind's own address.
    base_url: String,
    /// The key; empty for none.
    api_key: ApiKey,
    /// The model that agents use unless they name one; empty for a sensible one of those that it lists.
    #[server(default)]
    default_model: String,
    /// Agents without a provider of their own use it from now on.
    #[server(default)]
    make_default: bool,
) -> Result<(), ApiError> {
    let typed = vec![("name", name.clone()), ("base_url", base_url.clone()), ("default_model", default_model.clone())];
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let new = NewProvider {
            provider,
            name: filled(name),
            base_url: filled(base_url),
            api_key: Some(api_key),
            default_model: filled(default_model),
            make_default,
        };
        let added = service::create(&services, &actor, new).await?;
        forms::go_on(&format!("{}?{CHOOSE}={}", forms::page_before(&context::parts()?.headers), added.id));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Changes a provider; a new base URL needs the key again.
#[server(prefix = "/_fn", endpoint = "ai-providers/change", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn change_provider(
    /// Which one.
    id: ProviderId,
    /// What the workspace calls it.
    name: String,
    /// Where requests go; empty where that stays as it is.
    #[server(default)]
    base_url: String,
    /// Another key; empty keeps the stored one.
    #[server(default)]
    api_key: ApiKey,
    /// The model that agents use unless they name one.
    default_model: String,
    /// Agents without a provider of their own use it from now on.
    #[server(default)]
    make_default: bool,
) -> Result<(), ApiError> {
    let typed = vec![("name", name.clone()), ("base_url", base_url.clone()), ("default_model", default_model.clone())];
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let changes = ProviderChanges {
            name: Some(name),
            base_url: filled(base_url),
            api_key: Some(api_key),
            default_model: Some(default_model),
            make_default,
            ..ProviderChanges::default()
        };
        service::update(&services, &actor, id, changes).await?;
        forms::leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Says how many calls a provider's key allows.
#[server(prefix = "/_fn", endpoint = "ai-providers/pace", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn set_pace(
    /// Whose key.
    id: ProviderId,
    /// Calls that go on at once; empty for as many as come.
    #[server(default)]
    max_at_once: String,
    /// Calls that begin in a minute; likewise.
    #[server(default)]
    max_per_minute: String,
) -> Result<(), ApiError> {
    let typed = vec![("max_at_once", max_at_once.clone()), ("max_per_minute", max_per_minute.clone())];
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let changes = ProviderChanges {
            max_at_once: Some(calls("maxAtOnce", &max_at_once)?),
            max_per_minute: Some(calls("maxPerMinute", &max_per_minute)?),
            ..ProviderChanges::default()
        };
        service::update(&services, &actor, id, changes).await?;
        forms::leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Removes a provider with its key.
#[server(prefix = "/_fn", endpoint = "ai-providers/delete", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn delete_provider(
    /// Which one.
    id: ProviderId,
) -> Result<(), ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::delete(&services, &actor, id).await?;
        forms::leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Tries a provider's key and lists its models; the page that shows next says what came of it.
#[server(prefix = "/_fn", endpoint = "ai-providers/test", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn test_provider(
    /// Which one.
    id: ProviderId,
) -> Result<TestResult, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        let result = service::test(&services, &actor, id).await?;
        if result.valid {
            forms::tell(vec![("tested", id.to_string()), ("models", named(&result.models))]);
        }
        forms::leave_form();
        Ok::<_, ApiError>(result)
    })
    .await
}

/// Names one more who is asked when a provider gives no answer.
#[server(prefix = "/_fn", endpoint = "ai-providers/add-fallback", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn add_fallback(
    /// Which provider.
    provider_id: ProviderId,
    /// Which model; empty for the provider's default.
    #[server(default)]
    fallback_model: String,
) -> Result<(), ApiError> {
    let typed = vec![("provider_id", provider_id.to_string()), ("fallback_model", fallback_model.clone())];
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let one = FallbackChoice { provider_id, model: filled(fallback_model) };
        fallbacks::add(&services, &actor, one).await?;
        forms::leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Moves one of them, or removes it.
#[server(prefix = "/_fn", endpoint = "ai-providers/arrange-fallback", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn arrange_fallback(
    /// Where it stands, from 0.
    position: usize,
    /// Which provider stands there.
    provider_id: ProviderId,
    /// Which model; empty for the provider's default.
    #[server(default)]
    model: String,
    /// `up`, `down`, `remove`, or the place that it goes to, from 0.
    to: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let goes = match to.as_str() {
            "up" => Some(Move::Up),
            "down" => Some(Move::Down),
            "remove" => Some(Move::Away),
            place => place.parse().ok().map(Move::To),
        };
        let goes = goes.ok_or_else(|| Error::invalid("to", "known", "It goes up, down, to a place, or away."))?;
        let one = FallbackChoice { provider_id, model: filled(model) };
        fallbacks::arrange(&services, &actor, position, one, goes).await?;
        forms::leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Asks a provider for its models again; the page that the button stands on shows them.
#[server(prefix = "/_fn", endpoint = "ai-providers/models", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn read_models(
    /// Whose.
    id: ProviderId,
) -> Result<(), ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        models::list(&services, &actor, id, Search { fresh: true, ..Search::default() }).await?;
        forms::stay();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Lets spans of model calls say what was said, or not any more.
#[server(prefix = "/_fn", endpoint = "workspace/traces", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn trace_content(
    /// They say it.
    content: bool,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let changes = OpennessChanges { content_in_traces: Some(content), ..OpennessChanges::default() };
        openness::change(&services, &actor, changes).await?;
        forms::leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// So many calls; nothing for as many as come.
fn calls(field: &str, text: &str) -> Result<Option<i32>, Error> {
    let number = |text: &str| {
        text.parse().map_err(|_| Error::invalid(field, "number", "Please enter a whole number, or nothing."))
    };
    Some(text.trim()).filter(|text| !text.is_empty()).map(number).transpose()
}

/// How many there are and, as far as a cookie holds them, which.
fn named(names: &[String]) -> String {
    let mut text = counted(names.len() as u64, "model");
    for (index, name) in names.iter().enumerate() {
        let joint = if index == 0 { ": " } else { ", " };
        if text.len() + joint.len() + name.len() > TOLD_MAX {
            text.push('…');
            break;
        }
        text.push_str(joint);
        text.push_str(name);
    }
    text
}

fn filled(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}
