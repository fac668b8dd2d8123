//! Server functions of what one can do besides deciding.

use hyvve_domain::ids::ApprovalId;
use leptos::prelude::*;

use crate::{
    ApiError,
    client::{InWorkspace, Json},
};
#[cfg(feature = "ssr")]
use crate::{
    context::actor,
    forms::{answer, answer_with},
};
#[cfg(feature = "ssr")]
use hyvve_domain::{
    Error, Timestamp,
    approvals::{Care, care, comments, door, filter::Whose},
    workspaces::clock,
};
#[cfg(feature = "ssr")]
use std::time::Duration;

/// What a form says instead of a due date.
pub(super) const NEVER: &str = "never";

/// Asks the agent something instead of deciding.
#[server(prefix = "/_fn", endpoint = "approvals/ask", client = InWorkspace, output = Json)]
pub async fn ask_approval(
    /// Which one.
    id: ApprovalId,
    /// What.
    question: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        door::ask(&services, &actor, id, &question).await.map(drop)
    })
    .await
}

/// Hands it to somebody, puts it off, or says when it is due.
#[server(prefix = "/_fn", endpoint = "approvals/assign", client = InWorkspace, output = Json)]
pub async fn assign_approval(
    /// Which one.
    id: ApprovalId,
    /// To whom: `me`, `nobody` in particular, or a person's id. A form that says nothing changes nothing.
    #[server(default)]
    assignee: Option<String>,
    /// For how many hours; 0: not any more.
    #[server(default)]
    snooze_hours: Option<u32>,
    /// By when somebody has to have decided, as the workspace's clock shows it; `never`: it waits for ever.
    #[server(default)]
    due_at: Option<String>,
) -> Result<(), ApiError> {
    let typed = vec![("due_at", due_at.clone().unwrap_or_default())];
    answer_with(typed, async move {
        let (services, actor) = actor().await?;
        let person = |word: String| match word.parse() {
            Ok(Whose::Nobody) => Ok(None),
            Ok(Whose::Me) => actor.person().map(|(me, _)| Some(me)),
            Ok(Whose::Person(user)) => Ok(Some(user)),
            Err(_) => Err(Error::invalid("assigneeId", "unknown", "There is nobody like that.")),
        };
        let until =
            |hours: u32| (hours > 0).then(|| Timestamp::now().plus(Duration::from_secs(u64::from(hours) * 3_600)));
        let due_at = match due_at.as_deref() {
            None => None,
            Some(NEVER) => Some(None),
            Some(shown) => Some(Some(clock::instant(&services, &actor, "dueAt", shown).await?)),
        };
        let care =
            Care { assignee_id: assignee.map(person).transpose()?, due_at, snoozed_until: snooze_hours.map(until) };
        care::change(&services, &actor, id, care).await.map(drop)
    })
    .await
}

/// Takes it for oneself, or hands it back.
#[server(prefix = "/_fn", endpoint = "approvals/claim", client = InWorkspace, output = Json)]
pub async fn claim_approval(
    /// Which one.
    id: ApprovalId,
    /// Takes it; else hands it back.
    take: bool,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        if take {
            care::claim(&services, &actor, id).await.map(drop)
        } else {
            care::release(&services, &actor, id).await.map(drop)
        }
    })
    .await
}

/// Says something about it to the others.
#[server(prefix = "/_fn", endpoint = "approvals/comment", client = InWorkspace, output = Json)]
pub async fn comment_approval(
    /// About which one.
    id: ApprovalId,
    /// What.
    body: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        comments::add(&services, &actor, id, &body).await.map(drop)
    })
    .await
}
