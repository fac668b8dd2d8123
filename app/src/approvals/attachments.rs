//! What a proposal refers to elsewhere. The host stands before all else, and nothing is loaded until somebody follows it.

use hyvve_domain::approvals::attachments::Attachment;
use leptos::prelude::*;

use crate::ui::{Card, Hash, Revealed};

/// The card with all of them; nothing where there are none.
pub(super) fn attachments_card(attachments: Vec<Attachment>) -> AnyView {
    if attachments.is_empty() {
        return ().into_any();
    }
    let rows = attachments.into_iter().map(row).collect_view();
    view! {
        <Card title="Attachments" note="kept elsewhere; part of what is decided on">
            <ul class="entries">{rows}</ul>
            <p class="card-foot">"HYVVE has not opened them. The names are the proposer’s words; a link leads to the host that is named."</p>
        </Card>
    }
    .into_any()
}

fn row(attachment: Attachment) -> AnyView {
    let host = attachment.host().to_owned();
    let Attachment { name, url, media_type, bytes, sha256 } = attachment;
    let size = bytes.map(|bytes| view! { <span>{format!("{bytes} bytes, it says")}</span> });
    let kind = media_type.map(|kind| view! { <span>{kind}</span> });
    let hash = sha256.map(|hash| view! { <span>"SHA-256 "<Hash hash=hash/></span> });
    let shown = url.clone();
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title"><Revealed text=name/></p>
                <p class="break-all">
                    "On "<b>{host}</b>": "
                    <a class="link" href=url rel="noreferrer noopener nofollow external" target="_blank"><Revealed text=shown/><span class="sr-only">" (opens a new tab)"</span></a>
                </p>
                <div class="meta">{kind}{size}{hash}</div>
            </div>
        </li>
    }
    .into_any()
}
