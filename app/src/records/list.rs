//! One collection: search, table, pages.

use hyvve_domain::{
    Page,
    records::{Collection, Record},
};
use leptos::{html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
    location::Url,
};

use super::{
    api::list_records,
    value::{main_columns, shown},
};
use crate::{
    shell::use_frame,
    ui::{Button, ButtonLink, EmptyState, Glyph, Icon, PageHeader, Pagination, Table, Td, loaded},
};

/// The page at `/w/{workspace}/records/{collection}`.
pub(crate) fn records_page() -> AnyView {
    let (params, query) = (use_params_map(), use_query_map());
    let slug = Memo::new(move |_| params.read().get("collection").unwrap_or_default());
    let words = Memo::new(move |_| query.read().get("q").unwrap_or_default());
    let at = Memo::new(move |_| query.read().get_str("page").and_then(|page| page.parse::<i64>().ok()));
    let found =
        Resource::new(move || (slug.get(), words.get(), at.get()), |(slug, words, at)| list_records(slug, words, at));
    view! {
        <div class="page">
            {loaded(found, move |(collection, page)| {
                view! { <Found collection=collection page=page words=words.get_untracked()/> }.into_any()
            })}
        </div>
    }
    .into_any()
}

#[component]
fn Found(collection: Collection, page: Page<Record>, words: String) -> AnyView {
    let frame = use_frame();
    let here = frame.href(&format!("/records/{}", collection.slug));
    let (at, pages, total) = (page.page, page.pages(), page.total);
    let query = if words.is_empty() { String::new() } else { format!("&q={}", Url::escape(&words)) };
    let next = here.clone();
    let title = collection.name.clone();
    let body = if page.items.is_empty() {
        nothing(&words, here.clone())
    } else {
        view! { <Rows collection=collection records=page.items/> }.into_any()
    };
    view! {
        <PageHeader title=title><Search action=here words=words/></PageHeader>
        {body}
        <Pagination page=at pages=pages total=total href=move |page| format!("{next}?page={page}{query}")/>
    }
    .into_any()
}

/// The words go into the address: the page can be sent to somebody, and Back works.
#[component]
fn Search(action: String, words: String) -> AnyView {
    let (input, navigate) = (NodeRef::<html::Input>::new(), use_navigate());
    let to = action.clone();
    let search = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let words = input.get_untracked().map(|input| input.value()).unwrap_or_default();
        navigate(&format!("{to}?q={}", Url::escape(&words)), NavigateOptions::default());
    };
    view! {
        <form class="search" role="search" method="get" action=action on:submit=search>
            <input
                class="input" type="search" name="q" value=words node_ref=input
                aria-label="Search these records" placeholder="Words…"
            />
            <Button kind="submit" label="Search"><Icon glyph=Glyph::Search/></Button>
        </form>
    }
    .into_any()
}

#[component]
fn Rows(collection: Collection, records: Vec<Record>) -> AnyView {
    let frame = use_frame();
    let columns = main_columns(&collection);
    let heads: Vec<String> = columns.iter().map(|column| column.label.clone()).collect();
    let row = |record: Record| {
        let href = frame.href(&format!("/records/{}/{}", collection.slug, record.id));
        let cells = columns.iter().map(|column| {
            let value = shown(column, &record.data);
            if column.name == collection.title_field {
                view! { <th scope="row"><a class="link" href=href.clone()>{value}</a></th> }.into_any()
            } else {
                view! { <Td number=column.number>{value}</Td> }.into_any()
            }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    };
    let rows = records.into_iter().map(row).collect_view();
    view! { <Table caption=collection.name.clone() columns=heads>{rows}</Table> }.into_any()
}

fn nothing(words: &str, here: String) -> AnyView {
    if words.is_empty() {
        let chat = use_frame().href("/chat");
        return view! {
            <EmptyState title="Nothing in here yet" text="There is no record that you may see." glyph=Glyph::Records>
                <ButtonLink href=chat>"Ask an agent"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title=format!("Nothing has “{words}”") text="Words are found by their beginnings." glyph=Glyph::Search>
            <ButtonLink href=here>"Show all"</ButtonLink>
        </EmptyState>
    }
    .into_any()
}
