//! One collection: search, table, pages.

use hyvve_domain::{
    Page, PageRequest,
    records::{Collection, Record, service},
};
use leptos::prelude::*;
use leptos_router::location::Url;

use super::value::{main_columns, shown};
use crate::{
    ApiError,
    shell::{Visit, use_frame},
    ui::{Button, ButtonLink, EmptyState, Glyph, Icon, PageHeader, Pagination, Table, Td},
};

/// The page at `/w/{workspace}/records/{collection}`.
pub(crate) async fn records_page(visit: &Visit, collection: &str) -> Result<AnyView, ApiError> {
    let words = visit.query("q").unwrap_or_default();
    let wanted = PageRequest::new(visit.parsed("page"), None);
    let (collection, page) = service::list(&visit.services, &visit.actor, collection, &words, wanted).await?;
    let page = view! {
        <div class="page" data-follow="record."><Found collection=collection page=page words=words/></div>
    };
    Ok(page.into_any())
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
    view! {
        <form class="search" role="search" method="get" action=action>
            <input
                class="input" type="search" name="q" value=words
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
