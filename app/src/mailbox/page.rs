//! The list of mails; each unfolds where it stands, one at a time.

use hyvve_domain::{
    Page, PageRequest,
    mail::{Mail, service},
};
use leptos::prelude::*;

use crate::{
    ApiError,
    shell::{Visit, use_frame},
    ui::{ButtonLink, EmptyState, Glyph, PageHeader, Pagination, Pill, Revealed, Time, Tone},
};

/// The page at `/w/{workspace}/mailbox`.
pub(crate) async fn mailbox_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let mails = service::list(&visit.services, &visit.actor, PageRequest::new(visit.parsed("page"), None)).await?;
    let page = view! {
        <div class="page" data-follow="effect.">
            <PageHeader title="Mailbox" lead="Mail that agents wrote and people approved."/>
            <Mails page=mails/>
        </div>
    };
    Ok(page.into_any())
}

#[component]
fn Mails(page: Page<Mail>) -> AnyView {
    let frame = use_frame();
    if page.items.is_empty() {
        return view! {
            <EmptyState title="No mail" text="Approved mail shows here, whether it was sent or only kept." glyph=Glyph::Mail>
                <ButtonLink href=frame.href("/approvals")>"Look at approvals"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    let (at, pages, total) = (page.page, page.pages(), page.total);
    let rows = page.items.into_iter().map(|mail| view! { <OneMail mail=mail/> }).collect_view();
    view! {
        <ul class="entries card">{rows}</ul>
        <Pagination page=at pages=pages total=total href=move |page| frame.href(&format!("/mailbox?page={page}"))/>
    }
    .into_any()
}

/// A mail. Details of one name unfold one at a time, which is the browser's own doing.
#[component]
fn OneMail(mail: Mail) -> AnyView {
    let approval = use_frame().href(&format!("/approvals/{}", mail.approval_id));
    let sent = mail.delivery == "smtp";
    let (word, tone) = if sent { ("sent", Tone::Good) } else { ("kept here", Tone::Neutral) };
    let truth = if sent {
        "Handed to the mail server, which accepted it."
    } else {
        "Not sent to anyone: no mail server is configured, so it is only kept here."
    };
    view! {
        <li>
            <details class="mail" name="mail">
                <summary class="entry">
                    <span class="entry-main">
                        <span class="entry-title"><Revealed text=mail.subject/></span>
                        <span class="meta"><span>"to "<Revealed text=mail.to/></span><Time at=mail.created_at/></span>
                    </span>
                    <Pill text=word tone=tone/>
                </summary>
                <div class="mail-body">
                    <p class="text-muted-foreground">{truth}" "<a class="link" href=approval>"The decision behind it"</a></p>
                    <p class="said"><Revealed text=mail.body/></p>
                </div>
            </details>
        </li>
    }
    .into_any()
}
