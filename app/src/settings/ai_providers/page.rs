//! The page: the providers, and the one form or question that the address asks for.

use hyvve_domain::{
    ids::ProviderId,
    providers::{Kind, Provider, service},
};
use leptos::prelude::*;

use super::{
    delete::delete_card,
    form::{add_card, edit_card},
    row::provider_row,
};
use crate::{ApiError, flash::Flash, settings::layout::settings_page, shell::Visit};

/// The page at `/w/{workspace}/settings/ai-providers`.
pub(crate) async fn providers_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let all = service::shown(&visit.services, &visit.actor).await?;
    let rows = all.iter().cloned().map(|provider| provider_row(provider, &flash)).collect_view();
    let content = view! {
        <div class="stack">
            <ul class="entries card">{rows}</ul>
            {beside(visit, &all, flash)}
        </div>
    };
    let lead = "Where agents think. Bring your own key; it is sealed and never shown again.";
    Ok(settings_page("AI providers", lead, Some("ai_provider."), content.into_any()))
}

/// What the address asks for beside the list: the form of one, whether one shall go, or the form for a new one.
fn beside(visit: &Visit, all: &[Provider], flash: Flash) -> Option<AnyView> {
    let find = |id: ProviderId| all.iter().find(|provider| provider.id == id).cloned();
    match (visit.parsed("edit"), visit.parsed("delete")) {
        (Some(id), _) => find(id).map(|provider| edit_card(provider, flash)),
        (None, Some(id)) => find(id).map(|provider| delete_card(provider, flash)),
        (None, None) => Some(add_card(visit.parsed("kind").unwrap_or(Kind::ADDABLE[0]), flash)),
    }
}
