//! What the buttons on an invitation do.

use hyvve_domain::{
    Error,
    auth::sessions::Token,
    ids::InvitationId,
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

/// How a form names an invitation.
enum Named {
    Link(Token),
    Id(InvitationId),
}

impl Named {
    fn parse(text: &str) -> Result<Self, ApiError> {
        Ok(match text.parse() {
            Ok(id) => Self::Id(id),
            Err(_) => Self::Link(parse(text)?),
        })
    }

    const fn key(&self) -> Key<'_> {
        match self {
            Self::Link(token) => Key::Link(token),
            Self::Id(id) => Key::Id(*id),
        }
    }
}

/// Joins the workspace, and goes there.
#[server(prefix = "/_fn", endpoint = "invitation/accept")]
pub async fn accept_invitation(
    /// The secret of its link, or its id when it waits for an address that was proved.
    invitation: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (request, user) = context::person()?;
        let named = Named::parse(&invitation)?;
        let joined = invitations::accept(&request.services, &user, named.key()).await?;
        let slug = invitations::slug_of(&request.services, joined.workspace_id).await?;
        go_on(&format!("/w/{slug}"));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Declines.
#[server(prefix = "/_fn", endpoint = "invitation/reject")]
pub async fn reject_invitation(
    /// The secret of its link, or its id when it waits for an address that was proved.
    invitation: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (request, user) = context::person()?;
        invitations::reject(&request.services, &user, Named::parse(&invitation)?.key()).await?;
        go_on("/");
        Ok::<_, ApiError>(())
    })
    .await
}
