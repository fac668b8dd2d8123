//! The collections of the workspace.

use hyvve_domain::records::{Collection, service};
use leptos::prelude::*;

use crate::{
    ApiError,
    shell::{Visit, use_frame},
    ui::{ButtonLink, EmptyState, Glyph, PageHeader, counted},
};

/// The page at `/w/{workspace}/records`.
pub(crate) async fn collections_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let collections = service::collections(&visit.services, &visit.actor).await?;
    let page = view! {
        <div class="page">
            <PageHeader title="Records" lead="Your data. Agents change it only through decisions."/>
            <Rows collections=collections/>
        </div>
    };
    Ok(page.into_any())
}

#[component]
fn Rows(collections: Vec<Collection>) -> AnyView {
    let frame = use_frame();
    if collections.is_empty() {
        return view! {
            <EmptyState title="No collections" text="There is nothing here that you may see." glyph=Glyph::Records>
                <ButtonLink href=frame.href("")>"Go home"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    let row = |collection: Collection| {
        let href = frame.href(&format!("/records/{}", collection.slug));
        let fields: Vec<_> = collection.fields().map(|(_, title, _)| title.to_owned()).collect();
        view! {
            <li class="entry">
                <div class="entry-main">
                    <a class="entry-title" href=href>{collection.name}</a>
                    <div class="meta"><span>{fields.join(", ")}</span></div>
                </div>
                <span class="text-muted-foreground">{counted(collection.records.unsigned_abs(), "record")}</span>
            </li>
        }
    };
    let rows = collections.into_iter().map(row).collect_view();
    view! { <ul class="entries card">{rows}</ul> }.into_any()
}
