//! The queue.

use hyvve_domain::{
    Page,
    approvals::{Item, Status},
};
use leptos::prelude::*;

use super::{
    address::{Address, Tab},
    decisions::use_decisions,
    words,
};
use crate::{
    shell::use_frame,
    ui::{self, Age, ButtonLink, EmptyState, Glyph, Pagination, Pill, Tabs, Time, Tone},
};

/// The tabs of the queue.
pub(super) fn queue_tabs(address: Address) -> AnyView {
    let pending = use_frame().pending;
    let tabs = move || {
        let tab = |tab: Tab| ui::Tab {
            label: tab.label(),
            href: address.of(None, tab, 1),
            count: (tab == Tab::Waiting).then(|| pending.get()),
            current: tab == address.tab.get(),
        };
        Tab::EACH.map(tab).to_vec()
    };
    view! { <Tabs label="Which approvals" tabs=Signal::derive(tabs)/> }.into_any()
}

/// One page of the queue; what waits is grouped by how closely to look.
pub(super) fn rows(page: Page<Item>, address: Address) -> AnyView {
    if page.items.is_empty() {
        return nothing(address);
    }
    let (number, pages, total) = (page.page, page.pages(), page.total);
    let (quick, full): (Vec<Item>, Vec<Item>) = page.items.into_iter().partition(|item| item.review == "quick");
    let group = |title: &'static str, items: Vec<Item>| {
        let head = (!items.is_empty() && address.tab.get_untracked() == Tab::Waiting)
            .then(|| view! { <h2 class="queue-group"><span>{title}</span><span>{items.len()}</span></h2> });
        let rows = items.into_iter().map(|item| view! { <Row item=item address=address/> }).collect_view();
        view! { {head}<ul>{rows}</ul> }
    };
    let tab = address.tab;
    view! {
        {group("Quick review", quick)}
        {group("Full review", full)}
        <div class="px-4">
            <Pagination page=number pages=pages total=total href=move |page| address.of(None, tab.get_untracked(), page)/>
        </div>
    }
    .into_any()
}

fn nothing(address: Address) -> AnyView {
    match address.tab.get_untracked() {
        Tab::Waiting => view! {
            <EmptyState title="Nothing waits for you" text="What agents want to do appears here, before it happens." glyph=Glyph::Check>
                <ButtonLink href=address.of(None, Tab::Decided, 1)>"See what was decided"</ButtonLink>
            </EmptyState>
        },
        Tab::Decided | Tab::All => view! {
            <EmptyState title="Nothing here yet" text="Ask an agent to do something: its first proposal starts this list." glyph=Glyph::Approvals/>
        },
    }
    .into_any()
}

/// One item. What was just decided here leaves at once, and comes back with the reason if the server refuses.
#[component]
fn Row(item: Item, address: Address) -> AnyView {
    let (decisions, id) = (use_decisions(), item.id);
    let pending = item.status == Status::Pending;
    let gone = move || pending && address.tab.get() == Tab::Waiting && decisions.verdict(id).is_some();
    let (word, tone) = if pending { words::reversibility(item.reversibility) } else { words::state(&item) };
    let due =
        item.due_at.filter(|_| pending).map(|at| view! { <span class=Tone::Warn.class()>"due "<Time at/></span> });
    let refusal = move || decisions.refusal(id).map(|why| view! { <p class="row-refusal" role="alert">{why}</p> });
    view! {
        <li hidden=gone>
            <a
                class="row"
                href=move || address.beside(Some(id))
                aria-current=move || (address.selected.get() == Some(id)).then_some("true")
            >
                <span class="row-title">{item.title}</span>
                <span class="row-age"><Age since=item.created_at/></span>
                <span class="row-meta"><span class="truncate">{item.proposer}</span><Pill text=word tone=tone/>{due}</span>
                {refusal}
            </a>
        </li>
    }
    .into_any()
}
