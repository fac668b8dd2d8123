//! What the mailbox page asks the server.

use hyvve_domain::{Page, mail::Mail};
use leptos::prelude::*;

use crate::ApiError;
#[cfg(feature = "ssr")]
use crate::{context, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::{PageRequest, mail::service};

/// A page of mails, newest first.
#[server(prefix = "/_fn", endpoint = "mailbox/list", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn list_mails(
    /// Which page, from 1.
    page: Option<i64>,
) -> Result<Page<Mail>, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::list(&services, &actor, PageRequest::new(page, None)).await
    })
    .await
}
