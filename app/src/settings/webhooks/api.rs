//! What the forms of Settings → Webhooks do.

use std::time::Duration;

use hyvve_domain::{
    Timestamp,
    events::filter::split,
    ids::{WebhookDeliveryId, WebhookId},
    webhooks::{Changes, Format, NewEndpoint, State, service},
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, answer_with, done_at, go_on, page_before, stay, tell},
    ui::counted,
};

/// Adds an endpoint; its page, which shows next, has its secret, once.
#[server(prefix = "/_fn", endpoint = "webhooks/add", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn add_webhook(
    /// Where events are sent.
    url: String,
    /// What it is for.
    #[server(default)]
    description: String,
    /// Types of events, or beginnings of such, between spaces or commas; empty for all.
    #[server(default)]
    events: String,
    /// In which words it is told.
    #[server(default)]
    format: Format,
) -> Result<(), ApiError> {
    let mut typed = vec![("description", description.clone()), ("events", events.clone())];
    typed.push(("format", format.as_str().to_owned()));
    // An address that is a credential does not travel back.
    if format == Format::Events {
        typed.push(("url", url.clone()));
    }
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let new = NewEndpoint { url, format, description, events: split(&events) };
        let (made, secret) = service::create(&services, &actor, new).await?;
        tell(vec![("secret", secret.expose().to_owned())]);
        go_on(&format!("{}/{}", page_before(&context::parts()?.headers), made.id));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Changes where an endpoint is, what it is for, and what it hears of.
#[server(prefix = "/_fn", endpoint = "webhooks/change", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn change_webhook(
    /// Which one.
    id: WebhookId,
    /// Where events are sent; empty: there, as before, where the address is a credential.
    #[server(default)]
    url: String,
    /// What it is for.
    #[server(default)]
    description: String,
    /// Types of events, or beginnings of such, between spaces or commas; empty for all.
    #[server(default)]
    events: String,
    /// Whether it is asked which events at all: an empty field of a form looks like one that is not there.
    #[server(default)]
    filtered: bool,
) -> Result<(), ApiError> {
    let mut typed = vec![("description", description.clone()), ("typed", "1".to_owned())];
    if filtered {
        typed.extend([("url", url.clone()), ("events", events.clone())]);
    }
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let events = filtered.then(|| split(&events));
        let url = Some(url).filter(|url| events.is_some() || !url.is_empty());
        let changes = Changes { url, description: Some(description), events, ..Changes::default() };
        service::update(&services, &actor, id, changes).await?;
        done_at(&page_before(&context::parts()?.headers), "Saved.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Keeps the signing secret of a channel's Slack app, so that messages have buttons; or forgets it.
#[server(prefix = "/_fn", endpoint = "webhooks/signing-secret", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn sign_channel(
    /// Which one.
    id: WebhookId,
    /// The secret; empty: none. It does not come back to the page.
    #[server(default)]
    secret: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let done =
            if secret.trim().is_empty() { "New messages have no buttons." } else { "New messages have buttons." };
        let changes = Changes { signing_secret: Some(secret), ..Changes::default() };
        service::update(&services, &actor, id, changes).await?;
        done_at(&page_before(&context::parts()?.headers), done.to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Enables an endpoint, or disables it.
#[server(prefix = "/_fn", endpoint = "webhooks/switch", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn switch_webhook(
    /// Which one.
    id: WebhookId,
    /// Whether it is told of events from now on.
    #[server(default)]
    enabled: bool,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let changes = Changes { enabled: Some(enabled), ..Changes::default() };
        service::update(&services, &actor, id, changes).await?;
        let done = if enabled { "It hears of what happens from now on." } else { "It hears of nothing any more." };
        done_at(&page_before(&context::parts()?.headers), done.to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Gives an endpoint another secret; the page that shows next has it, once.
#[server(prefix = "/_fn", endpoint = "webhooks/rotate", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn rotate_webhook(
    /// Which one.
    id: WebhookId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let (_, secret) = service::rotate(&services, &actor, id).await?;
        tell(vec![("secret", secret.expose().to_owned())]);
        go_on(&page_before(&context::parts()?.headers));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Removes an endpoint with its log.
#[server(prefix = "/_fn", endpoint = "webhooks/remove", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn remove_webhook(
    /// Which one.
    id: WebhookId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        service::delete(&services, &actor, id).await?;
        let page = page_before(&context::parts()?.headers);
        done_at(page.rsplit_once('/').map_or("/", |(list, _)| list), "Removed.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Sends a test, and says what came of it.
#[server(prefix = "/_fn", endpoint = "webhooks/test", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn test_webhook(
    /// Which one.
    id: WebhookId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let sent = service::test(&services, &actor, id).await?;
        let page = page_before(&context::parts()?.headers);
        if sent.state == State::Delivered {
            done_at(&page, "The test got through.".to_owned());
        } else {
            tell(vec![("failed", "The test did not get through. The log below says why.".to_owned())]);
            go_on(&page);
        }
        Ok::<_, ApiError>(())
    })
    .await
}

/// Tells an endpoint once more of what happened in the last hours.
#[server(prefix = "/_fn", endpoint = "webhooks/replay", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn replay_webhook(
    /// Which one.
    id: WebhookId,
    /// Of how many hours.
    hours: u32,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        // What is kept is younger than this.
        let since = Timestamp::now().minus(Duration::from_hours(u64::from(hours.min(24 * 31))));
        let events = service::replay(&services, &actor, id, since, Vec::new()).await?;
        let done = format!("{} sent again, with the ids of then.", verb(events));
        done_at(&page_before(&context::parts()?.headers), done);
        Ok::<_, ApiError>(())
    })
    .await
}

/// Sends a delivery once more.
#[server(prefix = "/_fn", endpoint = "webhooks/redeliver", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn redeliver_webhook(
    /// Whose.
    id: WebhookId,
    /// Which one.
    delivery: WebhookDeliveryId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        service::redeliver(&services, &actor, id, delivery).await?;
        stay();
        Ok::<_, ApiError>(())
    })
    .await
}

/// `1 event is`, `5 events are`.
pub(crate) fn verb(events: i64) -> String {
    format!("{} {}", counted(events.unsigned_abs(), "event"), if events == 1 { "is" } else { "are" })
}
