//! The list of runs.

use hyvve_domain::{
    Page, PageRequest,
    agents::{
        Run,
        service::{self, RunFilter},
    },
};
use leptos::prelude::*;

use super::{filter::Wanted, run_row};
use crate::{
    ApiError,
    shell::{Visit, use_frame},
    ui::{ButtonLink, EmptyState, Glyph, PageHeader, Pagination, Tabs},
};

/// The page at `/w/{workspace}/runs`.
pub(crate) async fn runs_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let wanted = Wanted::of(visit);
    let filter = RunFilter { agent: wanted.agent, session: wanted.session, status: wanted.status };
    let runs = service::runs(&visit.services, &visit.actor, filter, PageRequest::new(wanted.page, None)).await?;
    let page = view! {
        <div class="page" data-follow="run.">
            <PageHeader title="Runs" lead="What agents were asked, and what they did."/>
            <Tabs label="Which runs" tabs=wanted.tabs()/>
            <Rows page=runs wanted=wanted/>
        </div>
    };
    Ok(page.into_any())
}

#[component]
fn Rows(page: Page<Run>, wanted: Wanted) -> AnyView {
    let frame = use_frame();
    if page.items.is_empty() {
        return none(wanted);
    }
    let (at, pages, total) = (page.page, page.pages(), page.total);
    let rows = page.items.into_iter().map(run_row).collect_view();
    let href = move |page| frame.href(&format!("/runs{}", Wanted { page: Some(page), ..wanted }.query()));
    view! {
        <ol class="entries card">{rows}</ol>
        <Pagination page=at pages=pages total=total href=href/>
    }
    .into_any()
}

fn none(wanted: Wanted) -> AnyView {
    let frame = use_frame();
    if wanted == Wanted::default() {
        return view! {
            <EmptyState title="No runs yet" text="A run begins with a message to an agent." glyph=Glyph::Runs>
                <ButtonLink href=frame.href("/chat")>"Ask an agent"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title="No such runs" glyph=Glyph::Runs>
            <ButtonLink href=frame.href("/runs")>"Show all runs"</ButtonLink>
        </EmptyState>
    }
    .into_any()
}
