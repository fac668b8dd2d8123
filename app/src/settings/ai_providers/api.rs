//! What Settings → AI providers asks the server.

use hyvve_domain::{
    ids::ProviderId,
    providers::{ApiKey, Provider, TestResult},
};
use leptos::prelude::*;

use crate::ApiError;
#[cfg(feature = "ssr")]
use crate::{
    context,
    forms::{self, answer, answer_with},
};
#[cfg(feature = "ssr")]
use hyvve_domain::providers::{Kind, NewProvider, ProviderChanges, service};

/// All providers of the workspace.
#[server(prefix = "/_fn", endpoint = "ai-providers/list", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn list_providers() -> Result<Vec<Provider>, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::list(&services, &actor).await
    })
    .await
}

/// Adds a provider.
#[server(prefix = "/_fn", endpoint = "ai-providers/add", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn add_provider(
    /// What the workspace calls it.
    name: String,
    /// Where requests go.
    base_url: String,
    /// The key; empty for none.
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
        let new = NewProvider {
            provider: Kind::OpenaiCompatible,
            name: filled(name),
            base_url: Some(base_url),
            api_key: Some(api_key),
            default_model,
            make_default,
        };
        service::create(&services, &actor, new).await?;
        forms::leave_form();
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
    /// Where requests go.
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

/// Tries a provider's key and lists its models.
#[server(prefix = "/_fn", endpoint = "ai-providers/test", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn test_provider(
    /// Which one.
    id: ProviderId,
) -> Result<TestResult, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::test(&services, &actor, id).await
    })
    .await
}

#[cfg(feature = "ssr")]
fn filled(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}
