//! An approval as a card in the chat: the same content and the same buttons as in the queue.

use hyvve_domain::{approvals::Status, ids::ApprovalId};
use leptos::prelude::*;

use super::{
    actions::decision_form,
    api::Shown,
    attachments::attachments_card,
    case::{Case, use_case},
    preview::preview_card,
    progress::progress,
    words,
};
use crate::{
    shell::use_frame,
    ui::{Pill, Revealed, loaded},
};

/// The card of an approval that a conversation waits, or waited, for.
#[component]
pub fn ApprovalCard(
    /// Which one.
    id: ApprovalId,
) -> AnyView {
    let alive = RwSignal::new(false);
    Effect::new(move || alive.set(true));
    let content = move || if alive.get() { live_card(id) } else { plain_card(id) };
    content.into_any()
}

/// Without a script, and until it runs: the way to the page where plain forms decide.
fn plain_card(id: ApprovalId) -> AnyView {
    let href = use_frame().href(&format!("/approvals/{id}"));
    view! { <p class="approval-card approval-waiting"><a class="link" href=href>"Look at the approval"</a></p> }
        .into_any()
}

fn live_card(id: ApprovalId) -> AnyView {
    let case = use_case(Signal::stored(Some(id)), None);
    loaded(case.shown, move |shown| shown.map(|shown| card(shown, case)).into_any())
}

fn card(shown: Shown, case: Case) -> AnyView {
    let item = shown.detail.item.clone();
    let href = use_frame().href(&format!("/approvals/{}", item.id));
    let waiting = item.status == Status::Pending;
    let ((word, tone), (state, state_tone)) = (words::reversibility(item.reversibility), words::state(&item));
    let buttons = match (&shown.detail.blocked, waiting) {
        (Some(why), true) => view! { <p class="text-muted-foreground text-sm">{why.clone()}</p> }.into_any(),
        (None, true) => decision_form(shown.clone(), case),
        (_, false) => ().into_any(),
    };
    view! {
        <section class="approval-card" class:approval-waiting=waiting aria-label="Approval">
            <div class="flex flex-wrap gap-1.5"><Pill text=state tone=state_tone/><Pill text=word tone=tone/></div>
            <a class="font-semibold link" href=href><Revealed text=item.title/></a>
            <p class="text-muted-foreground text-sm">{words::so_far(&shown.detail)}</p>
            {preview_card(shown.detail.preview.clone(), item.status, &shown.deciders)}
            {attachments_card(shown.detail.attachments.clone())}
            {progress(shown, case)}
            {buttons}
        </section>
    }
    .into_any()
}
