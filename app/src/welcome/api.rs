//! What the forms of the first steps do that no other page does.

use hyvve_domain::workspaces::service;
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer_with, go_on},
};

/// Gives the workspace its name, and the address that goes with it.
#[server(prefix = "/_fn", endpoint = "workspace/name", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn name_workspace(
    /// Its name for people.
    name: String,
) -> Result<(), ApiError> {
    answer_with(vec![("name", name.clone())], async move {
        let (services, actor) = context::actor().await?;
        let now = service::name(&services, &actor, name).await?;
        go_on(&format!("/w/{}/welcome", now.slug));
        Ok::<_, ApiError>(())
    })
    .await
}
