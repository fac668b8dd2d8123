//! Server functions of the approvals.

use hyvve_domain::{
    Page,
    approvals::{Detail, Item, Verdict},
    ids::ApprovalId,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::address::Tab;
use crate::{
    ApiError,
    client::{InWorkspace, Json},
};
#[cfg(feature = "ssr")]
use crate::{context::actor, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::{
    PageRequest, Timestamp,
    approvals::{Decide, EffectState, service},
};

/// An approval as it stands, and how long it can still be undone: the browser's clock may be wrong, the server's counts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// The approval.
    pub detail: Detail,
    /// Milliseconds in which Undo is possible; 0 when it is not.
    pub undo_ms: i64,
}

#[cfg(feature = "ssr")]
impl From<Detail> for Shown {
    fn from(detail: Detail) -> Self {
        let intended = detail.effect_detail.as_ref().filter(|effect| effect.state == EffectState::Intended);
        let left =
            |effect: &hyvve_domain::approvals::Effect| effect.not_before.unix_millis() - Timestamp::now().unix_millis();
        let undo_ms = intended.filter(|_| detail.blocked.is_none()).map_or(0, left).max(0);
        Self { detail, undo_ms }
    }
}

/// A page of the queue.
#[server(prefix = "/_fn", endpoint = "approvals/list", client = InWorkspace, output = Json)]
pub async fn list_approvals(
    /// Which ones.
    tab: Tab,
    /// Which page, from 1.
    page: i64,
) -> Result<Page<Item>, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        service::list(&services, &actor, &tab.filter(), PageRequest::new(Some(page), None)).await
    })
    .await
}

/// One approval.
#[server(prefix = "/_fn", endpoint = "approvals/get", client = InWorkspace, output = Json)]
pub async fn get_approval(
    /// Which one.
    id: ApprovalId,
) -> Result<Shown, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        service::get(&services, &actor, id).await.map(Shown::from)
    })
    .await
}

/// Decides: the browser's way to the one door.
#[server(prefix = "/_fn", endpoint = "approvals/decide", client = InWorkspace, output = Json)]
pub async fn decide_approval(
    /// Which one.
    id: ApprovalId,
    /// Yes or no.
    verdict: Verdict,
    /// A note, or the reason of a rejection.
    #[server(default)]
    note: String,
    /// The hash that was shown.
    hash: String,
) -> Result<Shown, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        let note = Some(note).filter(|note| !note.trim().is_empty());
        let decision = Decide { verdict, note, hash: Some(hash), interactive: true };
        service::decide(&services, &actor, id, decision).await.map(Shown::from)
    })
    .await
}

/// Says what became of an effect whose outcome was not known.
#[server(prefix = "/_fn", endpoint = "approvals/settle", client = InWorkspace, output = Json)]
pub async fn settle_approval(
    /// Which one.
    id: ApprovalId,
    /// Whether it happened.
    happened: bool,
    /// How one knows.
    #[server(default)]
    note: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        service::settle(&services, &actor, id, happened, Some(note)).await.map(drop)
    })
    .await
}

/// Takes an approval back before its effect begins.
#[server(prefix = "/_fn", endpoint = "approvals/undo", client = InWorkspace, output = Json)]
pub async fn undo_approval(
    /// Which one.
    id: ApprovalId,
) -> Result<Shown, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        service::withdraw(&services, &actor, id).await.map(Shown::from)
    })
    .await
}
