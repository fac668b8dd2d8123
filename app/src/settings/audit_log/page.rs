//! The page: the entries, older ones on request, and the verification.

use hyvve_domain::audit::Row;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    LogLine,
    api::{ROWS, list_entries},
    verify::verification,
};
use crate::{
    settings::layout::settings_page,
    shell::use_frame,
    ui::{ButtonLink, EmptyState, Glyph, loaded},
};

/// The page's address in the workspace.
const HERE: &str = "/settings/audit-log";

/// The page at `/w/{workspace}/settings/audit-log`.
pub(crate) fn audit_log_page() -> AnyView {
    let query = use_query_map();
    let before = Memo::new(move |_| query.read().get_str("before").and_then(|seq| seq.parse::<i64>().ok()));
    let verifies = Memo::new(move |_| query.read().get_str("verify").is_some());
    let page = Resource::new(move || before.get(), list_entries);
    let verify = use_frame().href(&format!("{HERE}?verify=1"));
    let check = move || {
        if verifies.get() {
            return verification();
        }
        view! { <div><ButtonLink href=verify.clone()>"Verify"</ButtonLink></div> }.into_any()
    };
    let rows = loaded(page, move |rows| view! { <Rows rows=rows first=before.get_untracked().is_none()/> }.into_any());
    let content = view! { <div class="stack">{check}{rows}</div> }.into_any();
    settings_page("Audit log", "Who did what. Each entry’s hash covers all before it.", content)
}

#[component]
fn Rows(rows: Vec<Row>, first: bool) -> AnyView {
    let here = use_frame().href(HERE);
    let Some(last) = rows.last().map(|row| row.seq) else {
        return view! {
            <EmptyState title="Nothing older" glyph=Glyph::Shield><ButtonLink href=here>"Show the newest"</ButtonLink></EmptyState>
        }
        .into_any();
    };
    let more = rows.len() as i64 == ROWS && last > 1;
    let older = more.then(|| view! { <ButtonLink href=format!("{here}?before={last}")>"Older"</ButtonLink> });
    let newest = (!first).then(|| view! { <ButtonLink href=here.clone()>"Newest"</ButtonLink> });
    let lines = rows.into_iter().map(|row| view! { <LogLine row=row secured=true/> }).collect_view();
    view! {
        <ol class="entries card">{lines}</ol>
        <nav class="flex gap-2" aria-label="Pages">{newest}{older}</nav>
    }
    .into_any()
}
