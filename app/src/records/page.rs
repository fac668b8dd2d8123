//! One record: its fields, its version, its history.

use hyvve_domain::{
    ids::RecordId,
    records::{Collection, Detail, Record, service},
};
use leptos::prelude::*;

use super::{
    history::history,
    value::{columns, heading, shown},
};
use crate::{
    ApiError,
    shell::{Visit, use_frame},
    ui::{Card, PageHeader, Time},
};

/// The page at `/w/{workspace}/records/{collection}/{record}`.
pub(crate) async fn record_page(visit: &Visit, id: RecordId) -> Result<AnyView, ApiError> {
    let detail = service::get(&visit.services, &visit.actor, id).await?;
    Ok(view! { <div class="page" data-follow="record."><RecordView detail=detail/></div> }.into_any())
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
