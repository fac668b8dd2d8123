//! One record: its fields, its version, its history.

use hyvve_domain::{
    Error,
    ids::RecordId,
    records::{Collection, Detail, Record},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    api::get_record,
    history::history,
    value::{columns, heading, shown},
};
use crate::{
    live::use_live,
    shell::use_frame,
    ui::{Card, PageHeader, Time, loaded},
};

/// The page at `/w/{workspace}/records/{collection}/{record}`.
pub(crate) fn record_page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get_str("record").and_then(|id| id.parse::<RecordId>().ok()));
    let changes = use_live().version(&["record."]);
    let found = Resource::new(
        move || (id.get(), changes.get()),
        |(id, _)| async move {
            match id {
                Some(id) => get_record(id).await,
                None => Err(Error::not_found("record").into()),
            }
        },
    );
    view! {
        <div class="page">
            {loaded(found, |detail| view! { <RecordView detail=detail/> }.into_any())}
        </div>
    }
    .into_any()
}

#[component]
fn RecordView(detail: Detail) -> AnyView {
    let Detail { collection, record, history: versions } = detail;
    let all = use_frame().href(&format!("/records/{}", collection.slug));
    view! {
        <PageHeader title=heading(&record)/>
        <div class="meta pb-4">
            <a class="link" href=all>{collection.name.clone()}</a>
            <span>{format!("version {}", record.version)}</span>
            <span>"changed "<Time at=record.updated_at/></span>
        </div>
        <div class="stack">
            <Fields collection=collection.clone() record=record/>
            {history(collection, versions)}
        </div>
    }
    .into_any()
}

#[component]
fn Fields(collection: Collection, record: Record) -> AnyView {
    let field = |column| {
        let value = shown(&column, &record.data);
        view! { <dt>{column.label}</dt><dd>{value}</dd> }
    };
    let fields = columns(&collection).into_iter().map(field).collect_view();
    view! { <Card title="Fields"><dl class="facts">{fields}</dl></Card> }.into_any()
}
