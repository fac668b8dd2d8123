//! What happened, in words that are never ahead of the ledger.

use hyvve_domain::{
    approvals::{Detail, EffectState, Item, Status},
    tools::Reversibility,
};
use serde_json::Value;

use crate::ui::Tone;

/// Whether it can be taken back once it was done.
pub(super) const fn reversibility(of: Reversibility) -> (&'static str, Tone) {
    match of {
        Reversibility::Reversible => ("reversible", Tone::Good),
        Reversibility::Irreversible => ("irreversible", Tone::Bad),
    }
}

/// Where an item stands, as a pill.
pub(crate) const fn state(item: &Item) -> (&'static str, Tone) {
    match (item.status, item.effect) {
        (Status::Pending, _) => ("Waiting", Tone::Honey),
        (Status::Approved | Status::AutoApproved, Some(EffectState::Executing)) => ("Being carried out", Tone::Info),
        (Status::Approved | Status::AutoApproved, Some(EffectState::Done)) => ("Done", Tone::Good),
        (Status::Approved | Status::AutoApproved, Some(EffectState::Failed)) => ("Failed", Tone::Bad),
        (Status::Approved | Status::AutoApproved, Some(EffectState::Unknown)) => ("Outcome unknown", Tone::Warn),
        (Status::Approved, _) => ("Approved", Tone::Info),
        (Status::AutoApproved, _) => ("Approved by rule", Tone::Info),
        (Status::Rejected, _) => ("Rejected", Tone::Neutral),
        (Status::TimedOut, _) => ("Timed out", Tone::Neutral),
        (Status::Cancelled, _) => ("Cancelled", Tone::Neutral),
        (Status::Superseded, _) => ("Superseded", Tone::Neutral),
    }
}

/// What has happened so far, as one sentence after "Proposed by …".
pub(super) fn so_far(detail: &Detail) -> String {
    let by = detail.decided_by.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
    match (detail.item.status, detail.item.effect) {
        (Status::Pending, _) => "Nothing has happened yet.".to_owned(),
        (Status::Approved | Status::AutoApproved, Some(EffectState::Executing)) => {
            format!("Approved{by}. It is being carried out.")
        }
        (Status::Approved | Status::AutoApproved, Some(EffectState::Done)) => format!("Approved{by}, and done."),
        (Status::Approved | Status::AutoApproved, Some(EffectState::Failed)) => {
            format!("Approved{by}, but it failed: it was not done.")
        }
        (Status::Approved | Status::AutoApproved, Some(EffectState::Unknown)) => {
            format!("Approved{by}. Whether it happened is not known.")
        }
        (Status::Approved | Status::AutoApproved, _) => format!("Approved{by}. It has not begun yet."),
        (Status::Rejected, _) => format!("Rejected{by}. Nothing was done."),
        (Status::TimedOut, _) => "Nobody decided in time. Nothing was done.".to_owned(),
        (Status::Cancelled, _) => "The run was cancelled. Nothing was done.".to_owned(),
        (Status::Superseded, _) => "What it wanted to change has changed since. Nothing was done.".to_owned(),
    }
}

/// What an effect says about itself.
pub(super) fn result(result: &Value) -> String {
    let version =
        result.get("version").and_then(Value::as_i64).map(|version| format!("The record is at version {version} now."));
    let note = result.get("note").and_then(Value::as_str).map(str::to_owned);
    let handed = (result.get("delivery").and_then(Value::as_str) == Some("smtp"))
        .then(|| "Handed to the mail server.".to_owned());
    note.or(version).or(handed).unwrap_or_default()
}

/// An entry of the history.
pub(super) fn history(what: &str) -> String {
    match what {
        "proposed" => "Proposed".to_owned(),
        "approved" => "Approved".to_owned(),
        "auto_approved" => "Approved by rule".to_owned(),
        "rejected" => "Rejected".to_owned(),
        "withdrawn" => "Approval taken back".to_owned(),
        "superseded" => "Superseded: the target has changed since".to_owned(),
        "timed_out" => "Timed out".to_owned(),
        "cancelled" => "Cancelled".to_owned(),
        "effect_done" => "Done".to_owned(),
        "effect_failed" => "Failed".to_owned(),
        "effect_unknown" => "Outcome unknown".to_owned(),
        "settled_done" => "Found to have happened".to_owned(),
        "settled_failed" => "Found not to have happened".to_owned(),
        other => other.replace('_', " "),
    }
}
