//! What the forms on an agent's page do.

use hyvve_domain::{
    Error,
    agents::{AgentChanges, output, settings},
    ids::AgentId,
};
use leptos::prelude::*;

use super::answers;
use crate::{ApiError, context, forms};

/// Chooses whose AI an agent runs on, and which model.
#[server(prefix = "/_fn", endpoint = "agents/change", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn change_agent(
    /// Which agent.
    id: AgentId,
    /// Whose AI; empty for the workspace's default.
    #[server(default)]
    provider: String,
    /// Which model; empty for the provider's own.
    #[server(default)]
    model: String,
    /// Others are asked when that one gives no answer.
    #[server(default)]
    falls_back: bool,
) -> Result<(), ApiError> {
    let mut typed = vec![("provider", provider.clone()), ("model", model.clone())];
    typed.extend(falls_back.then(|| ("falls_back", "1".to_owned())));
    forms::answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let provider = match provider.trim() {
            "" => None,
            id => Some(id.parse().map_err(|_| Error::not_found("AI provider"))?),
        };
        let model = Some(model).filter(|model| !model.trim().is_empty());
        let changes = AgentChanges {
            provider_id: Some(provider),
            model: Some(model),
            falls_back: Some(falls_back),
            ..AgentChanges::default()
        };
        settings::change(&services, &actor, id, changes).await?;
        forms::leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Chooses the form of an agent's answers.
#[server(prefix = "/_fn", endpoint = "agents/answers", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn change_answers(
    /// Which agent.
    id: AgentId,
    /// A JSON Schema; empty for answers in words.
    #[server(default)]
    output_schema: String,
) -> Result<(), ApiError> {
    let kept = vec![(answers::FIELD.to_owned(), answers::kept(&output_schema))];
    forms::answer_keeping(kept, async move {
        let (services, actor) = context::actor().await?;
        let schema = match output_schema.trim() {
            "" => None,
            text => Some(output::read("outputSchema", text)?),
        };
        let changes = AgentChanges { output_schema: Some(schema), ..AgentChanges::default() };
        settings::change(&services, &actor, id, changes).await?;
        forms::leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}
