//! What would happen, from the stored bytes: never from what the agent wrote about itself.

use hyvve_domain::{
    approvals::{Preview, Status},
    ids::RecordId,
    records::FieldChange,
};
use leptos::prelude::*;

use crate::{
    records::differences,
    shell::use_frame,
    ui::{Card, Diff, Revealed},
};

/// The card of what changes or leaves.
pub(super) fn preview_card(preview: Preview, status: Status) -> AnyView {
    let waiting = matches!(status, Status::Pending);
    match preview {
        Preview::Record { collection, collection_slug, record_id, title, version, changes } => {
            let title_of_card = if waiting { "What will change" } else { "What it was about" };
            let note = format!("{collection} · {title} · version {version}");
            record(title_of_card, note, &collection_slug, record_id, changes)
        }
        Preview::Mail { to, subject, body, delivery } => {
            let (title, note) = match (waiting, delivery.as_str()) {
                (true, "mailbox") => ("The mail", "will be kept in the mailbox: no mail server is set up"),
                (true, _) => ("The mail that will leave", "over SMTP"),
                (false, _) => ("The mail", ""),
            };
            mail(title, note, to, subject, body)
        }
    }
}

fn record(title: &'static str, note: String, slug: &str, id: RecordId, changes: Vec<FieldChange>) -> AnyView {
    let href = use_frame().href(&format!("/records/{slug}/{id}"));
    view! {
        <Card title=title note=note>
            <Diff changes=differences(changes)/>
            <p class="card-foot"><a class="link" href=href>"Open the record"</a></p>
        </Card>
    }
    .into_any()
}

fn mail(title: &'static str, note: &'static str, to: String, subject: String, body: String) -> AnyView {
    view! {
        <Card title=title note=note>
            <dl class="facts">
                <dt>"To"</dt><dd><Revealed text=to/></dd>
                <dt>"Subject"</dt><dd class="font-semibold"><Revealed text=subject/></dd>
                <dt>"Text"</dt><dd class="whitespace-pre-line"><Revealed text=body/></dd>
            </dl>
        </Card>
    }
    .into_any()
}
