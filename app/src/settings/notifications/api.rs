//! What the forms of Settings → Notifications do.

use std::collections::BTreeMap;

use hyvve_domain::{
    ids::WebhookId,
    notifications::{Changes, Channels, Digest, Kind, Mail, hook, settings},
    webhooks::buttons::service as buttons,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    ApiError, context,
    forms::{answer, answer_with, done_at, page_before},
};

/// The ways of one kind, as a form sends them: what is not ticked is not sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ways {
    /// In the list.
    #[serde(default)]
    pub in_app: bool,
    /// By mail.
    pub mail: Mail,
    /// At the person's webhook.
    #[serde(default)]
    pub webhook: bool,
}

/// Changes what one is told of, and how.
#[server(prefix = "/_fn", endpoint = "notifications/choose", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn choose_notifications(
    /// The ways of each kind, by its word.
    channels: BTreeMap<String, Ways>,
    /// How often the digest comes.
    digest: Digest,
    /// The hour of a daily one.
    digest_hour: i16,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let ways = |Ways { in_app, mail, webhook }| Channels { in_app, mail, webhook };
        let known = |(kind, chosen): (String, Ways)| Some((Kind::parse(&kind)?, ways(chosen)));
        let channels = channels.into_iter().filter_map(known).collect();
        let changes = Changes { channels, digest: Some(digest), digest_hour: Some(digest_hour) };
        settings::change(&services, &actor, changes).await?;
        done_at(&page_before(&context::parts()?.headers), "Saved.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Keeps the address of one's webhook, once a first message got through.
#[server(prefix = "/_fn", endpoint = "notifications/set-webhook", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn set_own_webhook(
    /// The address; it is a credential, so it does not come back to the page.
    url: String,
) -> Result<(), ApiError> {
    answer_with(Vec::new(), async move {
        let (services, actor) = context::actor().await?;
        hook::set(&services, &actor, &url).await?;
        done_at(
            &page_before(&context::parts()?.headers),
            "A first message got through. HYVVE tells you there from now on.".to_owned(),
        );
        Ok::<_, ApiError>(())
    })
    .await
}

/// Connects the person with the user of Slack whom a link was sent to.
#[server(prefix = "/_fn", endpoint = "notifications/connect-channel", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn connect_channel(
    /// The secret of the link.
    token: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let who = buttons::connect(&services, &actor, &token).await?;
        let done = format!("{} of Slack decides as you from now on.", who.slack_name);
        done_at(&page_before(&context::parts()?.headers), done);
        Ok::<_, ApiError>(())
    })
    .await
}

/// Ends that.
#[server(prefix = "/_fn", endpoint = "notifications/disconnect-channel", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn disconnect_channel(
    /// In which channel's Slack.
    id: WebhookId,
    /// Which user of Slack.
    slack_user: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        buttons::disconnect(&services, &actor, id, &slack_user).await?;
        done_at(&page_before(&context::parts()?.headers), "Disconnected.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Forgets it.
#[server(prefix = "/_fn", endpoint = "notifications/remove-webhook", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn remove_own_webhook() -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        hook::remove(&services, &actor).await?;
        done_at(&page_before(&context::parts()?.headers), "Removed.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}
