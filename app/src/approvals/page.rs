//! The approvals page: queue and detail side by side; on phones one after the other.

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

use super::{
    address::use_address,
    api::{Queue, filter_choices, list_approvals},
    bulk::bulk_form,
    case::use_case,
    detail::detail,
    keyboard::use_approval_keys,
    list::{queue_tabs, rows},
    narrow::filters,
    picks::use_picks,
    presence::use_presence,
};
use crate::{
    flash::use_flash,
    live::use_live,
    ui::{EmptyState, Glyph, loaded, page_title},
};

/// `/w/{workspace}/approvals[/{id}]`
pub struct ApprovalsPage;

#[lazy_route]
impl LazyRoute for ApprovalsPage {
    fn data() -> Self {
        Self
    }

    fn view(this: Self) -> AnyView {
        let ApprovalsPage = this;
        view! { <Approvals/> }.into_any()
    }
}

#[component]
fn Approvals() -> AnyView {
    let address = use_address();
    let version = use_live().version(&["approval.", "effect."]);
    let queue = Resource::new(
        move || (address.tab.get(), address.page.get(), address.narrowed.get(), version.get()),
        |(tab, page, narrowed, _)| list_approvals(tab, page, narrowed),
    );
    let choices = Resource::new(|| (), |()| filter_choices());
    let flash = use_flash();
    let told = Some(flash.typed("done")).filter(|text| !text.is_empty());
    // What a plain form was refused is said beside the form that was sent; these say it at their fields.
    let problem = flash.beside(&["arguments", "dueAt"]);
    let (of_case, of_list) =
        if address.selected.get_untracked().is_some() { (problem, told) } else { (None, told.or(problem)) };
    let case = use_case(address.selected.into(), of_case);
    case.due.set_value(flash.at("dueAt").map(|why| (why, flash.typed("due_at"))));
    let watching = use_presence(address.selected.into());
    let picks = use_picks(queue, of_list);
    let ids = move || {
        let Queue { page, .. } = queue.get().and_then(Result::ok)?;
        Some(page.items.iter().map(|item| item.id).collect())
    };
    use_approval_keys(address, case, picks, Memo::new(move |_| ids().unwrap_or_default()));
    let list = loaded(queue, move |queue| rows(queue, address, picks));
    view! {
        <div class="split" class:split-detail=move || address.selected.get().is_some()>
            <section class="split-list" aria-label="Queue">
                {queue_tabs(address)}
                {loaded(choices, move |choices| filters(&choices, address))}
                {bulk_form(picks, address, list)}
            </section>
            <section class="split-main" aria-label="Approval">
                {loaded(case.shown, move |shown| match shown {
                    Some(shown) => detail(shown, case, address.beside(None), watching),
                    None => nothing_chosen(),
                })}
            </section>
        </div>
    }
    .into_any()
}

fn nothing_chosen() -> AnyView {
    page_title("Approvals");
    view! {
        <EmptyState
            title="Choose an approval"
            text="You see exactly what would run before you decide. The keys j and k move through the list, ? shows all keys."
            glyph=Glyph::Approvals
        />
    }
    .into_any()
}
