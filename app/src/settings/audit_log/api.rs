//! What Settings → Audit log asks the server.

use hyvve_domain::audit::{Row, Verdict};
use leptos::prelude::*;

use crate::ApiError;
#[cfg(feature = "ssr")]
use crate::{context, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::audit::service;

/// Rows per page.
pub(super) const ROWS: i64 = 50;

/// Entries before a number, or the newest, newest first.
#[server(prefix = "/_fn", endpoint = "audit-log/list", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn list_entries(
    /// Older than this number; without it, the newest.
    before: Option<i64>,
) -> Result<Vec<Row>, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::list(&services, &actor, before, ROWS).await
    })
    .await
}

/// Checks the whole log.
#[server(prefix = "/_fn", endpoint = "audit-log/verify", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn verify_log() -> Result<Verdict, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::verify(&services, &actor).await
    })
    .await
}
