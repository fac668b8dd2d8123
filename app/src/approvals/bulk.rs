//! The bar below the list that decides on all that is selected. Without JavaScript a plain form around the list leads to the page
//! that says what the selection would do, as the bar does with it, and decides there.

use std::time::Duration;

use leptos::{ev, prelude::*, task::spawn_local};

use super::{actions::pressed, address::Address, picks::Picks, sum::sum_several, words};
use crate::{
    shell::use_frame,
    ui::{Button, Kbd, Variant},
};

/// The page that asks before a plain form decides, beneath the queue.
pub(super) const ASKS: &str = "/selected/decide";

/// For how long a selection stays as it is before it is asked what it would do together.
const PAUSE: Duration = Duration::from_millis(200);

/// The form around the list.
pub(super) fn bulk_form(picks: Picks, address: Address, list: AnyView) -> AnyView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        picks.decide(pressed(&event));
    };
    view! {
        <form class="bulk-form" method="get" action=use_frame().href(&format!("/approvals{ASKS}")) on:submit=submit>
            // Enter in a box would press the first button of the form: this one does nothing.
            <button type="submit" disabled=true hidden=true></button>
            {way_back(address)}
            <div class="split-scroll">{list}</div>
            {report(picks)}
            {bar(picks)}
        </form>
    }
    .into_any()
}

/// Which list it is, for the way back to it.
fn way_back(address: Address) -> AnyView {
    let fields = move || {
        let (tab, page, narrowed) = (address.tab.get(), address.page.get().to_string(), address.narrowed.get());
        let said = [("tab", tab.word()), ("page", page.as_str())].into_iter().chain(narrowed.pairs());
        let said = said.filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| view! { <input type="hidden" name=name value=value.to_owned()/> }).collect_view()
    };
    fields.into_any()
}

/// What the selection would do, and the buttons. Without a script the style sheet shows it as soon as a box is checked.
fn bar(picks: Picks) -> AnyView {
    let total = move || {
        let items = picks.items();
        let total = words::total(items.iter().map(|item| (item.tool.as_str(), item.reversibility)));
        (!items.is_empty()).then(|| view! { <p><b>{items.len()}" selected"</b>": "{total}</p> })
    };
    let sum = use_sum(picks);
    let sentence = |text: String| view! { <p>{text}</p> };
    let sentences = move || {
        let told = sum.get();
        (!told.is_empty())
            .then(|| view! { <div class="bulk-sum">{told.into_iter().map(sentence).collect_view()}</div> })
    };
    view! {
        <section class="bulk" class:bulk-closed=move || picks.is_empty() aria-label="Selected approvals">
            <div class="bulk-total" role="status">{total}{sentences}</div>
            <textarea
                class="input needs-script"
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

/// What the selection would do together, as the server says once it has stayed as it is for a moment.
fn use_sum(picks: Picks) -> RwSignal<Vec<String>> {
    let sum = RwSignal::new(Vec::new());
    let told = Memo::new(move |_| picks.told());
    let is_still = move |wanted: &Vec<String>| told.try_get_untracked().as_ref() == Some(wanted);
    Effect::new(move |_| {
        let wanted = told.get();
        sum.set(Vec::new());
        if wanted.is_empty() {
            return;
        }
        let ask = move || {
            if !is_still(&wanted) {
                return;
            }
            spawn_local(async move {
                let said = match sum_several(wanted.clone()).await {
                    Ok(said) => said,
                    Err(error) => vec![format!("What these would do together could not be worked out: {error}")],
                };
                if is_still(&wanted) {
                    sum.set(said);
                }
            });
        };
        set_timeout(ask, PAUSE);
    });
    sum
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
