//! The home page.

use leptos::prelude::*;

use super::{
    activity::activity_card,
    api::{get_activity, get_figures},
    chart::decisions_chart,
    figures::figure_row,
};
use crate::{
    live::use_live,
    shell::use_frame,
    ui::{ButtonLink, PageHeader, Variant, loaded},
};

/// The page at `/w/{workspace}`.
pub(crate) fn home_page() -> AnyView {
    let frame = use_frame();
    let chat = frame.href("/chat");
    view! {
        <div class="page">
            <PageHeader title="Home">
                <ButtonLink variant=Variant::Primary href=chat>"Ask an agent"</ButtonLink>
            </PageHeader>
            {frame.data().role.sees_approvals().then(|| view! { <Queue/> })}
            <Latest/>
        </div>
    }
    .into_any()
}

/// The figures and the chart; they follow what happens to approvals.
#[component]
fn Queue() -> AnyView {
    let changes = use_live().version(&["approval."]);
    let figures = Resource::new(move || changes.get(), |_| get_figures());
    loaded(figures, |figures| {
        view! {
            {figure_row(figures.clone())}
            {decisions_chart(figures.days)}
        }
        .into_any()
    })
}

/// What happened last; it follows everything.
#[component]
fn Latest() -> AnyView {
    let changes = use_live().version(&[""]);
    let activity = Resource::new(move || changes.get(), |_| get_activity());
    loaded(activity, activity_card)
}
