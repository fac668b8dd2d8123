//! The page: the providers, and the one form or question that the address asks for.

use hyvve_domain::{
    agents::settings::{Misfit, misfits},
    ids::ProviderId,
    providers::{Provider, models, service},
    usage::{Period, stats_service},
    workspaces::openness,
};
use leptos::prelude::*;

use super::{
    CHOOSE,
    add::{key_card, model_card, whose_card},
    delete::delete_card,
    fallbacks::fallbacks_card,
    form::edit_card,
    row::provider_row,
    traces::traces_card,
};
use crate::{
    ApiError,
    agents::misfits_text,
    flash::Flash,
    settings::layout::settings_page,
    shell::{Visit, use_frame},
    ui::Card,
};

/// The page at `/w/{workspace}/settings/ai-providers`.
pub(crate) async fn providers_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let all = service::shown(&visit.services, &visit.actor).await?;
    let month = stats_service::shown(&visit.services, &visit.actor, &Period::default()).await?;
    let spent = |id: ProviderId| month.by_provider.iter().find(|line| line.id == Some(id.0)).map(|line| line.amounts);
    let rows = all.iter().map(|provider| provider_row(provider.clone(), spent(provider.id), &flash)).collect_view();
    let instead = fallbacks_card(visit, &all, &flash).await?;
    let open = openness::get(&visit.services, &visit.actor).await?;
    let beside = beside(visit, &all, flash).await?;
    let misfits = misfits_card(misfits(&visit.services, &visit.actor).await?);
    let content = view! {
        <div class="stack">
            {misfits}
            <ul class="entries card">{rows}</ul>
            {beside}
            {instead}
            {traces_card(open.content_in_traces)}
        </div>
    };
    let lead = "Where agents think. Bring your own key; it is sealed and never shown again.";
    Ok(settings_page(
        "AI providers",
        lead,
        Some("ai_provider. agent. workspace. run.completed run.failed"),
        content.into_any(),
    ))
}

/// Agents that ask for what their provider does not list: most often since another one is the default.
fn misfits_card(misfits: Vec<Misfit>) -> Option<AnyView> {
    if misfits.is_empty() {
        return None;
    }
    let frame = use_frame();
    let row = |Misfit { agent, model, provider }: Misfit| {
        let href = frame.href(&format!("/agents/{}", agent.id));
        view! {
            <li class="entry">
                <div class="entry-main">
                    <p class="entry-title"><a class="link" href=href>{agent.name}</a></p>
                    <p class="text-muted-foreground">{misfits_text(&model, &provider)}</p>
                </div>
            </li>
        }
    };
    let rows = misfits.into_iter().map(row).collect_view();
    Some(view! { <Card title="Agents without their model"><ul class="entries">{rows}</ul></Card> }.into_any())
}

/// What the address asks for beside the list: the form of one, whether one shall go, or a step of adding one.
async fn beside(visit: &Visit, all: &[Provider], flash: Flash) -> Result<Option<AnyView>, ApiError> {
    let find = |id: Option<ProviderId>| all.iter().find(|provider| Some(provider.id) == id).cloned();
    if let Some(id) = visit.parsed("delete") {
        return Ok(find(Some(id)).map(|provider| delete_card(provider, flash)));
    }
    let (edited, chosen) = (visit.parsed("edit"), visit.parsed(CHOOSE));
    if edited.is_some() || chosen.is_some() {
        let Some(provider) = find(edited.or(chosen)) else { return Ok(None) };
        let models = models::shown(&visit.services, &visit.actor, provider.id).await?;
        let card = if edited.is_some() { edit_card } else { model_card };
        return Ok(Some(card(provider, &models, flash)));
    }
    Ok(Some(match visit.parsed("kind") {
        Some(kind) => key_card(kind, flash),
        None => whose_card(&flash),
    }))
}
