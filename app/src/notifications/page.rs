//! The list, a page of it at a time.

use hyvve_domain::{
    Page, PageRequest,
    notifications::{Notification, service},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::{ReadAllNotifications, ReadNotification};
use crate::{
    ApiError,
    shell::{Visit, use_frame},
    ui::{Button, ButtonLink, EmptyState, Glyph, PageHeader, Pagination, Pill, Revealed, Time, Tone},
};

/// The page at `/w/{workspace}/notifications`.
pub(crate) async fn notifications_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let request = PageRequest::new(visit.parsed("page"), None);
    let told = service::list(&visit.services, &visit.actor, false, request).await?;
    let page = view! {
        <div class="page" data-follow="notification. approval.">
            <PageHeader title="Notifications" lead="What concerns you, the newest first."/>
            <div id="notices-page">{list(told)}</div>
        </div>
    };
    Ok(page.into_any())
}

fn list(told: Page<Notification>) -> AnyView {
    let frame = use_frame();
    let choices = frame.href("/settings/notifications");
    if told.items.is_empty() {
        return view! {
            <EmptyState
                glyph=Glyph::Bell title="Nothing yet"
                text="When something waits for you, or somebody mentions you, it shows here."
            >
                <ButtonLink href=choices>"Choose what you hear of"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    let (at, pages, total) = (told.page, told.pages(), told.total);
    let unread = told.items.iter().any(|one| one.read_at.is_none());
    let mark_all = unread.then(|| {
        view! {
            <form method="post" action=ReadAllNotifications::url()><Button kind="submit">"Mark all as read"</Button></form>
        }
    });
    let rows = told.items.into_iter().map(row).collect_view();
    view! {
        <div class="flex gap-2 flex-wrap pb-3">{mark_all}<ButtonLink href=choices>"Choose what you hear of"</ButtonLink></div>
        <ul class="entries card">{rows}</ul>
        <Pagination page=at pages=pages total=total href=move |page| frame.href(&format!("/notifications?page={page}"))/>
    }
    .into_any()
}

fn row(one: Notification) -> AnyView {
    let new = one.read_at.is_none();
    let pill = new.then(|| view! { <Pill text="new" tone=Tone::Warn/> });
    let about = format!(": {}", one.text);
    let mark = new.then(|| {
        view! {
            <form method="post" action=ReadNotification::url()>
                <input type="hidden" name="id" value=one.id.to_string()/>
                <Button kind="submit">"Mark as read"<span class="sr-only">{about}</span></Button>
            </form>
        }
    });
    view! {
        <li class="entry">
            <div class="entry-main">
                <a class="entry-title" href=one.path><Revealed text=one.text/></a>
                <div class="meta">{pill}<Time at=one.created_at/></div>
            </div>
            <div class="entry-actions">{mark}</div>
        </li>
    }
    .into_any()
}
