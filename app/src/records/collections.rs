//! The collections of the workspace.

use hyvve_domain::records::Collection;
use leptos::prelude::*;

use super::api::list_collections;
use crate::{
    shell::use_frame,
    ui::{ButtonLink, EmptyState, Glyph, PageHeader, counted, loaded},
};

/// The page at `/w/{workspace}/records`.
pub(crate) fn collections_page() -> AnyView {
    let all = Resource::new(|| (), |()| list_collections());
    view! {
        <div class="page">
            <PageHeader title="Records" lead="Your data. Agents change it only through decisions."/>
            {loaded(all, |all| view! { <Rows collections=all/> }.into_any())}
        </div>
    }
    .into_any()
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
