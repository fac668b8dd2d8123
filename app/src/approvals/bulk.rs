//! The bar below the list that decides on all that is selected: a plain form around the list, so that it works without
//! JavaScript, and at once with it.

use leptos::{ev, prelude::*};
use server_fn::ServerFn as _;

use super::{actions::pressed, api::DecideSeveral, picks::Picks, words};
use crate::ui::{Button, Kbd, Variant};

/// The form around the list.
pub(super) fn bulk_form(picks: Picks, list: AnyView) -> AnyView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        picks.decide(pressed(&event));
    };
    view! {
        <form class="bulk-form" method="post" action=DecideSeveral::url() on:submit=submit>
            // Enter in a box would press the first button of the form: this one does nothing.
            <button type="submit" disabled=true hidden=true></button>
            <div class="split-scroll">{list}</div>
            {report(picks)}
            {bar(picks)}
        </form>
    }
    .into_any()
}

/// What the selection would do, and the buttons. Without a script the style sheet shows it as soon as a box is checked.
fn bar(picks: Picks) -> AnyView {
    let total = move || {
        let items = picks.items();
        let total = words::total(items.iter().map(|item| (item.tool.as_str(), item.reversibility)));
        (!items.is_empty()).then(|| view! { <p><b>{items.len()}" selected"</b>": "{total}</p> })
    };
    view! {
        <section class="bulk" class:bulk-closed=move || picks.is_empty() aria-label="Selected approvals">
            <div class="bulk-total" role="status">{total}</div>
            <textarea
                class="input"
                name="note"
                rows="1"
                maxlength="2000"
                aria-label="Note, or the reason for rejecting the selected"
                placeholder="Note, or the reason for a rejection"
                node_ref=picks.field
                prop:value=move || picks.note.get()
                on:input=move |event| picks.note.set(event_target_value(&event))
            ></textarea>
            <p class="field-error" role="alert">{move || picks.problem.get()}</p>
            <div class="flex flex-wrap gap-2">
                <Button variant=Variant::Primary kind="submit" name="verdict" value="approve" disabled=picks.busy>
                    "Approve"<span class="sr-only">" the selected"</span>
                </Button>
                <Button variant=Variant::Danger kind="submit" name="verdict" value="reject" disabled=picks.busy>
                    "Reject"<span class="sr-only">" the selected"</span>
                </Button>
                <span class="needs-script ml-auto"><Button variant=Variant::Ghost on_click=move |()| picks.clear()>"Select none"</Button></span>
            </div>
        </section>
    }
    .into_any()
}

/// What the last decision came to, with Undo as long as there is time.
fn report(picks: Picks) -> AnyView {
    let undo = move || {
        (!picks.undoable.read().is_empty()).then(|| {
            view! { <Button shortcut="z" on_click=move |()| picks.undo()>"Undo all"<Kbd key="z"/></Button> }
        })
    };
    let text = move || picks.report.get().map(|text| view! { <p class="grow">{text}</p> });
    view! { <div class="bulk-report" role="status">{text}{undo}</div> }.into_any()
}
