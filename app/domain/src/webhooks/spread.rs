//! Events become deliveries, endpoint by endpoint.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Format, buttons,
    deliveries_store::{self as deliveries, New},
    store,
};
use crate::{
    Actor, Error, Result, Timestamp, approvals,
    db::TenantTx,
    events::Event,
    hidden::is_hidden,
    ids::{WebhookId, WorkspaceId},
    notifications::slack,
    services::Services,
    workspaces,
};

/// How many events one transaction tells one endpoint of.
const BATCH: i64 = 200;
/// The most characters of what would run that a message has room for; Slack takes 3,000 in one block.
const WHOLE: usize = 2_500;
/// How many endpoints one look is about.
const ENDPOINTS: i64 = 100;

/// What a webhook is sent.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Delivery")]
pub(crate) struct Body<'a> {
    /// The event’s id, the same on every try and in every replay.
    pub(super) id: Uuid,
    /// The event’s type.
    #[serde(rename = "type")]
    pub(super) name: &'a str,
    /// How the payload reads, from 1.
    pub(super) version: i16,
    /// When it happened.
    pub(super) timestamp: Timestamp,
    /// The workspace that it happened in.
    pub(super) workspace_id: WorkspaceId,
    /// The event itself.
    pub(super) data: Data<'a>,
}

/// The event itself, in the words in which a browser hears of it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeliveryData")]
pub(crate) struct Data<'a> {
    /// The event’s number in the workspace, from 1; null for a test.
    pub(super) seq: Option<i64>,
    /// What kind of thing it is about.
    pub(super) subject_kind: &'a str,
    /// Which one.
    pub(super) subject_id: Option<Uuid>,
    /// Facts, as the event’s type and version have them.
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub(super) payload: &'a Value,
}

impl Body<'_> {
    /// The bytes that are signed.
    pub(super) fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

/// Makes deliveries of what endpoints have not been told of; answers whether there may be more.
pub(super) async fn spread(s: &Services) -> Result<bool> {
    let mut tx = s.db.system("endpoints that have not been told of all events").await?;
    let behind = store::behind(&mut tx, ENDPOINTS).await?;
    drop(tx);
    let (mut more, mut troubled) = (behind.len() as i64 == ENDPOINTS, false);
    for (workspace, endpoint) in behind {
        // One workspace's trouble keeps no other from hearing.
        match tell(s, workspace, endpoint).await {
            Ok(whole) => more |= !whole,
            Err(error) => {
                troubled = true;
                tracing::warn!(webhook = %endpoint, workspace_id = %workspace, error.message = %error, "events did not become deliveries; trying again");
            }
        }
    }
    Ok(more && !troubled)
}

/// Tells one endpoint of the next events; answers whether these were all.
async fn tell(s: &Services, workspace: WorkspaceId, endpoint: WebhookId) -> Result<bool> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    let Some(listener) = deliveries::listener(&mut tx, endpoint).await? else { return Ok(true) };
    let events = deliveries::events_after(&mut tx, listener.told_seq, BATCH).await?;
    let Some(last) = events.last().map(|event| event.seq) else { return Ok(true) };
    let passing = events.iter().filter(|event| listener.hears(event));
    let new = match listener.format {
        Format::Events => of(workspace, passing)?,
        Format::Slack => in_words(&mut tx, s, passing, listener.takes_answers).await?,
    };
    deliveries::spread(&mut tx, endpoint, &new, last).await?;
    tx.commit().await?;
    Ok((events.len() as i64) < BATCH)
}

/// Approvals that wait, in words: what is asked for, by whom, how it scored, and where one decides.
async fn in_words<'e>(
    tx: &mut TenantTx,
    s: &Services,
    events: impl Iterator<Item = &'e Event>,
    takes_answers: bool,
) -> Result<New> {
    let by_subject: HashMap<Uuid, &Event> = events
        .filter(|event| event.payload["review"] != "auto")
        .filter_map(|event| Some((event.subject_id?, event)))
        .collect();
    let mut new = New::default();
    if by_subject.is_empty() {
        return Ok(new);
    }
    let here = workspaces::service::of(tx).await?;
    let ids: Vec<Uuid> = by_subject.keys().copied().collect();
    for item in approvals::service::items(tx, &ids).await?.iter().rev() {
        let Some(event) = by_subject.get(&item.id.0) else { continue };
        let card = format!("{}/w/{}/approvals/{}", s.settings.public_url, here.slug, item.id);
        let score = item.score.map_or_else(|| "no score yet".to_owned(), |score| format!("score {score:.0}"));
        let lines = [format!("Proposed by {}", item.proposer), score, here.name.clone()];
        let question = if takes_answers { asked(tx, item).await? } else { None };
        new.push(event, slack::with_buttons(&item.title, &lines, Some(("Open the card", &card)), question));
    }
    Ok(new)
}

/// The question that buttons answer, where a message has room for all of what would run. What has more to it, or hides something,
/// is decided on its card: nobody says yes to what a message leaves out. What was decided meanwhile has no buttons, and neither has
/// what is stored otherwise than it was proposed: the channel still hears of all else.
async fn asked(tx: &mut TenantTx, item: &approvals::Item) -> Result<Option<slack::Question>> {
    if item.status != approvals::Status::Pending {
        return Ok(None);
    }
    let Ok(proposal) = approvals::service::proposal(tx, item.id).await else { return Ok(None) };
    let whole = serde_json::to_string_pretty(&proposal.arguments).map_err(Error::internal)?;
    let fits = whole.chars().count() <= WHOLE && !whole.chars().any(is_hidden) && proposal.attachments.is_empty();
    Ok(fits.then(|| slack::Question { whole, buttons: buttons::service::of_message(item) }))
}

fn of<'e>(workspace: WorkspaceId, events: impl Iterator<Item = &'e Event>) -> Result<New> {
    let mut new = New::default();
    for event in events {
        let data = Data {
            seq: Some(event.seq),
            subject_kind: &event.subject_kind,
            subject_id: event.subject_id,
            payload: &event.payload,
        };
        let body = Body {
            id: event.id,
            name: &event.name,
            version: event.version,
            timestamp: event.created_at,
            workspace_id: workspace,
            data,
        };
        new.push(event, body.text()?);
    }
    Ok(new)
}
