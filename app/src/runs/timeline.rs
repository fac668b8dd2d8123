//! One run's page: everything that it did, in order.

use hyvve_domain::{Error, agents::RunDetail, approvals::Item, ids::RunId};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{api::get_run, step::step_view, summary::summary};
use crate::{
    ApiError,
    live::use_live,
    ui::{EmptyState, Glyph, loaded},
};

/// Events that a step ends with.
const STEPS: [&str; 4] = ["ModelRequestCompleted", "ToolCallStarted", "ToolCallCompleted", "ToolCallError"];

/// The page at `/w/{workspace}/runs/{run}`.
pub(crate) fn run_page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get_str("run").and_then(|id| id.parse::<RunId>().ok()));
    let changes = use_live().version(&["run.", "approval.", "effect."]);
    let detail = Resource::new(
        move || (id.get(), changes.get()),
        |(id, _)| async move {
            match id {
                Some(id) => get_run(id).await,
                None => Err(Error::not_found("run").into()),
            }
        },
    );
    follow(id, detail);
    view! {
        <div class="page">
            {loaded(detail, |(detail, items)| view! { <Steps detail=detail items=items/> }.into_any())}
        </div>
    }
    .into_any()
}

/// Looks again whenever a run that is under way has finished a step.
fn follow(id: Memo<Option<RunId>>, detail: Resource<Result<(RunDetail, Vec<Item>), ApiError>>) {
    let live = use_live();
    let alive = RwSignal::new(false);
    Effect::new(move || {
        let now = detail.get().and_then(Result::ok).is_some_and(|(detail, _)| !detail.run.status.is_final());
        if alive.get_untracked() != now {
            alive.set(now);
        }
    });
    let newest =
        move || detail.get_untracked()?.ok()?.0.steps.iter().map(|step| step.ended_at.unwrap_or(step.created_at)).max();
    Effect::new(move || {
        let Some(run) = id.get().filter(|_| alive.get()) else { return };
        let stop = live.follow_run(run, 0, move |event| {
            if STEPS.contains(&event.name.as_str()) && newest() < Some(event.created_at) {
                detail.refetch();
            }
        });
        on_cleanup(stop);
    });
}

#[component]
fn Steps(detail: RunDetail, items: Vec<Item>) -> AnyView {
    let RunDetail { run, steps } = detail;
    let alive = !run.status.is_final();
    let of = |id| items.iter().find(|item| Some(item.id) == id).cloned();
    let views: Vec<AnyView> = steps
        .into_iter()
        .map(|step| {
            let item = of(step.approval_id);
            step_view(step, item)
        })
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
