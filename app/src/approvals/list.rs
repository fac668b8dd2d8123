//! The queue.

use hyvve_domain::approvals::{Item, Status, bulk::Picked};
use leptos::{ev, prelude::*};

use super::{
    address::{Address, Tab},
    api::Queue,
    decisions::use_decisions,
    facts,
    groups::Group,
    narrow::Narrowed,
    picks::Picks,
    words,
};
use crate::{
    shell::use_frame,
    ui::{self, Age, ButtonLink, EmptyState, Glyph, Pagination, Pill, Revealed, Tabs, Time, Tone, now_millis},
};

/// The tabs of the queue.
pub(super) fn queue_tabs(address: Address) -> AnyView {
    let pending = use_frame().pending;
    let tabs = move || {
        let tab = |tab: Tab| ui::Tab {
            label: tab.label(),
            href: address.narrowed_to(tab, &Narrowed::default()),
            count: (tab == Tab::Waiting).then(|| pending.get()),
            current: tab == address.tab.get(),
        };
        Tab::EACH.map(tab).to_vec()
    };
    view! { <Tabs label="Which approvals" tabs=Signal::derive(tabs)/> }.into_any()
}

/// One page of the queue; what waits is grouped by whose turn it is and how closely to look.
pub(super) fn rows(queue: Queue, address: Address, picks: Picks) -> AnyView {
    let Queue { page, decidable, others, agreements } = queue;
    if page.items.is_empty() {
        return nothing(address);
    }
    let (number, pages, total) = (page.page, page.pages(), page.total);
    let row = move |item: Item| {
        let picks = decidable.contains(&item.id).then_some(picks);
        let agreement = agreements.iter().find(|(id, _)| *id == item.id).map(|(_, agreement)| agreement.words());
        view! { <Row item=item address=address picks=picks agreement=agreement/> }
    };
    // In an order of its own, what belongs together would be torn apart by groups.
    if !address.narrowed.get_untracked().sort.is_empty() {
        let rows = page.items.into_iter().map(row).collect_view();
        return view! { <ul>{rows}</ul>{pages_of(address, number, pages, total)} }.into_any();
    }
    let (now, titled) = (now_millis(), address.tab.get_untracked() == Tab::Waiting);
    let group = |group: Group| {
        let its = |item: &&Item| Group::of(item, &others, now) == group;
        let items: Vec<Item> = page.items.iter().filter(its).cloned().collect();
        let head = (!items.is_empty() && titled)
            .then(|| view! { <h2 class="queue-group"><span>{group.title()}</span><span>{items.len()}</span></h2> });
        view! { {head}<ul>{items.into_iter().map(&row).collect_view()}</ul> }
    };
    view! { {Group::EACH.map(group).collect_view()}{pages_of(address, number, pages, total)} }.into_any()
}

fn pages_of(address: Address, number: i64, pages: i64, total: i64) -> AnyView {
    let tab = address.tab;
    view! {
        <div class="px-4">
            <Pagination page=number pages=pages total=total href=move |page| address.of(None, tab.get_untracked(), page)/>
        </div>
    }
    .into_any()
}

fn nothing(address: Address) -> AnyView {
    if !address.narrowed.get_untracked().is_empty() {
        let all = address.narrowed_to(address.tab.get_untracked(), &Narrowed::default());
        return view! {
            <EmptyState title="Nothing matches" text="No approval of this tab is as the filter says." glyph=Glyph::Search>
                <ButtonLink href=all>"Show all"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    match address.tab.get_untracked() {
        Tab::Waiting => view! {
            <EmptyState title="Nothing waits for you" text="What agents want to do appears here, before it happens." glyph=Glyph::Check>
                <ButtonLink href=address.of(None, Tab::Decided, 1)>"See what was decided"</ButtonLink>
            </EmptyState>
        },
        Tab::Automatic => view! {
            <EmptyState title="Nothing goes on by itself yet" text="Agents earn that by what people decide; nothing that cannot be taken back ever does." glyph=Glyph::Shield/>
        },
        Tab::Sampled => view! {
            <EmptyState title="Nobody is asked for a second look" text="A share of what goes on by itself is drawn by lot and appears here." glyph=Glyph::Check/>
        },
        Tab::Decided | Tab::All => view! {
            <EmptyState title="Nothing here yet" text="Ask an agent to do something: its first proposal starts this list." glyph=Glyph::Approvals/>
        },
    }
    .into_any()
}

/// One item; it can be picked where one may decide on it. What was just decided here leaves at once, and comes back with the
/// reason if the server refuses. `agreement`: how far those have come who have to agree.
#[component]
fn Row(item: Item, address: Address, picks: Option<Picks>, agreement: Option<String>) -> AnyView {
    let (decisions, id) = (use_decisions(), item.id);
    let pending = item.status == Status::Pending;
    let gone = move || pending && address.tab.get() == Tab::Waiting && decisions.verdict(id).is_some();
    let (word, tone) = if pending { words::reversibility(item.reversibility) } else { words::state(&item) };
    let due =
        item.due_at.filter(|_| pending).map(|at| view! { <span class=Tone::Warn.class()>"due "<Time at/></span> });
    let assignee = words::asked(&item)
        .filter(|_| pending)
        .map(|who| view! { <span class="truncate">{format!("for {who}")}</span> });
    let agreement = agreement.map(|words| view! { <span class="truncate">{words}</span> });
    let score = item.score.map(
        |score| view! { <span class="row-score">{format!("{score:.0}")}<span class="sr-only">" of 100"</span></span> },
    );
    let rule = item.let_through.as_ref().map(facts::words);
    let rule = rule.map(|words| view! { <span class="truncate">{words}</span> });
    let refusal = move || decisions.refusal(id).map(|why| view! { <p class="row-refusal" role="alert">{why}</p> });
    let pick = picks.map(|picks| pick(&item, picks));
    // A click with Shift would open a window.
    let click = move |event: ev::MouseEvent| {
        if let Some(picks) = picks.filter(|_| event.shift_key()) {
            event.prevent_default();
            picks.extend(id);
        }
    };
    view! {
        <li class:pickable=picks.is_some() hidden=gone>
            {pick}
            <a
                class="row"
                on:click=click
                href=move || address.beside(Some(id))
                aria-current=move || (address.selected.get() == Some(id)).then_some("true")
            >
                <span class="row-title"><Revealed text=item.title/></span>
                <span class="row-age"><Age since=item.created_at/></span>
                <span class="row-meta"><span class="truncate">{item.proposer}</span><Pill text=word tone=tone/>{agreement}{assignee}{rule}{score}{due}</span>
                {refusal}
            </a>
        </li>
    }
    .into_any()
}

/// The box that selects an item, with the hash that the row shows.
fn pick(item: &Item, picks: Picks) -> AnyView {
    let (id, label) = (item.id, format!("Select “{}”", item.title));
    let value = Picked { id, hash: item.hash.clone() }.to_string();
    let click = move |event: ev::MouseEvent| {
        if event.shift_key() && !picks.has_untracked(id) {
            picks.extend(id);
        } else {
            picks.toggle(id);
        }
    };
    view! {
        <label class="pick">
            <input class="check" type="checkbox" name="picked" value=value aria-label=label prop:checked=move || picks.has(id) on:click=click/>
        </label>
    }
    .into_any()
}
