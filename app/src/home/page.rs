//! The home page.

use hyvve_domain::{
    PageRequest, Role, agents,
    approvals::figures,
    audit,
    usage::{Period, budgets, stats_service},
};
use leptos::prelude::*;

use super::{
    activity::activity_card,
    chart::decisions_chart,
    figures::figure_row,
    spend::{models_card, spend_figure},
};
use crate::{
    ApiError,
    runs::run_row,
    settings::log_line,
    shell::{Visit, use_frame},
    ui::{ButtonLink, PageHeader, Variant},
    welcome::welcome_card,
};

/// How many rows of activity show.
const SHOWN: i64 = 8;

/// The page at `/w/{workspace}`; it follows everything.
pub(crate) async fn home_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let chat = use_frame().href("/chat");
    let queue = queue(visit).await?;
    let activity = activity(visit).await?;
    let welcome = welcome_card(visit).await?;
    let page = view! {
        <div class="page" data-follow="">
            <PageHeader title="Home">
                <ButtonLink variant=Variant::Primary href=chat>"Ask an agent"</ButtonLink>
            </PageHeader>
            {welcome}
            {queue}
            {activity}
        </div>
    };
    Ok(page.into_any())
}

/// The figures and the chart, for whoever sees approvals.
async fn queue(visit: &Visit) -> Result<Option<AnyView>, ApiError> {
    if !use_frame().data().role.sees_approvals() {
        return Ok(None);
    }
    let (services, actor) = (&visit.services, &visit.actor);
    let figures = figures::figures(services, actor).await?;
    let month = stats_service::shown(services, actor, &Period::default()).await?;
    let budgets = budgets::shown(services, actor).await?;
    let spend = spend_figure(&month, &budgets);
    let view = view! {
        {figure_row(&figures, spend)}
        {decisions_chart(figures.days)}
        {models_card(month)}
    };
    Ok(Some(view.into_any()))
}

/// What happened last, as far as the reader's role goes: everything from the audit log, or the runs.
async fn activity(visit: &Visit) -> Result<AnyView, ApiError> {
    let (services, actor) = (&visit.services, &visit.actor);
    if actor.role().is_some_and(Role::can_audit) {
        let rows = audit::service::list(services, actor, None, SHOWN).await?;
        let rows = rows.into_iter().map(|row| log_line(row, false)).collect();
        return Ok(activity_card(rows, "/settings/audit-log"));
    }
    let page = PageRequest::new(None, Some(SHOWN));
    let runs = agents::service::runs(services, actor, Default::default(), page).await?;
    Ok(activity_card(runs.items.into_iter().map(run_row).collect(), "/runs"))
}
