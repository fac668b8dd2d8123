//! Access tokens: minting one from a session or a key, and the keys that anyone checks them with.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use hyvve_domain::{
    Error,
    auth::access_tokens::{self, keys::published},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{asking::Caller, reply::Answer, state::AppState};

/// As better-auth answers.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Minted {
    token: String,
}

/// `GET /api/auth/token`: for the workspace that the call names, or the one used last; with a key, for the key's, and for what the key
/// is for.
pub(crate) async fn mint(asking: Caller) -> Answer<Json<Minted>> {
    let (member, voucher) = asking.minting().await?;
    Ok(Json(Minted { token: access_tokens::mint(&member.services, &voucher, &member.actor).await? }))
}

/// `GET /.well-known/jwks.json`, and `/api/auth/jwks`, where better-auth's clients look: for anyone, to be kept for a while.
pub(crate) async fn keys(State(AppState { services, .. }): State<AppState>) -> Answer<Response> {
    let (set, kept) = published(&services).await?;
    let kept = format!("public, max-age={}", kept.as_secs());
    let kept = HeaderValue::try_from(kept).map_err(Error::internal)?;
    Ok(([(header::CACHE_CONTROL, kept)], Json(set)).into_response())
}
