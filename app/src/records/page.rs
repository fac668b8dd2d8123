//! One record: its fields, its version, its history.

use hyvve_domain::{
    Code, Role,
    ids::RecordId,
    records::{Collection, Detail, Record, service, sharing},
    workspaces::members,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    access::access_card,
    api::RestoreRecord,
    history::history,
    value::{columns, heading, shown},
};
use crate::{
    ApiError,
    flash::Flash,
    shell::{Visit, use_frame},
    ui::{Button, Card, CardBody, Form, PageHeader, Time},
};

/// The page at `/w/{workspace}/records/{collection}/{record}`.
pub(crate) async fn record_page(visit: &Visit, id: RecordId) -> Result<AnyView, ApiError> {
    let detail = match service::get(&visit.services, &visit.actor, id).await {
        Err(error) if error.code == Code::NotFound && may_say(visit) => return deleted_page(visit, id).await,
        detail => detail?,
    };
    let access = access(visit, id).await?;
    let Detail { collection, record, history: versions } = detail;
    let all = use_frame().href(&format!("/records/{}", collection.slug));
    let page = view! {
        <div class="page" data-follow="record.">
            <PageHeader title=heading(&record)/>
            <div class="meta pb-4">
                <a class="link" href=all>{collection.name.clone()}</a>
                <span>{format!("version {}", record.version)}</span>
                <span>"changed "<Time at=record.updated_at/></span>
            </div>
            <div class="stack">
                <Fields collection=collection.clone() record=record/>
                {access}
                {history(collection, versions)}
            </div>
        </div>
    };
    Ok(page.into_any())
}

/// Whether the reader says who sees records, and which are there.
fn may_say(visit: &Visit) -> bool {
    visit.actor.role().is_some_and(Role::shares_records)
}

/// The same of a record that was deleted, for whoever may bring it back.
async fn deleted_page(visit: &Visit, id: RecordId) -> Result<AnyView, ApiError> {
    let Detail { collection, record, history: versions } = service::deleted(&visit.services, &visit.actor, id).await?;
    let all = use_frame().href(&format!("/records/{}", collection.slug));
    let page = view! {
        <div class="page" data-follow="record.">
            <PageHeader title=heading(&record)/>
            <div class="meta pb-4">
                <a class="link" href=all>{collection.name.clone()}</a>
                <span>"deleted "<Time at=record.updated_at/></span>
            </div>
            <div class="stack">
                <Card title="Deleted">
                    <CardBody>
                        <Form action=RestoreRecord::url()>
                            <input type="hidden" name="id" value=id.to_string()/>
                            <p>"It is in no list and no search, and nothing can be done with it. It comes back as it was."</p>
                            <div><Button kind="submit">"Bring it back"</Button></div>
                        </Form>
                    </CardBody>
                </Card>
                {history(collection, versions)}
            </div>
        </div>
    };
    Ok(page.into_any())
}

/// Who sees it, for whoever may say so.
async fn access(visit: &Visit, id: RecordId) -> Result<Option<AnyView>, ApiError> {
    if !may_say(visit) {
        return Ok(None);
    }
    let problem = Flash::take().map(|flash| flash.message).filter(|text| !text.is_empty());
    let access = sharing::access(&visit.services, &visit.actor, id).await?;
    let people = members::list(&visit.services, &visit.actor).await?;
    Ok(Some(access_card(id, access, &people, problem)))
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
