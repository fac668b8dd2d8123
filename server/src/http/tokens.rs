//! Access tokens: minting one from a session, and the keys that anyone checks them with.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Error,
    auth::access_tokens::{self, keys::published},
    workspaces::service::Named,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    asking::{Anyone, Person},
    reply::Answer,
    state::AppState,
};

/// As better-auth answers.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Minted {
    token: String,
}

/// `GET /api/auth/token`: for the workspace that the call names, or the one used last. It takes a session: a token cannot mint
/// another.
pub(crate) async fn mint(asking: Person, Anyone(context): Anyone) -> Answer<Json<Minted>> {
    let signed_in = asking.signed_in.clone();
    let last = signed_in.session.active_organization_id.map(Named::Id);
    let workspace = context.workspace.or(last).ok_or_else(|| {
        Error::invalid("X-Workspace-Id", "required", "Name a workspace: its id in the header X-Workspace-Id.")
    })?;
    let member = asking.enter(&workspace).await?;
    Ok(Json(Minted { token: access_tokens::mint(&member.services, &signed_in, &member.actor).await? }))
}

/// `GET /.well-known/jwks.json`, and `/api/auth/jwks`, where better-auth's clients look: for anyone, to be kept for a while.
pub(crate) async fn keys(State(AppState { services, .. }): State<AppState>) -> Answer<Response> {
    let (set, kept) = published(&services).await?;
    let kept = format!("public, max-age={}", kept.as_secs());
    let kept = HeaderValue::try_from(kept).map_err(Error::internal)?;
    Ok(([(header::CACHE_CONTROL, kept)], Json(set)).into_response())
}
