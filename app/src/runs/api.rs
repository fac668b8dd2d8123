//! What the pages of runs ask the server.

use hyvve_domain::{
    Page,
    agents::{Run, RunDetail, RunStatus},
    approvals::Item,
    ids::{AgentId, RunId},
};
use leptos::prelude::*;

use crate::ApiError;
#[cfg(feature = "ssr")]
use crate::{context, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::{
    PageRequest,
    agents::service::{self, RunFilter},
    approvals,
};

/// A page of runs, newest first.
#[server(prefix = "/_fn", endpoint = "runs/list", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn list_runs(
    /// Only of this agent.
    agent: Option<AgentId>,
    /// Only with this status.
    status: Option<RunStatus>,
    /// Which page, from 1.
    page: Option<i64>,
) -> Result<Page<Run>, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        let filter = RunFilter { agent, status, ..RunFilter::default() };
        service::runs(&services, &actor, filter, PageRequest::new(page, None)).await
    })
    .await
}

/// One run with its steps, and the approvals that it asked for.
#[server(prefix = "/_fn", endpoint = "runs/get", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn get_run(
    /// Which one.
    id: RunId,
) -> Result<(RunDetail, Vec<Item>), ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        let detail = service::run(&services, &actor, id).await?;
        let ids: Vec<_> = detail.steps.iter().filter_map(|step| step.approval_id).collect();
        let items = approvals::service::some(&services, &actor, &ids).await?;
        Ok::<_, ApiError>((detail, items))
    })
    .await
}

/// Ends a run.
#[server(prefix = "/_fn", endpoint = "runs/cancel", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn cancel_run(
    /// Which one.
    id: RunId,
) -> Result<(), ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::cancel(&services, &actor, id).await.map(drop)
    })
    .await
}
