//! The page: the entries, older ones on request, and the verification.

use hyvve_domain::audit::{Row, service};
use leptos::prelude::*;

use super::{log_line, verdict::verdict_view};
use crate::{
    ApiError,
    settings::layout::settings_page,
    shell::{Visit, use_frame},
    ui::{ButtonLink, EmptyState, Glyph},
};

/// The page's address in the workspace.
const HERE: &str = "/settings/audit-log";
/// Rows per page.
const ROWS: i64 = 50;

/// The page at `/w/{workspace}/settings/audit-log`. The address asks for older entries, and for a check of them all.
pub(crate) async fn audit_log_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let before = visit.parsed("before");
    let rows = service::list(&visit.services, &visit.actor, before, ROWS).await?;
    // Another number is another address, which is looked at anew.
    let checks: Option<u32> = visit.parsed("verify");
    let verdict = match checks {
        Some(_) => Some(service::verify(&visit.services, &visit.actor).await?),
        None => None,
    };
    let check = use_frame().href(&format!("{HERE}?verify={}", checks.unwrap_or_default().wrapping_add(1)));
    let export = format!("/api/audit-log/export?workspace={}", visit.actor.workspace);
    let verify = if checks.is_some() { "Verify again" } else { "Verify" };
    // The newest entries follow what happens; a check, and older entries, stay as they are.
    let follow = (verdict.is_none() && before.is_none()).then_some("");
    let content = view! {
        <div class="stack">
            {verdict.map(verdict_view)}
            <div class="flex flex-wrap gap-2">
                <ButtonLink href=check>{verify}</ButtonLink>
                <a class="btn" href=export download="audit-log.jsonl">"Download"</a>
            </div>
            <Rows rows=rows first=before.is_none()/>
        </div>
    };
    let lead = "Who did what. Each entry’s hash covers all before it.";
    Ok(settings_page("Audit log", lead, follow, content.into_any()))
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
    let lines = rows.into_iter().map(|row| log_line(row, true)).collect_view();
    view! {
        <ol class="entries card">{lines}</ol>
        <nav class="flex gap-2" aria-label="Pages">{newest}{older}</nav>
    }
    .into_any()
}
