//! One approval: what would happen, why, what has happened, and the buttons.

use hyvve_domain::{
    approvals::{Detail, Status, outside::Outside, quorum::Agreement},
    ids::ApprovalId,
};
use leptos::prelude::*;

use super::{
    actions::action_bar, api::Shown, attachments::attachments_card, care::talk, case::Case,
    confidence::confidence_card, edit::changed, facts::facts_card, history::history, presence::watchers,
    preview::preview_card, progress::progress, second_look::second_look, words,
};
use crate::{
    shell::use_frame,
    ui::{Card, CardBody, Hash, Pill, Revealed, Time, Tone, page_title},
};

/// Everything about an approval.
pub(super) fn detail(shown: Shown, case: Case, back: String, watching: Signal<Vec<String>>) -> AnyView {
    let Shown { detail, .. } = shown.clone();
    page_title(detail.item.title.clone());
    view! {
        <article class="case">
            <a class="case-back" href=back>"All approvals"</a>
            <Crumbs detail=detail.clone()/>
            <h1><Revealed text=detail.item.title.clone()/></h1>
            <Story detail=detail.clone()/>
            {watchers(watching)}
            {replaced(&shown)}
            {changed(&shown)}
            {progress(shown.clone(), case)}
            {preview_card(detail.preview.clone(), detail.item.status, &shown.deciders)}
            {attachments_card(detail.attachments.clone())}
            {facts_card(&detail)}
            {second_look(&shown)}
            <Reason reason=detail.reason/>
            {outside_card(detail.outside)}
            {confidence_card(detail.confidence)}
            <Exactly arguments=detail.arguments hash=detail.item.hash tool=detail.item.tool/>
            {talk(&shown)}
            {history(detail.history)}
        </article>
        {action_bar(shown, case)}
    }
    .into_any()
}

/// Where it came from, or what became of it, when somebody has changed it.
fn replaced(shown: &Shown) -> AnyView {
    let detail = &shown.detail;
    let link = |id: ApprovalId, before: &'static str, words: &'static str| {
        let href = use_frame().href(&format!("/approvals/{id}"));
        view! { <p class="text-muted-foreground">{before}<a class="link" href=href>{words}</a>"."</p> }.into_any()
    };
    match (detail.edited_to, detail.edited_from) {
        (Some(id), _) => link(id, "Somebody changed this before approving it: see ", "what was approved"),
        (_, Some(id)) => link(id, "A person changed the arguments: see ", "what the agent proposed"),
        _ => ().into_any(),
    }
}

#[component]
fn Crumbs(detail: Detail) -> AnyView {
    let (word, tone) = words::reversibility(detail.item.reversibility);
    let (state, state_tone) = words::state(&detail.item);
    let pending = detail.item.status == Status::Pending;
    let due = detail.item.due_at.map(|at| view! { <span class=Tone::Warn.class()>"due "<Time at/></span> });
    let votes = detail.agreement.as_ref().map(Agreement::words);
    let assignee = words::asked(&detail.item).filter(|_| pending).map(|who| format!("for {who} to look at"));
    let snoozed =
        detail.item.snoozed_until.filter(|_| pending).map(|at| view! { <span>"put off until "<Time at/></span> });
    view! {
        <div class="flex items-center flex-wrap gap-2 text-muted-foreground text-sm">
            <Pill text=state tone=state_tone/><Pill text=word tone=tone/>{due}{votes}{assignee}{snoozed}
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

/// What an outside agent said with its proposal, and what it can be told.
fn outside_card(outside: Option<Outside>) -> AnyView {
    let Some(Outside { confidence, allowed }) = outside else { return ().into_any() };
    let sure = confidence.map(|percent| view! { <dt>"How sure it says it is"</dt><dd>{format!("{percent} %")}</dd> });
    let allowed = allowed.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    view! {
        <Card title="The outside agent" note="its words, not checked">
            <dl class="facts">{sure}<dt>"Decisions that it takes"</dt><dd>{allowed}</dd></dl>
        </Card>
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
                    "Tool "<code class="hash">{tool}</code>". SHA-256 of workspace, tool, arguments, targets, their versions and attachments:"
                </p>
                <p><code class="hash whitespace-normal break-all">{hash}</code></p>
                <pre class="source"><Revealed text=json/></pre>
            </CardBody>
        </details>
    }
    .into_any()
}
