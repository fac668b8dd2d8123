//! Server functions of the approvals.

use hyvve_domain::{
    Page,
    approvals::{Detail, Item, Verdict, bulk::Outcome, quorum::Agreement},
    ids::{ApprovalId, FilterId, UserId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    address::Tab,
    edit::{Editor, TypedValue},
    narrow::{Choices, Narrowed},
};
#[cfg(feature = "ssr")]
use super::{asking, editor, groups::Group, words};
use crate::{
    ApiError,
    client::{InWorkspace, Json},
};
#[cfg(feature = "ssr")]
use crate::{
    context::actor,
    forms::{TOLD_MAX, answer, answer_at, answer_keeping, done_at},
};
#[cfg(feature = "ssr")]
use hyvve_domain::{
    Actor, Error, PageRequest, Timestamp, agents,
    approvals::{
        Decide, EffectState, Status,
        bulk::{self, Picked},
        deciding::Turns,
        door, policies, presence, samples, saved, service,
    },
    services::Services,
    workspaces::{clock, members},
};

/// How many approvals a page of the queue shows: so many can be decided at once.
#[cfg(feature = "ssr")]
const PAGE: i64 = 50;

/// An approval as it stands, and how long it can still be undone: the browser's clock may be wrong, the server's counts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// The approval.
    pub detail: Detail,
    /// Milliseconds in which Undo is possible; 0 when it is not.
    pub undo_ms: i64,
    /// Who may decide on it, for whoever may hand it over.
    pub deciders: Vec<(UserId, String)>,
    /// The workspace's clock, for whoever may say when it is due.
    pub clock: Option<Clock>,
    /// The form that changes what would run, for whoever may.
    pub form: Option<Editor>,
}

/// The workspace's clock, in which a due date is typed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Clock {
    /// Its time zone.
    pub zone: String,
    /// What it shows when the approval is due.
    pub due: Option<String>,
}

#[cfg(feature = "ssr")]
impl From<Detail> for Shown {
    fn from(detail: Detail) -> Self {
        let intended = detail.effect_detail.as_ref().filter(|effect| effect.state == EffectState::Intended);
        let left =
            |effect: &hyvve_domain::approvals::Effect| effect.not_before.unix_millis() - Timestamp::now().unix_millis();
        let undo_ms = intended.filter(|_| detail.blocked.is_none()).map_or(0, left).max(0);
        Self { detail, undo_ms, deciders: Vec::new(), clock: None, form: None }
    }
}

/// A page of the queue, and what of it the reader may decide on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Queue {
    /// The page.
    pub page: Page<Item>,
    /// Those of its items that wait for a decision which the reader may take.
    pub decidable: Vec<ApprovalId>,
    /// Those of its items that wait for others than the reader.
    pub others: Vec<ApprovalId>,
    /// How far those have come who have to agree, where several have to.
    pub agreements: Vec<(ApprovalId, Agreement)>,
}

/// A page of the queue.
#[server(prefix = "/_fn", endpoint = "approvals/list", client = InWorkspace, output = Json)]
pub async fn list_approvals(
    /// Which ones.
    tab: Tab,
    /// Which page, from 1.
    page: i64,
    /// How it is narrowed down.
    #[server(default)]
    narrowed: Narrowed,
) -> Result<Queue, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        let filter = narrowed.filter(tab);
        let mut page = service::list(&services, &actor, &filter, PageRequest::new(Some(page), Some(PAGE))).await?;
        let Turns { decidable, others, agreements } = service::turns(&services, &actor, &page.items).await?;
        if narrowed.sort.is_empty() {
            // In the order of the groups in which it shows, for keys and ranges as well.
            let now = Timestamp::now().unix_millis();
            page.items.sort_by_key(|item| Group::of(item, &others, now));
        }
        Ok::<_, Error>(Queue { page, decidable, others, agreements })
    })
    .await
}

/// What the queue can be narrowed down to.
#[server(prefix = "/_fn", endpoint = "approvals/filters", client = InWorkspace, output = Json)]
pub async fn filter_choices() -> Result<Choices, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        let saved = saved::service::list(&services, &actor).await?;
        let agents = agents::service::agents(&services, &actor).await?;
        let people = members::deciders(&services, &actor).await?;
        let tools = policies::service::tools().into_iter().map(str::to_owned).chain(["change_policy".to_owned()]);
        let agents = agents.into_iter().map(|agent| (agent.id, agent.name)).collect();
        Ok::<_, Error>(Choices { saved, agents, people, tools: tools.collect() })
    })
    .await
}

/// Saves what the queue is narrowed down to.
#[server(prefix = "/_fn", endpoint = "approvals/save-filter", client = InWorkspace, output = Json)]
pub async fn save_filter(
    /// What it is to be called.
    name: String,
    /// Which tab.
    tab: Tab,
    /// How it is narrowed down.
    #[server(default)]
    narrowed: Narrowed,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        let new = saved::NewFilter { name, filter: narrowed.query_of(tab) };
        saved::service::create(&services, &actor, new).await.map(drop)
    })
    .await
}

/// Names a saved filter anew.
#[server(prefix = "/_fn", endpoint = "approvals/rename-filter", client = InWorkspace, output = Json)]
pub async fn rename_filter(
    /// Which one.
    id: FilterId,
    /// What it is to be called.
    name: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        let changes = saved::FilterChanges { name: Some(name), filter: None };
        saved::service::update(&services, &actor, id, changes).await.map(drop)
    })
    .await
}

/// Removes a saved filter.
#[server(prefix = "/_fn", endpoint = "approvals/remove-filter", client = InWorkspace, output = Json)]
pub async fn remove_filter(
    /// Which one.
    id: FilterId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        saved::service::delete(&services, &actor, id).await
    })
    .await
}

/// Says that the card is open here; answers the names of those who have it open besides.
#[server(prefix = "/_fn", endpoint = "approvals/watch", client = InWorkspace, output = Json)]
pub async fn watch_approval(
    /// Which one.
    id: ApprovalId,
    /// What tells open cards of one person apart.
    tab: String,
) -> Result<Vec<String>, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        let others = presence::say(&services, &actor, id, &tab, true).await?;
        Ok::<_, Error>(others.into_iter().map(|other| other.name).collect())
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
        let detail = service::get(&services, &actor, id).await?;
        Box::pin(shown(&services, &actor, detail)).await
    })
    .await
}

/// An approval as it stands, with what whoever may decide on it needs for that.
#[cfg(feature = "ssr")]
async fn shown(services: &Services, actor: &Actor, detail: Detail) -> Result<Shown, Error> {
    let shown = Shown::from(detail);
    let decides = shown.detail.item.status == Status::Pending && shown.detail.blocked.is_none();
    if !decides {
        return Ok(shown);
    }
    let deciders = members::deciders(services, actor).await?;
    let (zone, due) = clock::shows(services, actor, shown.detail.item.due_at).await?;
    let form = editor::of(services, actor, &shown.detail).await?;
    Ok(Shown { deciders, clock: Some(Clock { zone, due }), form, ..shown })
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
        let detail = door::decide(&services, &actor, id, decision).await?;
        Box::pin(shown(&services, &actor, detail)).await
    })
    .await
}

/// Decides on several at once, each through the one door with the hash that the list showed.
#[server(prefix = "/_fn", endpoint = "approvals/bulk", client = InWorkspace, output = Json)]
pub async fn decide_several(
    /// Yes or no to all of them.
    verdict: Verdict,
    /// A note, or the reason of a rejection.
    #[server(default)]
    note: String,
    /// Which ones, each with its hash: `id.hash`.
    #[server(default)]
    picked: Vec<String>,
    /// The list that a plain form goes on to.
    #[server(default)]
    back: String,
) -> Result<Outcome, ApiError> {
    let here = asking::address_of(&back, verdict, &picked);
    answer_at(here, async move {
        let (services, actor) = actor().await?;
        let picked = picked.iter().map(|one| one.parse()).collect::<Result<Vec<Picked>, _>>()?;
        let note = Some(note).filter(|note| !note.trim().is_empty());
        let outcome = bulk::decide(&services, &actor, picked, verdict, note).await?;
        done_at(&back, words::report(verdict, &outcome, TOLD_MAX));
        Ok::<_, Error>(outcome)
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
        door::settle(&services, &actor, id, happened, Some(note)).await.map(drop)
    })
    .await
}

/// Says whether what went on by itself should have.
#[server(prefix = "/_fn", endpoint = "approvals/review", client = InWorkspace, output = Json)]
pub async fn review_approval(
    /// Which one.
    id: ApprovalId,
    /// Whether it should have.
    agreed: bool,
    /// What should have been different.
    #[server(default)]
    note: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        samples::review(&services, &actor, id, agreed, Some(note)).await.map(drop)
    })
    .await
}

/// Changes what would run, and approves that.
#[server(prefix = "/_fn", endpoint = "approvals/edit", client = InWorkspace, output = Json)]
pub async fn edit_approval(
    /// Which one.
    id: ApprovalId,
    /// The hash that was shown.
    hash: String,
    /// Values as they are to be.
    #[server(default)]
    values: Vec<TypedValue>,
) -> Result<(), ApiError> {
    let (kept, outcome) = Box::pin(editor::change(id, hash, values)).await;
    answer_keeping(kept, async move { outcome }).await
}

/// Takes an approval back before its effect begins.
#[server(prefix = "/_fn", endpoint = "approvals/undo", client = InWorkspace, output = Json)]
pub async fn undo_approval(
    /// Which one.
    id: ApprovalId,
) -> Result<Shown, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        let detail = door::withdraw(&services, &actor, id).await?;
        Box::pin(shown(&services, &actor, detail)).await
    })
    .await
}
