//! What the chat asks the server about agents.

use hyvve_domain::agents::Agent;
use leptos::prelude::*;

use crate::ApiError;
#[cfg(feature = "ssr")]
use crate::{context, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::agents::service;

/// All agents of the workspace.
#[server(prefix = "/_fn", endpoint = "agents/list", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn list_agents() -> Result<Vec<Agent>, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::agents(&services, &actor).await
    })
    .await
}
