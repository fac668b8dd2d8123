//! What the forms of Settings → General do.

use hyvve_domain::{
    ids::WorkspaceId,
    workspaces::{WorkspaceChanges, members, service},
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, answer_with, go_on, tell},
};

/// Changes the workspace, and goes on to where it is then.
#[server(prefix = "/_fn", endpoint = "workspace/change", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn change_workspace(
    /// Its name for people.
    name: String,
    /// Its name in addresses.
    slug: String,
    /// IANA time zone of its days.
    timezone: String,
) -> Result<(), ApiError> {
    let typed = [("name", &name), ("slug", &slug), ("timezone", &timezone)];
    answer_with(typed.map(|(field, text)| (field, text.clone())).to_vec(), async move {
        let (services, actor) = context::actor().await?;
        let changes = WorkspaceChanges {
            name: Some(name),
            slug: Some(slug),
            timezone: Some(timezone.trim().to_owned()),
            ..WorkspaceChanges::default()
        };
        let now = service::update(&services, &actor, changes).await?;
        tell(vec![("done", "Saved.".to_owned())]);
        go_on(&format!("/w/{}/settings/general", now.slug));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Deletes the workspace, once its name was typed.
#[server(prefix = "/_fn", endpoint = "workspace/delete", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn delete_workspace(
    /// Its name, as the owner typed it.
    confirm: String,
) -> Result<(), ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::delete(&services, &actor, Some(&confirm)).await?;
        go_on("/account/workspaces");
        Ok::<_, ApiError>(())
    })
    .await
}

/// The person leaves the workspace.
#[server(prefix = "/_fn", endpoint = "workspace/leave", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn leave_workspace() -> Result<(), ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        members::leave(&services, &actor).await?;
        go_on("/account/workspaces");
        Ok::<_, ApiError>(())
    })
    .await
}

/// Makes a workspace, and goes there.
#[server(prefix = "/_fn", endpoint = "workspace/create")]
pub async fn create_workspace(
    /// Its name for people.
    name: String,
) -> Result<(), ApiError> {
    answer_with(vec![("name", name.clone())], async move {
        let (request, user) = context::person()?;
        let made = service::create(&request.services, user.id, &name).await?;
        go_on(&format!("/w/{}", made.slug));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Has a deleted workspace back, and goes there.
#[server(prefix = "/_fn", endpoint = "workspace/restore")]
pub async fn restore_workspace(
    /// Which one.
    id: WorkspaceId,
) -> Result<(), ApiError> {
    answer(async {
        let (request, user) = context::person()?;
        let back = service::restore(&request.services, user.id, id).await?;
        go_on(&format!("/w/{}", back.slug));
        Ok::<_, ApiError>(())
    })
    .await
}
