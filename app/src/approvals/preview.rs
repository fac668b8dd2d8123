//! What would happen, from the stored bytes: never from what the agent wrote about itself.

use hyvve_domain::{
    approvals::{
        Preview, Status,
        policies::{Draft, Handling, Rule},
    },
    ids::{RecordId, UserId},
    records::FieldChange,
};
use leptos::prelude::*;
use serde_json::{Value, json};

use super::handling;
use crate::{
    records::differences,
    shell::use_frame,
    ui::{Card, Diff, Revealed},
};

/// The card of what changes or leaves.
pub(super) fn preview_card(preview: Preview, status: Status, people: &[(UserId, String)]) -> AnyView {
    let waiting = matches!(status, Status::Pending);
    match preview {
        Preview::Record { collection, collection_slug, record_id, title, version, changes } => {
            let title_of_card = if waiting { "What will change" } else { "What it was about" };
            let note = format!("{collection} · {title} · version {version}");
            record(title_of_card, note, &collection_slug, record_id, changes)
        }
        Preview::DeletedRecord { collection, collection_slug, record_id, title, version, fields } => {
            let title_of_card = if waiting { "What will be deleted" } else { "What it was about" };
            let note = format!("{collection} · {title} · version {version}");
            record(title_of_card, note, &collection_slug, record_id, fields)
        }
        Preview::NewRecord { collection, title, fields } => {
            let title_of_card = if waiting { "The new record" } else { "What it was about" };
            let note = format!("{collection} · {title}");
            view! { <Card title=title_of_card note=note><Diff changes=differences(fields)/></Card> }.into_any()
        }
        Preview::Mail { to, subject, body, delivery } => {
            let (title, note) = match (waiting, delivery.as_str()) {
                (true, "mailbox") => ("The mail", "will be kept in the mailbox: no mail server is set up"),
                (true, _) => ("The mail that will leave", "over SMTP"),
                (false, _) => ("The mail", ""),
            };
            mail(title, note, to, subject, body)
        }
        Preview::Policy { before, after } => {
            let title = if waiting { "How the policy will change" } else { "The policy" };
            let changes = differences(policy_changes(&before, &after, people));
            view! { <Card title=title note=after.tool.clone()><Diff changes=changes/></Card> }.into_any()
        }
        Preview::Request { method, url, headers, body } => {
            let title = if waiting { "The request that will leave" } else { "The request" };
            request(title, method, url, headers, body)
        }
        Preview::External { action, arguments } => {
            let title = if waiting { "What the outside agent will do" } else { "What it was about" };
            external(title, action, &arguments)
        }
    }
}

/// A policy as fields that can be compared.
fn policy_changes(before: &Draft, after: &Draft, people: &[(UserId, String)]) -> Vec<FieldChange> {
    let percent = |share: f64| json!(format!("{} %", (share * 1_000.0).round() / 10.0));
    let rules = |draft: &Draft| {
        let line = |rule: &Rule| format!("{}: {} where {}", rule.name, rule.review.as_str(), rule.when);
        Value::from(draft.rules.iter().map(line).collect::<Vec<_>>().join("\n"))
    };
    let (old, new) = (&before.thresholds, &after.thresholds);
    let (was, is) = (&before.handling, &after.handling);
    let lines = |lines: Vec<String>| Value::from(lines.join("\n"));
    let groups = |of: &Handling| lines(of.groups.iter().map(|group| group.words()).collect());
    let asked = |of: &Handling| json!(of.assignment.map(|whom| handling::whom(&whom, people)));
    let ladder = |of: &Handling| lines(of.ladder.iter().map(|step| handling::step(step, people)).collect());
    let fields = [
        ("auto", "By itself from", json!(old.auto), json!(new.auto)),
        ("quick", "A glance from", json!(old.quick), json!(new.quick)),
        ("target", "Agreement that must be certain", percent(old.target), percent(new.target)),
        ("sample", "Looked at afterwards", percent(old.sample), percent(new.sample)),
        ("quorum", "How many have to approve", json!(was.quorum), json!(is.quorum)),
        ("groups", "Among them", groups(was), groups(is)),
        ("requester", "Whoever asks may not decide", json!(was.requester_barred), json!(is.requester_barred)),
        ("due", "Times out after, minutes", json!(was.due_minutes), json!(is.due_minutes)),
        ("assignment", "Who is asked first", asked(was), asked(is)),
        ("ladder", "While nobody decides", ladder(was), ladder(is)),
        ("rules", "Rules", rules(before), rules(after)),
    ];
    let changed = fields.into_iter().filter(|(_, _, before, after)| before != after);
    changed
        .map(|(field, label, before, after)| FieldChange {
            field: field.to_owned(),
            label: label.to_owned(),
            before: Some(before),
            after: Some(after),
        })
        .collect()
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

fn request(
    title: &'static str,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
) -> AnyView {
    let header = |(name, value): (String, String)| {
        view! { <dt><Revealed text=name/></dt><dd class="break-all"><Revealed text=value/></dd> }
    };
    let headers = headers.into_iter().map(header).collect_view();
    let body = match body {
        Some(body) => view! { <dd><pre class="source"><Revealed text=body/></pre></dd> }.into_any(),
        None => view! { <dd class="text-muted-foreground">"none"</dd> }.into_any(),
    };
    view! {
        <Card title=title note="redirects are not followed">
            <dl class="facts">
                <dt>"Method"</dt><dd class="font-semibold">{method}</dd>
                <dt>"URL"</dt><dd class="break-all"><Revealed text=url/></dd>
                {headers}
                <dt>"Body"</dt>{body}
            </dl>
            <p class="card-foot">"HYVVE adds Host, User-Agent, Accept and the length of the body, and nothing else."</p>
        </Card>
    }
    .into_any()
}

/// What somebody else does: nothing of it is HYVVE's, so every argument shows as it was sent.
fn external(title: &'static str, action: String, arguments: &Value) -> AnyView {
    let argument = |(name, value): (&String, &Value)| {
        let shown = match value {
            Value::String(text) => {
                view! { <dd class="whitespace-pre-line break-words"><Revealed text=text.clone()/></dd> }.into_any()
            }
            Value::Array(_) | Value::Object(_) => {
                let json = serde_json::to_string_pretty(value).unwrap_or_default();
                view! { <dd><pre class="source"><Revealed text=json/></pre></dd> }.into_any()
            }
            plain => view! { <dd><code class="hash">{plain.to_string()}</code></dd> }.into_any(),
        };
        view! { <dt class="break-all"><Revealed text=name.clone()/></dt>{shown} }
    };
    let arguments = arguments.as_object().into_iter().flatten().map(argument).collect_view();
    view! {
        <Card title=title note="HYVVE does not know this action">
            <dl class="facts">
                <dt>"Action"</dt><dd class="font-semibold break-all"><Revealed text=action/></dd>
                {arguments}
            </dl>
            <p class="card-foot">"The outside agent does it itself once this is approved, and says what became of it."</p>
        </Card>
    }
    .into_any()
}
