//! One approval: what would happen, why, what has happened, and the buttons.

use hyvve_domain::approvals::{Detail, Status};
use leptos::prelude::*;

use super::{
    actions::action_bar, api::Shown, case::Case, history::history, preview::preview_card, progress::progress, words,
};
use crate::{
    shell::use_frame,
    ui::{Card, CardBody, Hash, Pill, Revealed, Time, Tone, page_title},
};

/// Everything about an approval.
pub(super) fn detail(shown: Shown, case: Case, back: String) -> AnyView {
    let Shown { detail, .. } = shown.clone();
    page_title(detail.item.title.clone());
    view! {
        <article class="case">
            <a class="case-back" href=back>"All approvals"</a>
            <Crumbs detail=detail.clone()/>
            <h1>{detail.item.title.clone()}</h1>
            <Story detail=detail.clone()/>
            {progress(shown.clone(), case)}
            {preview_card(detail.preview, detail.item.status)}
            <Reason reason=detail.reason/>
            <Exactly arguments=detail.arguments hash=detail.item.hash tool=detail.item.tool/>
            {history(detail.history)}
        </article>
        {action_bar(shown, case)}
    }
    .into_any()
}

#[component]
fn Crumbs(detail: Detail) -> AnyView {
    let (word, tone) = words::reversibility(detail.item.reversibility);
    let (state, state_tone) = words::state(&detail.item);
    let pending = detail.item.status == Status::Pending;
    let due = detail.item.due_at.map(|at| view! { <span class=Tone::Warn.class()>"due "<Time at/></span> });
    view! {
        <div class="flex items-center flex-wrap gap-2 text-muted-foreground text-sm">
            <Pill text=state tone=state_tone/><Pill text=word tone=tone/>{due}
            {pending.then_some("owners and admins decide")}
        </div>
    }
    .into_any()
}

/// Who proposed it, when, and what has happened so far.
#[component]
fn Story(detail: Detail) -> AnyView {
    let so_far = words::so_far(&detail);
    let run = detail.item.run_id.map(|run| {
        let href = use_frame().href(&format!("/runs/{run}"));
        let short: String = run.to_string().chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        view! { " in "<a class="link" href=href>{format!("run {short}")}</a> }
    });
    view! {
        <p class="text-muted-foreground">
            "Proposed by "<b class="text-foreground">{detail.item.proposer}</b>{run}", "
            <Time at=detail.item.created_at/>", for "{detail.item.requester}". "
            <span class="text-foreground">{so_far}</span>
        </p>
    }
    .into_any()
}

#[component]
fn Reason(reason: Option<String>) -> AnyView {
    let Some(reason) = reason.filter(|reason| !reason.trim().is_empty()) else { return ().into_any() };
    view! {
        <Card title="Why" note="the agent’s words, not checked">
            <blockquote class="quote"><Revealed text=reason/></blockquote>
        </Card>
    }
    .into_any()
}

/// The arguments as they run, and the hash of all that a decision covers.
#[component]
fn Exactly(arguments: serde_json::Value, hash: String, tool: String) -> AnyView {
    let json = serde_json::to_string_pretty(&arguments).unwrap_or_default();
    view! {
        <details class="card">
            <summary class="card-header"><h3>"Exactly what will run"</h3><span class="card-note"><Hash hash=hash.clone()/></span></summary>
            <CardBody>
                <p class="text-muted-foreground text-sm">
                    "Tool "<code class="hash">{tool}</code>". SHA-256 of workspace, tool, arguments, targets and their versions:"
                </p>
                <p><code class="hash whitespace-normal break-all">{hash}</code></p>
                <pre class="source"><Revealed text=json/></pre>
            </CardBody>
        </details>
    }
    .into_any()
}
