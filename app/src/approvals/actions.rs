//! The buttons that decide: a plain form, so that they work without JavaScript, and at once with it.

use hyvve_domain::approvals::{Status, Verdict};
use leptos::{ev, prelude::*, wasm_bindgen::JsCast as _, web_sys};
use server_fn::ServerFn as _;

use super::{
    api::{DecideApproval, Shown},
    care::{claim_form, other_ways},
    case::Case,
    edit::edit_form,
};
use crate::ui::{Button, Hash, Kbd, Variant};

/// Reasons that are often the right ones.
const QUICK_REASONS: [&str; 4] = ["Wrong amount", "Wrong person", "Not needed any more", "I need to know more first"];

/// The bar below an approval; it stays in sight.
pub(super) fn action_bar(shown: Shown, case: Case) -> AnyView {
    if shown.detail.item.status != Status::Pending {
        return ().into_any();
    }
    if let Some(why) = shown.detail.blocked {
        return view! { <div class="actions"><p class="text-muted-foreground">{why}</p></div> }.into_any();
    }
    let (claim, edit, ways) = (claim_form(&shown.detail.item), edit_form(&shown, case), other_ways(&shown, case));
    view! { <div class="actions">{decision_form(shown, case)}<div class="more-ways">{claim}{edit}{ways}</div></div> }
        .into_any()
}

/// Approve and Reject, with the note and the hash that was shown. The keys that do the same are those of the page.
pub(super) fn decision_form(shown: Shown, case: Case) -> AnyView {
    let item = shown.detail.item.clone();
    let busy = Signal::derive(move || case.on_its_way(&shown).is_some());
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        case.decide(pressed(&event));
    };
    view! {
        <form class="decision" method="post" action=DecideApproval::url() on:submit=submit>
            <input type="hidden" name="id" value=item.id.to_string()/>
            <input type="hidden" name="hash" value=item.hash.clone()/>
            <Note case=case/>
            <div class="flex items-center flex-wrap gap-2">
                <Button variant=Variant::Primary kind="submit" name="verdict" value="approve" shortcut="a" disabled=busy>
                    "Approve"<Kbd key="a"/>
                </Button>
                <Button variant=Variant::Danger kind="submit" name="verdict" value="reject" shortcut="r" disabled=busy>
                    "Reject"<Kbd key="r"/>
                </Button>
                <span class="ml-auto"><Hash hash=item.hash/></span>
            </div>
        </form>
    }
    .into_any()
}

/// Which of the two buttons sent the form.
pub(super) fn pressed(event: &ev::SubmitEvent) -> Verdict {
    let button = event.submitter().and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok());
    match button.and_then(|button| button.get_attribute("value")).as_deref() {
        Some("reject") => Verdict::Reject,
        _ => Verdict::Approve,
    }
}

/// The note, or the reason; folded away until somebody wants it.
#[component]
fn Note(case: Case) -> AnyView {
    let open = case.asking.get_untracked();
    let quick = |reason: &'static str| {
        view! { <button type="button" class="chip" on:click=move |_| case.note.set(reason.to_owned())>{reason}</button> }
    };
    // Whoever was asked why, has begun to reject.
    let send = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) && case.asking.get_untracked() {
            event.prevent_default();
            case.decide(Verdict::Reject);
        }
    };
    view! {
        <details class="note" open=open prop:open=move || case.asking.get()>
            <summary>"Add a note, or the reason for a rejection"</summary>
            <textarea
                class="input"
                name="note"
                rows="2"
                maxlength="2000"
                aria-label="Note, or the reason for a rejection"
                node_ref=case.field
                prop:value=move || case.note.get()
                on:input=move |event| case.note.set(event_target_value(&event))
                on:keydown=send
            ></textarea>
            <p class="text-muted-foreground text-sm needs-script">"Once you are asked why, Ctrl+Enter or ⌘+Enter rejects."</p>
            <p class="field-error" role="alert">{move || case.problem.get()}</p>
            <div class="flex flex-wrap gap-1.5 needs-script">{QUICK_REASONS.map(quick).collect_view()}</div>
        </details>
    }
    .into_any()
}
