//! What the forms of the list do.

use hyvve_domain::{ids::NotificationId, notifications::service};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, stay},
};

/// Marks one as read.
#[server(prefix = "/_fn", endpoint = "notifications/read", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn read_notification(
    /// Which one.
    id: NotificationId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        service::read(&services, &actor, id).await?;
        stay();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Marks all as read.
#[server(prefix = "/_fn", endpoint = "notifications/read-all", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn read_all_notifications() -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        service::read_all(&services, &actor).await?;
        stay();
        Ok::<_, ApiError>(())
    })
    .await
}
