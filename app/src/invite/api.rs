//! What the buttons on an invitation do.

use hyvve_domain::{
    Error,
    auth::sessions::Token,
    workspaces::invitations::{self, Key},
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, go_on},
};

/// What cannot be a link's secret is as unknown as one that is not there.
pub(super) fn parse(token: &str) -> Result<Token, ApiError> {
    Ok(Token::parse(token).ok_or_else(|| Error::not_found("invitation"))?)
}

/// Joins the workspace, and goes there.
#[server(prefix = "/_fn", endpoint = "invitation/accept")]
pub async fn accept_invitation(
    /// From the link.
    token: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (request, user) = context::person()?;
        let joined = invitations::accept(&request.services, &user, Key::Link(&parse(&token)?)).await?;
        let slug = invitations::slug_of(&request.services, joined.workspace_id).await?;
        go_on(&format!("/w/{slug}"));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Declines.
#[server(prefix = "/_fn", endpoint = "invitation/reject")]
pub async fn reject_invitation(
    /// From the link.
    token: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (request, user) = context::person()?;
        invitations::reject(&request.services, &user, Key::Link(&parse(&token)?)).await?;
        go_on("/");
        Ok::<_, ApiError>(())
    })
    .await
}
