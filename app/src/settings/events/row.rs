//! One event as a row: its type, what has happened, to what, and what it says.

use hyvve_domain::events::{Event, catalogue::Kind};
use leptos::prelude::*;
use serde_json::Value;

use crate::{
    shell::use_frame,
    ui::{Disclosure, Json, Time},
};

/// A row of the list.
pub(super) fn event_row(event: Event) -> AnyView {
    let what = Kind::named(&event.name).map(|kind| view! { <p class="text-muted-foreground">{kind.what()}</p> });
    let title = title(&event.payload).map(|title| view! { <p>{format!("“{title}”")}</p> });
    let subject = subject(&event);
    let facts = match &event.payload {
        Value::Object(facts) if facts.is_empty() => None,
        payload => Some(payload.clone()),
    };
    let facts = facts.map_or_else(
        || view! { <p class="text-muted-foreground">"It says nothing beside what it is about."</p> }.into_any(),
        |facts| view! { <Json value=facts/> }.into_any(),
    );
    let about = event.subject_id.map_or_else(String::new, |id| id.to_string());
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title mono">{event.name.clone()}</p>
                {title}
                {what}
                <div class="meta"><Time at=event.created_at/><span>{format!("#{}", event.seq)}</span>{subject}</div>
                <Disclosure summary="What it says" id=format!("event-{}", event.seq)>
                    {facts}
                    <dl class="json">
                        <dt>"id"</dt><dd class="mono">{event.id.to_string()}</dd>
                        <dt>"version"</dt><dd>{event.version}</dd>
                        <dt>"subjectKind"</dt><dd>{event.subject_kind}</dd>
                        <dt>"subjectId"</dt><dd class="mono">{about}</dd>
                    </dl>
                </Disclosure>
            </div>
        </li>
    }
    .into_any()
}

/// What would be, or was, done.
fn title(payload: &Value) -> Option<&str> {
    payload.get("title").and_then(Value::as_str)
}

/// What it happened to, linked to the page that shows it.
fn subject(event: &Event) -> AnyView {
    let kind = event.subject_kind.replace('_', " ");
    match path(event) {
        Some(path) => view! { <a class="link" href=use_frame().href(&path)>{kind}</a> }.into_any(),
        None => view! { <span>{kind}</span> }.into_any(),
    }
}

/// The path of the page that shows what it happened to, where there is one.
fn path(event: &Event) -> Option<String> {
    // Most of these are about no single one.
    if event.subject_kind == "notification" {
        return Some("/notifications".to_owned());
    }
    let id = event.subject_id?;
    match event.subject_kind.as_str() {
        "approval" => Some(format!("/approvals/{id}")),
        "run" => Some(format!("/runs/{id}")),
        "agent" => Some(format!("/agents/{id}")),
        "record" => event.payload.get("collection").and_then(Value::as_str).map(|slug| format!("/records/{slug}/{id}")),
        "ai_provider" => Some("/settings/ai-providers".to_owned()),
        "budget" => Some("/usage/budgets".to_owned()),
        "approval_grant" => Some("/settings/approval-policy/grants".to_owned()),
        "webhook" if event.name != "webhook.deleted" => Some(format!("/settings/webhooks/{id}")),
        "user" | "invitation" => Some("/settings/members".to_owned()),
        "api_key" => Some("/settings/api-keys".to_owned()),
        "workspace" => Some("/settings/general".to_owned()),
        // It has no page of its own; what became of it is said where it rested.
        "event" => Some("/settings/events/dead-letters".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hyvve_domain::{Timestamp, events::catalogue::CATALOGUE};
    use serde_json::json;

    use super::*;

    fn event(name: &str, subject_kind: &str) -> Event {
        Event {
            seq: 1,
            id: uuid::Uuid::nil(),
            name: name.into(),
            version: 1,
            subject_kind: subject_kind.into(),
            subject_id: Some(uuid::Uuid::nil()),
            payload: json!({ "collection": "customers" }),
            created_at: Timestamp(time::OffsetDateTime::UNIX_EPOCH),
        }
    }

    #[test]
    fn whatever_an_event_is_about_has_a_page() {
        for kind in CATALOGUE.iter().filter(|kind| kind.name != "webhook.deleted") {
            for subject in kind.subjects {
                assert!(path(&event(kind.name, subject)).is_some(), "{}: {subject}", kind.name);
            }
        }
        let read = Event { subject_id: None, ..event("notification.read", "notification") };
        assert_eq!(path(&read).as_deref(), Some("/notifications"));
        assert_eq!(path(&event("webhook.deleted", "webhook")), None);
        let shared = Event { payload: json!({}), ..event("record.shared", "record") };
        assert_eq!(path(&shared), None, "which collection it is in, it does not say");
    }
}
