//! What the forms of Settings → AI providers do.

use hyvve_domain::{
    ids::ProviderId,
    providers::{ApiKey, Kind, NewProvider, ProviderChanges, TestResult, service},
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{self, TOLD_MAX, answer, answer_with},
    ui::counted,
};

/// Adds a provider.
#[server(prefix = "/_fn", endpoint = "ai-providers/add", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn add_provider(
    /// Whose format it speaks.
    provider: Kind,
    /// What the workspace calls it.
    name: String,
    /// Where requests go; empty for the kind's own address.
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
            provider,
            name: filled(name),
            base_url: filled(base_url),
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
            forms::tell(vec![("tested", id.to_string()), ("models", models(&result.models))]);
        }
        forms::leave_form();
        Ok::<_, ApiError>(result)
    })
    .await
}

/// How many there are and, as far as a cookie holds them, which.
fn models(names: &[String]) -> String {
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
