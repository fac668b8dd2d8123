//! An entry of the log in plain words.

use hyvve_domain::audit::Row;
use serde_json::Value;

use crate::agents::tool_label;

/// Who did it.
pub(super) fn actor(row: &Row) -> String {
    match (&row.actor_name, row.actor_kind.as_str()) {
        (Some(name), _) => name.clone(),
        (None, "system") => "HYVVE".to_owned(),
        (None, _) => "Somebody who is gone".to_owned(),
    }
}

/// What was done, as the middle of a sentence: “approved”, “began”.
pub(super) fn verb(action: &str) -> String {
    let words = match action {
        "approval.requested" => "proposed",
        "approval.approved" => "approved",
        "approval.voted" => "approved, with others to follow,",
        "approval.edited" => "changed before approving",
        "approval.asked" => "asked the agent about",
        "approval.assigned" => "handed over or put off",
        "approval.commented" => "commented on",
        "approval.reminded" => "reminded those who are asked of",
        "approval.reassigned" => "asked somebody else about",
        "approval.escalated" => "asked everybody of a role about",
        "approval.timed_out" => "let time out",
        "approval.routed" => "held back for a decision",
        "approval.auto_approved" => "let through by rule",
        "approval.confirmed" => "would have approved",
        "approval.disputed" => "would not have approved",
        "approval_policy.changed" => "changed an approval policy of",
        "approval_grant.created" => "granted in advance",
        "calibration.reset" => "took trust back from",
        "approval.rejected" => "rejected",
        "approval.withdrawn" => "took back the approval of",
        "approval.cancelled" | "run.cancelled" => "cancelled",
        "approval.superseded" => "ended, because its target had changed,",
        "effect.executing" => "began to carry out",
        "effect.done" => "carried out",
        "effect.failed" => "did not carry out",
        "effect.unknown" => "does not know whether it carried out",
        "effect.settled" => "found out what became of",
        "record.updated"
        | "ai_provider.updated"
        | "agent.updated"
        | "workspace.updated"
        | "budget.changed"
        | "webhook.updated" => "changed",
        "run.started" => "started",
        "run.completed" => "completed",
        "run.failed" => "failed in",
        "run.cancel_requested" => "asked to cancel",
        "run.answered" => "answered a question of",
        "ai_provider.created" | "webhook.created" | "record.created" => "added",
        "ai_provider.deleted" | "workspace.deleted" | "record.deleted" => "deleted",
        "ai_provider.tested" | "webhook.tested" => "tested",
        "webhook.enabled" => "enabled",
        "webhook.disabled" => "disabled",
        "webhook.rotated" => "gave another secret to",
        "webhook.replayed" => "sent what had happened again to",
        "event.dead_lettered" => "gave up on",
        "event.requeued" => "had dealt with again",
        "event.discarded" => "discarded",
        "webhook.redelivered" => "sent an event again to",
        "ai_fallbacks.set" => "changed who is asked instead in",
        "data_key.made" => "made a new data key for",
        "data_key.removed" => "removed old data keys of",
        "model_price.set" => "changed a price at",
        "budget.set" => "set",
        "budget.removed" | "webhook.deleted" => "removed",
        "budget.alerted" => "has spent a large share of",
        "record.assigned" => "assigned",
        "record.shared" => "shared",
        "record.unshared" => "shares no more",
        "workspace.created" | "workspace.api_key.created" | "workspace.member.invited" => "made",
        "workspace.restored" | "record.restored" => "brought back",
        "workspace.transferred" => "handed over",
        "workspace.api_key.revoked" | "approval_grant.revoked" => "revoked",
        "workspace.invitation.canceled" => "took back",
        "workspace.invitation.kept" => "keeps for the address that somebody signs up with",
        "workspace.invitation.rejected" => "declined",
        "workspace.member.joined" => "joined",
        "workspace.member.left" => "left",
        "workspace.member.removed" => "removed a member",
        "workspace.member.role_changed" => "changed the role of a member",
        "channel.signing_changed" => "changed what signs the buttons of",
        "channel.connected" => "connected a user of Slack with",
        "channel.disconnected" => "disconnected a user of Slack from",
        "notification_settings.changed" => "changed their own notifications",
        "notification_settings.webhook_set" => "has their notifications sent to a webhook",
        "notification_settings.webhook_removed" => "removed a webhook of their notifications",
        "auth.signed_out" => "signed out",
        "auth.passkey_renamed" => "renamed a passkey",
        "auth.codes_refused" => "showed too many wrong codes",
        "auth.linked" => "linked another way to sign in",
        "auth.unlinked" => "unlinked a way to sign in",
        "auth.signed_in" => "signed in",
        "auth.signed_in_with_passkey" => "signed in with a passkey",
        "auth.signed_in_by_link" => "signed in by a link from a mail",
        "auth.second_factor_added" => "added a second factor",
        "auth.second_factor_removed" => "removed a second factor",
        "auth.recovery_code_used" => "used a recovery code",
        "auth.recovery_codes_renewed" => "made new recovery codes",
        "workspace.security_changed" => "changed what is asked of those who enter",
        "workspace.openness_changed" => "changed how far agents reach in",
        "auth.signed_up" => "made an account",
        "auth.limited" => "refused more attempts at an account",
        "auth.password_reset" => "chose a new password by a link from a mail",
        "auth.email_verified" => "confirmed an e-mail address",
        "auth.email_changed" => "confirmed another e-mail address",
        "account.updated" => "changed a profile",
        "account.password_changed" => "changed a password",
        "account.email_asked" => "asked for another e-mail address",
        "account.sessions_revoked" => "signed out other sessions",
        "account.delete_asked" => "asked to delete an account",
        other => return other.replace(['.', '_'], " "),
    };
    words.to_owned()
}

/// What it was done to; empty where the verb says all.
pub(super) fn object(row: &Row) -> String {
    let detail = |key: &str| row.details.get(key).and_then(Value::as_str);
    match row.subject_kind.as_str() {
        "approval" => detail("tool").map_or_else(|| "an action".to_owned(), |tool| format!("“{}”", tool_label(tool))),
        "run" => "a run".to_owned(),
        "record" => detail("collection").map_or_else(|| "a record".to_owned(), |slug| format!("a record of {slug}")),
        "ai_provider" => {
            detail("name").map_or_else(|| "an AI provider".to_owned(), |name| format!("the AI provider {name}"))
        }
        "agent" => detail("name").map_or_else(|| "an agent".to_owned(), |name| format!("the agent {name}")),
        "api_key" => detail("name").map_or_else(|| "an API key".to_owned(), |name| format!("the API key “{name}”")),
        "budget" => "an AI budget".to_owned(),
        "approval_grant" => {
            detail("tool").map_or_else(|| "a grant".to_owned(), |tool| format!("a grant of “{}”", tool_label(tool)))
        }
        "webhook" => detail("host").map_or_else(|| "a webhook".to_owned(), |host| format!("the webhook to {host}")),
        "event" => detail("type").map_or_else(|| "an event".to_owned(), |name| format!("the event {name}")),
        "invitation" => "an invitation".to_owned(),
        "workspace" => "this workspace".to_owned(),
        "user" | "notification_settings" => String::new(),
        other => other.replace('_', " "),
    }
}

/// The path of the page that shows what it was done to.
pub(super) fn path(row: &Row) -> Option<String> {
    let id = row.subject_id?;
    match row.subject_kind.as_str() {
        "approval" => Some(format!("/approvals/{id}")),
        "run" => Some(format!("/runs/{id}")),
        "agent" => Some(format!("/agents/{id}")),
        "record" => row.details.get("collection").and_then(Value::as_str).map(|slug| format!("/records/{slug}/{id}")),
        "ai_provider" => Some("/settings/ai-providers".to_owned()),
        "budget" => Some("/usage/budgets".to_owned()),
        "approval_grant" => Some("/settings/approval-policy/grants".to_owned()),
        "event" if row.action != "event.discarded" => Some("/settings/events/dead-letters".to_owned()),
        "webhook" if row.action != "webhook.deleted" => Some(format!("/settings/webhooks/{id}")),
        _ => None,
    }
}

/// What the person said with it.
pub(super) fn note(row: &Row) -> Option<String> {
    let personal = row.personal.as_ref()?;
    let text = |key: &str| personal.get(key).and_then(Value::as_str).map(str::to_owned);
    text("note").or_else(|| text("answer"))
}

#[cfg(test)]
mod tests {
    use super::{actor, object, path, verb};
    use hyvve_domain::{Timestamp, audit::Row};
    use serde_json::{Value, json};

    fn row(action: &str, subject: &str, details: Value) -> Row {
        Row {
            seq: 1,
            at: Timestamp(time::OffsetDateTime::UNIX_EPOCH),
            actor_kind: "user".into(),
            actor_id: None,
            actor_name: Some("Ada".into()),
            action: action.into(),
            subject_kind: subject.into(),
            subject_id: Some(uuid::Uuid::nil()),
            details,
            personal: None,
            hash: String::new(),
            anchored: true,
        }
    }

    fn sentence(row: &Row) -> String {
        format!("{} {} {}", actor(row), verb(&row.action), object(row))
    }

    #[test]
    fn entries_read_as_sentences() {
        let rejected = row("approval.rejected", "approval", json!({ "tool": "send_email" }));
        assert_eq!(sentence(&rejected), "Ada rejected “Send a mail”");
        let changed = row("record.updated", "record", json!({ "collection": "customers" }));
        assert_eq!(sentence(&changed), "Ada changed a record of customers");
        assert_eq!(path(&changed), Some(format!("/records/customers/{}", uuid::Uuid::nil())));
        assert_eq!(sentence(&row("new.thing_done", "thing", json!({}))), "Ada new thing done thing");
    }
}
