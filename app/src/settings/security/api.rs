//! What the forms of Settings → Security does.

use hyvve_domain::workspaces::{
    openness::{self, OpennessChanges},
    security,
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, answer_with, leave_form, tell},
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

/// Lists the hosts that agents may ask.
#[server(prefix = "/_fn", endpoint = "workspace/request-hosts", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn list_request_hosts(
    /// Each in a line, or with commas between them.
    #[server(default)]
    hosts: String,
) -> Result<(), ApiError> {
    answer_with(vec![("requestHosts", hosts.clone())], async move {
        let (services, actor) = context::actor().await?;
        let listed = hosts.split([',', '\n']).map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned);
        let changes = OpennessChanges { request_hosts: Some(listed.collect()), ..OpennessChanges::default() };
        let now = openness::change(&services, &actor, changes).await?;
        let done =
            if now.request_hosts.is_empty() { "Agents ask no host any more." } else { "Agents may ask these hosts." };
        tell(vec![("done", done.to_owned())]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}
