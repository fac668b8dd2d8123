//! The page: the providers, and the one form or question that the address asks for.

use hyvve_domain::{ids::ProviderId, providers::Provider};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    api::list_providers,
    delete::delete_card,
    form::{add_card, edit_card},
    row::provider_row,
};
use crate::{
    flash::{Flash, use_flash},
    live::use_live,
    settings::layout::settings_page,
    ui::loaded,
};

/// What the address asks for beside the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// The form for a new one.
    Add,
    /// The form of this one.
    Edit(ProviderId),
    /// Whether this one shall go.
    Delete(ProviderId),
}

fn use_wanted() -> Memo<Wanted> {
    let query = use_query_map();
    Memo::new(move |_| {
        let query = query.read();
        let id = |key: &str| query.get_str(key).and_then(|id| id.parse::<ProviderId>().ok());
        id("edit").map(Wanted::Edit).or(id("delete").map(Wanted::Delete)).unwrap_or(Wanted::Add)
    })
}

/// The page at `/w/{workspace}/settings/ai-providers`.
pub(crate) fn providers_page() -> AnyView {
    let (wanted, flash) = (use_wanted(), use_flash());
    let changes = use_live().version(&["ai_provider."]);
    let all = Resource::new(move || changes.get(), |_| list_providers());
    let list = loaded(all, move |all| view! { <List providers=all wanted=wanted flash=flash.clone()/> }.into_any());
    settings_page("AI providers", "Where agents think. Bring your own key; it is sealed and never shown again.", list)
}

#[component]
fn List(providers: Vec<Provider>, wanted: Memo<Wanted>, flash: Flash) -> AnyView {
    let rows = providers.iter().cloned().map(provider_row).collect_view();
    let beside = move || {
        let find = |id| providers.iter().find(|provider| provider.id == id).cloned();
        let flash = flash.clone();
        match wanted.get() {
            Wanted::Edit(id) => find(id).map(|provider| edit_card(provider, flash)),
            Wanted::Delete(id) => find(id).map(|provider| delete_card(provider, flash)),
            Wanted::Add => Some(add_card(flash)),
        }
    };
    view! {
        <div class="stack">
            <ul class="entries card">{rows}</ul>
            {beside}
        </div>
    }
    .into_any()
}
