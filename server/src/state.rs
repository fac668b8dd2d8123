//! What handlers and the guard share.

use std::sync::Arc;

use axum::extract::FromRef;
use hyvve_domain::{Timestamp, services::Services};
use leptos::config::LeptosOptions;
use tokio_util::sync::CancellationToken;

use crate::config::{PublicUrl, TrustedProxies};

/// What handlers and the guard share; cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    /// What every use case stands on.
    pub(crate) services: Services,
    /// Where the browser's side is.
    pub(crate) leptos: LeptosOptions,
    /// How browsers reach the server, if that was set.
    pub(crate) public_url: Option<PublicUrl>,
    /// Whether it listens on its own machine only.
    pub(crate) is_local: bool,
    /// Whose word on where a request comes from is taken.
    pub(crate) trusted_proxies: Arc<TrustedProxies>,
    /// Cancelled when the server is to stop.
    pub(crate) stopping: CancellationToken,
    /// When the server was started.
    pub(crate) since: Timestamp,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

impl FromRef<AppState> for CancellationToken {
    fn from_ref(state: &AppState) -> Self {
        state.stopping.clone()
    }
}
