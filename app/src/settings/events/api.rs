//! What the form of Settings → Events does.

use hyvve_domain::{Error, Timestamp, events::filter::split, ids::WebhookId, webhooks::service};
use leptos::prelude::*;

use super::replay::A_DAY;
use crate::{
    ApiError, context,
    forms::{answer_with, done_at, page_before},
    settings::webhooks::api::verb,
};

/// Tells a webhook once more of what has happened, with the ids of then.
#[server(prefix = "/_fn", endpoint = "events/replay", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn replay_events(
    /// Which webhook.
    id: WebhookId,
    /// From when on, in UTC, as a browser's field for times writes it; empty for the last day.
    #[server(default)]
    since: String,
    /// Types of events, or beginnings of such, between spaces or commas; empty for all that it hears of.
    #[server(default)]
    only: String,
) -> Result<(), ApiError> {
    let typed = vec![("id", id.to_string()), ("since", since.clone()), ("only", only.clone())];
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let since = if since.is_empty() { Some(Timestamp::now().minus(A_DAY)) } else { Timestamp::from_field(&since) };
        let since =
            since.ok_or_else(|| Error::invalid("since", "isTime", "Please enter a time like 2026-11-24T09:08."))?;
        let events = service::replay(&services, &actor, id, since, split(&only)).await?;
        let done = format!("{} sent again, with the ids of then.", verb(events));
        done_at(&page_before(&context::parts()?.headers), done);
        Ok::<_, ApiError>(())
    })
    .await
}
