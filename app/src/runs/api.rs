//! What one can ask of a run.

use hyvve_domain::ids::RunId;
use leptos::prelude::*;

use crate::ApiError;
#[cfg(feature = "ssr")]
use crate::{context, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::agents::service;

/// Ends a run.
#[server(prefix = "/_fn", endpoint = "runs/cancel", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn cancel_run(
    /// Which one.
    id: RunId,
) -> Result<(), ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::cancel(&services, &actor, id).await.map(drop)
    })
    .await
}
