//! What the pages of agents ask the server.

use hyvve_domain::{
    agents::Agent,
    ids::AgentId,
    providers::{Kind, Provider},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ApiError;
#[cfg(feature = "ssr")]
use crate::{context, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::{agents::service, providers};

/// What an agent runs on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RunsOn {
    /// The provider's name.
    pub provider: String,
    /// The provider is the sandbox.
    pub scripted: bool,
    /// The model.
    pub model: String,
}

impl RunsOn {
    #[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "only the server knows the providers"))]
    fn of(agent: &Agent, providers: &[Provider]) -> Option<Self> {
        let named = |p: &&Provider| agent.provider_id.map_or(p.is_default, |id| p.id == id);
        let provider = providers.iter().find(named)?;
        Some(Self {
            provider: provider.name.clone(),
            scripted: provider.provider == Kind::Sandbox,
            model: agent.model.clone().unwrap_or_else(|| provider.default_model.clone()),
        })
    }
}

/// All agents of the workspace.
#[server(prefix = "/_fn", endpoint = "agents/list", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn list_agents() -> Result<Vec<Agent>, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::agents(&services, &actor).await
    })
    .await
}

/// One agent, and what it runs on where the reader may know.
#[server(prefix = "/_fn", endpoint = "agents/get", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn get_agent(
    /// Which one.
    id: AgentId,
) -> Result<(Agent, Option<RunsOn>), ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        let agent = service::agent(&services, &actor, id).await?;
        // Only owners and admins may see providers; to everyone else the agent shows without.
        let providers = providers::service::list(&services, &actor).await.unwrap_or_default();
        let on = RunsOn::of(&agent, &providers);
        Ok::<_, ApiError>((agent, on))
    })
    .await
}
