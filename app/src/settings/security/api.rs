//! What the form of Settings → Security does.

use hyvve_domain::workspaces::security;
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, leave_form, tell},
};

/// Asks members for a second factor, or not any more.
#[server(prefix = "/_fn", endpoint = "workspace/security", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn secure_workspace(
    /// Only sessions that have shown a second factor come in.
    required: bool,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let (_, who) = context::signed_in()?;
        security::require_second_factor(&services, &who, &actor, required).await?;
        let done =
            if required { "Two-step verification is required from now on." } else { "It is not required any more." };
        tell(vec![("done", done.to_owned())]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}
