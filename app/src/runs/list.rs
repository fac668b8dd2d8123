//! The list of runs.

use hyvve_domain::{Page, agents::Run};
use leptos::prelude::*;

use super::{
    RunRow,
    api::list_runs,
    filter::{Wanted, use_wanted},
};
use crate::{
    live::use_live,
    shell::use_frame,
    ui::{ButtonLink, EmptyState, Glyph, PageHeader, Pagination, Tabs, loaded},
};

/// The page at `/w/{workspace}/runs`.
pub(crate) fn runs_page() -> AnyView {
    let wanted = use_wanted();
    let changes = use_live().version(&["run."]);
    let page = Resource::new(
        move || (wanted.get(), changes.get()),
        |(wanted, _)| list_runs(wanted.agent, wanted.status, wanted.page),
    );
    view! {
        <div class="page">
            <PageHeader title="Runs" lead="What agents were asked, and what they did."/>
            <Tabs label="Which runs" tabs=Signal::derive(move || wanted.get().tabs())/>
            {loaded(page, move |page| view! { <Rows page=page wanted=wanted.get_untracked()/> }.into_any())}
        </div>
    }
    .into_any()
}

#[component]
fn Rows(page: Page<Run>, wanted: Wanted) -> AnyView {
    let frame = use_frame();
    if page.items.is_empty() {
        return none(wanted);
    }
    let (at, pages, total) = (page.page, page.pages(), page.total);
    let rows = page.items.into_iter().map(|run| view! { <RunRow run=run/> }).collect_view();
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
