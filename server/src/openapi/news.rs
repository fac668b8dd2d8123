//! What happens and who hears of it: webhooks, events, notifications, the audit log; and the installation's jobs.

use hyvve_domain::{
    Role,
    audit::Verdict,
    events::dead_letters::DeadLetter,
    jobs::Overview,
    mail::Mail,
    notifications::Notification,
    webhooks::{Delivery, Endpoint},
};
use serde_json::json;

use super::operation::{Operation, delete, get, of, patch, post};
use crate::{
    http::{
        audit as log, dead_letters, events as happened, mails, notifications as told, operator as jobs, stream,
        webhooks as hooks,
    },
    reply::Data,
};

/// What Slack sends.
const SLACK: [(&str, &str); 2] = [
    ("x-slack-request-timestamp", "When Slack sent it, in seconds since 1970."),
    ("x-slack-signature", "Slack’s signature, with the secret that the webhook has."),
];

const LAST_EVENT_ID: [(&str, &str); 1] =
    [("last-event-id", "Goes on after the frame of this id; a browser that comes back sends it by itself.")];

pub(super) fn webhooks() -> Vec<Operation> {
    let payload = json!({ "type": "object", "required": ["payload"], "properties": {
        "payload": { "type": "string", "description": "Slack’s interaction, as JSON." },
    } });
    vec![
        get("/api/webhooks", hooks::list, "The workspace’s webhooks.")
            .role(Role::manages_webhooks)
            .data::<Vec<Endpoint>>(),
        post("/api/webhooks", hooks::create, "Adds a webhook. Its secret is shown in this reply only.")
            .role(Role::manages_webhooks)
            .made::<hooks::WithSecret>(),
        get("/api/webhooks/{id}", hooks::get, "One webhook.").role(Role::manages_webhooks).data::<Endpoint>(),
        patch("/api/webhooks/{id}", hooks::update, "Changes a webhook; what is missing stays.")
            .role(Role::manages_webhooks)
            .data::<Endpoint>(),
        delete("/api/webhooks/{id}", hooks::delete, "Removes a webhook.").role(Role::manages_webhooks).success(),
        post("/api/webhooks/{id}/rotate", hooks::rotate, "Makes a new secret; for a while both sign.")
            .role(Role::manages_webhooks)
            .data::<hooks::WithSecret>(),
        post("/api/webhooks/{id}/test", hooks::test, "Sends a test now, and answers what came of it.")
            .role(Role::manages_webhooks)
            .data::<Delivery>(),
        post(
            "/api/webhooks/{id}/replay",
            hooks::replay,
            "Sends again what has happened since, of some types only if any are named.",
        )
        .role(Role::manages_webhooks)
        .answers(of::<Data<hooks::Replayed>>),
        get("/api/webhooks/{id}/deliveries", hooks::deliveries, "What was sent, with every try, the newest first.")
            .role(Role::manages_webhooks)
            .page::<Delivery>(),
        post("/api/webhooks/{id}/deliveries/{delivery_id}/redeliver", hooks::redeliver, "Sends one again.")
            .role(Role::manages_webhooks)
            .data::<Delivery>(),
        post(
            "/api/slack/{id}",
            hooks::pressed,
            "Somebody has pressed a button in a channel: for Slack, which signs it.",
        )
        .headers(&SLACK)
        .body(&["application/x-www-form-urlencoded"], payload)
        .refuses(&[401])
        .bare(200, "Taken."),
    ]
}

pub(super) fn events() -> Vec<Operation> {
    vec![
        get("/api/events", happened::read, "What has happened, oldest first, with the ids of then; waits for what comes if asked to.")
            .more("Without `after` and `since`, from the oldest that is kept. What there is to hear of says `/api/asyncapi.json`.")
            .role(Role::can_read_events)
            .answers(of::<happened::Events>),
        get("/api/asyncapi.json", happened::described, "What there is to hear of: AsyncAPI 3.0.").answers(|_| json!({ "type": "object" })),
        get("/api/openapi.json", happened::addresses, "This document.").answers(|_| json!({ "type": "object" })),
        get("/api/stream", stream::open, "A browser’s one stream of server-sent events.")
            .more("From `cursor` on, or from now on. `runs` is `run:next_index,…`; a run that cannot be followed is answered with `gone`. The frames are described by `/api/asyncapi.json`.")
            .headers(&LAST_EVENT_ID)
            .other("text/event-stream", "Frames, until somebody goes."),
        get("/api/events/dead-letters", dead_letters::list, "Events that a consumer could not deal with.")
            .role(Role::handles_dead_letters)
            .page::<DeadLetter>(),
        post("/api/events/dead-letters/{id}/requeue", dead_letters::requeue, "Has a consumer try again to deal with an event.")
            .role(Role::handles_dead_letters)
            .data::<DeadLetter>(),
        delete("/api/events/dead-letters/{id}", dead_letters::discard, "Gives an event up.")
            .role(Role::handles_dead_letters)
            .success(),
    ]
}

pub(super) fn notifications() -> Vec<Operation> {
    vec![
        get("/api/notifications", told::list, "What one was told, the newest first.").page::<Notification>(),
        post("/api/notifications/read", told::read_all, "Marks all as read.").answers(of::<Data<told::Marked>>),
        post("/api/notifications/{id}/read", told::read, "Marks one as read.").success(),
    ]
}

pub(super) fn audit() -> Vec<Operation> {
    vec![
        get("/api/audit-log", log::list, "The audit log, the newest first: rows before `before`.")
            .role(Role::can_audit)
            .answers(of::<log::Rows>),
        get("/api/audit-log/export", log::export, "The whole audit log, oldest first.")
            .role(Role::can_audit)
            .other("application/x-ndjson", "JSON Lines that can be checked without HYVVE."),
        post("/api/audit-log/verify", log::verify, "Checks the chain, and what is kept of it outside the database.")
            .role(Role::can_audit)
            .data::<Verdict>(),
        get(
            "/api/mails",
            mails::list,
            "Mail that the workspace sent, or that was kept because there is no mail server.",
        )
        .role(Role::can_read_mailbox)
        .page::<Mail>(),
    ]
}

pub(super) fn operator() -> Vec<Operation> {
    vec![
        get("/api/operator/jobs", jobs::jobs, "What waits to be done in the whole installation, and what went wrong.")
            .more("To whoever does not run the installation it is not there.")
            .refuses(&[404])
            .data::<Overview>(),
        post("/api/operator/jobs/{id}/run", jobs::run, "Does a failed job again, now.").success(),
        delete("/api/operator/jobs/{id}", jobs::give_up, "Gives a failed job up.").success(),
    ]
}
