//! Invitations, as whoever is invited sees them.

use axum::response::Response;
use hyvve_domain::{
    Error,
    auth::sessions::Token,
    ids::InvitationId,
    workspaces::invitations::{self, Key},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    asking::Person,
    extract::Json,
    reply::{Answer, data},
};

/// Which one: by the secret in its link, or, for a proved address, by its id.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Which {
    token: Option<String>,
    invitation_id: Option<InvitationId>,
}

/// `GET /api/invitations`: those that wait for the asking person.
pub(crate) async fn list(asking: Person) -> Answer<Response> {
    Ok(data(invitations::waiting_for(&asking.services, &asking.signed_in.user).await?))
}

/// `POST /api/invitations/accept`
pub(crate) async fn accept(asking: Person, Json(which): Json<Which>) -> Answer<Response> {
    let token = which.token()?;
    Ok(data(invitations::accept(&asking.services, &asking.signed_in.user, which.key(token.as_ref())?).await?))
}

/// `POST /api/invitations/reject`
pub(crate) async fn reject(asking: Person, Json(which): Json<Which>) -> Answer<Response> {
    let token = which.token()?;
    Ok(data(invitations::reject(&asking.services, &asking.signed_in.user, which.key(token.as_ref())?).await?))
}

impl Which {
    /// What cannot be a link's secret is as unknown as one that is not there.
    fn token(&self) -> Result<Option<Token>, Error> {
        self.token.as_deref().map(|text| Token::parse(text).ok_or_else(|| Error::not_found("invitation"))).transpose()
    }

    fn key<'a>(&self, token: Option<&'a Token>) -> Result<Key<'a>, Error> {
        match (token, self.invitation_id) {
            (Some(token), _) => Ok(Key::Link(token)),
            (None, Some(id)) => Ok(Key::Id(id)),
            (None, None) => Err(Error::invalid("token", "required", "Name the invitation by its token or its id.")),
        }
    }
}
