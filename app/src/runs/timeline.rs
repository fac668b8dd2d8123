//! One run's page: everything that it did, in order.

use hyvve_domain::{
    agents::{RunDetail, service},
    approvals::{self, Item},
    ids::RunId,
};
use leptos::prelude::*;

use super::{
    step::{part_view, step_view},
    summary::summary,
};
use crate::{
    ApiError,
    shell::Visit,
    ui::{EmptyState, Glyph},
};

/// The page at `/w/{workspace}/runs/{run}`. While the run is under way, each of its finished steps makes it old.
pub(crate) async fn run_page(visit: &Visit, id: RunId) -> Result<AnyView, ApiError> {
    let (services, actor) = (&visit.services, &visit.actor);
    let detail = service::run(services, actor, id).await?;
    let ids: Vec<_> = detail.steps.iter().filter_map(|step| step.approval_id).collect();
    let items = approvals::service::some(services, actor, &ids).await?;
    let under_way = (!detail.run.status.is_final()).then(|| id.to_string());
    let page = view! {
        <div class="page" data-follow="run. approval. effect." data-run=under_way>
            <Steps detail=detail items=items/>
        </div>
    };
    Ok(page.into_any())
}

#[component]
fn Steps(detail: RunDetail, items: Vec<Item>) -> AnyView {
    let RunDetail { run, steps } = detail;
    let (alive, structured) = (!run.status.is_final(), run.structured);
    let of = |id| items.iter().find(|item| Some(item.id) == id).cloned();
    let views: Vec<AnyView> = steps
        .into_iter()
        .map(|step| {
            let item = of(step.approval_id);
            step_view(step, item, structured)
        })
        .chain(part_view(&run))
        .collect();
    let body = if views.is_empty() && !alive {
        view! { <EmptyState title="Nothing was done" text="The run ended before its first step." glyph=Glyph::Runs/> }
            .into_any()
    } else {
        view! { <ol class="timeline">{views}</ol> }.into_any()
    };
    view! {
        {summary(run)}
        {body}
        {alive.then(|| view! { <p class="text-muted-foreground" role="status">"Still under way."</p> })}
    }
    .into_any()
}
