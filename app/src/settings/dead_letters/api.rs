//! What the forms of Settings → Events → Dead letters do.

use hyvve_domain::{events::dead_letters::service, ids::DeadLetterId};
use leptos::prelude::*;

use super::page::HERE;
use crate::{
    ApiError, context,
    forms::{answer, done_at, page_before},
};

/// Has an event tried again.
#[server(prefix = "/_fn", endpoint = "dead-letters/requeue", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn requeue_dead_letter(
    /// Which one.
    id: DeadLetterId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        service::requeue(&services, &actor, id).await?;
        done_at(&list()?, "It is tried again. If that works, it is gone from here.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Gives an event up.
#[server(prefix = "/_fn", endpoint = "dead-letters/discard", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn discard_dead_letter(
    /// Which one.
    id: DeadLetterId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        service::discard(&services, &actor, id).await?;
        done_at(&list()?, "Discarded.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// The list, whether the form stood there or on the page of one, who may be gone in a moment.
fn list() -> Result<String, ApiError> {
    let page = page_before(&context::parts()?.headers);
    Ok(page.split_once(HERE).map_or_else(|| "/".to_owned(), |(workspace, _)| format!("{workspace}{HERE}")))
}
