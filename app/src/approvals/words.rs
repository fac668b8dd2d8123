//! What happened, in words that are never ahead of the ledger.

use hyvve_domain::{
    approvals::{Detail, EffectState, Item, Status, Verdict, bulk::Outcome, outside::TOOL},
    tools::Reversibility,
};
use serde_json::Value;

use crate::{agents::tool_label, ui::Tone};

/// How many reasons are told at once.
const REASONS: usize = 3;

/// Whether it can be taken back once it was done.
pub(super) const fn reversibility(of: Reversibility) -> (&'static str, Tone) {
    match of {
        Reversibility::Reversible => ("reversible", Tone::Good),
        Reversibility::Irreversible => ("irreversible", Tone::Bad),
    }
}

/// Where an item stands, as a pill.
pub(crate) fn state(item: &Item) -> (&'static str, Tone) {
    match (item.status, item.effect) {
        (Status::Pending, _) => ("Waiting", Tone::Honey),
        (_, Some(EffectState::Executing)) if item.tool == TOOL => ("Waiting for the outside agent", Tone::Info),
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

/// Who is asked to decide, in the middle of a sentence.
pub(super) fn asked(item: &Item) -> Option<String> {
    item.assignee.clone().or_else(|| item.assigned_role.map(|role| format!("any {role}")))
}

/// What has happened so far, as one sentence after "Proposed by …".
pub(super) fn so_far(detail: &Detail) -> String {
    let by = detail.decided_by.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
    let settled = detail.effect_detail.as_ref().is_some_and(|effect| effect.settled.is_some());
    match (detail.item.status, detail.item.effect) {
        (Status::Pending, _) => "Nothing has happened yet.".to_owned(),
        (_, Some(EffectState::Executing)) if detail.item.tool == TOOL => {
            format!("Approved{by}. The outside agent has not said yet what became of it.")
        }
        (_, Some(EffectState::Done)) if detail.item.tool == TOOL && !settled => {
            format!("Approved{by}, and done, as the outside agent says.")
        }
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
    let answered = result.get("status").and_then(Value::as_u64).map(|status| format!("It answered {status}."));
    match (answered, note) {
        (Some(answered), Some(note)) => format!("{answered} {note}"),
        (answered, note) => note.or(answered).or(version).or(handed).unwrap_or_default(),
    }
}

/// An entry of the history.
pub(super) fn history(what: &str) -> String {
    match what {
        "proposed" => "Proposed".to_owned(),
        "approved" => "Approved".to_owned(),
        "auto_approved" => "Approved by rule".to_owned(),
        "rejected" => "Rejected".to_owned(),
        "voted" => "Approved, with others to follow".to_owned(),
        "edited" => "Changed, and approved as changed".to_owned(),
        "asked" => "Asked the agent instead".to_owned(),
        "withdrawn" => "Approval taken back".to_owned(),
        "superseded" => "Superseded: the target has changed since".to_owned(),
        "timed_out" => "Timed out".to_owned(),
        "cancelled" => "Cancelled".to_owned(),
        "assigned" => "Somebody is asked".to_owned(),
        "reminded" => "Reminded".to_owned(),
        "reassigned" => "Somebody else is asked".to_owned(),
        "escalated" => "Escalated".to_owned(),
        "effect_done" => "Done".to_owned(),
        "effect_failed" => "Failed".to_owned(),
        "effect_unknown" => "Outcome unknown".to_owned(),
        "settled_done" => "Found to have happened".to_owned(),
        "settled_failed" => "Found not to have happened".to_owned(),
        other => other.replace('_', " "),
    }
}

/// What several actions would do in total, by kind, the most frequent first.
pub(super) fn total<'a>(actions: impl IntoIterator<Item = (&'a str, Reversibility)>) -> String {
    let (mut kinds, mut for_good) = (Vec::<(&str, usize)>::new(), 0);
    for (tool, reversibility) in actions {
        for_good += usize::from(reversibility == Reversibility::Irreversible);
        match kinds.iter_mut().find(|(other, _)| *other == tool) {
            Some((_, count)) => *count += 1,
            None => kinds.push((tool, 1)),
        }
    }
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let label = |tool: &str| if tool == TOOL { "By an outside agent".to_owned() } else { tool_label(tool) };
    let kinds: Vec<_> = kinds.into_iter().map(|(tool, count)| format!("{count} × {}", label(tool))).collect();
    let warning = if for_good == 0 { String::new() } else { format!("; {for_good} cannot be taken back") };
    format!("{}{warning}", kinds.join(", "))
}

/// What several decisions came to, in numbers.
fn counts(verdict: Verdict, outcome: &Outcome) -> String {
    let word = if verdict == Verdict::Approve { "approved" } else { "rejected" };
    let part = |count: usize, words: &str| if count == 0 { String::new() } else { format!(", {count} {words}") };
    let waiting = part(outcome.waiting.len(), "approved and waiting for others");
    format!("{} {word}{waiting}{}.", outcome.done.len(), part(outcome.refused.len(), "refused"))
}

/// The same with each reason, as far as `most` bytes hold them, for pages without a script.
#[cfg(feature = "ssr")]
pub(super) fn report(verdict: Verdict, outcome: &Outcome, most: usize) -> String {
    let mut told = counts(verdict, outcome);
    for (place, one) in outcome.refused.iter().enumerate() {
        let line = format!("\n{}: {}", one.title, one.why);
        if told.len() + line.len() > most {
            let more = format!("\n… and {} more.", outcome.refused.len() - place);
            return told + &more;
        }
        told.push_str(&line);
    }
    told
}

/// The same with the first reasons, for what is not in the list any more.
pub(super) fn outcome(verdict: Verdict, outcome: &Outcome) -> String {
    let each = outcome.refused.iter().take(REASONS).map(|one| format!(" {}: {}", one.title, one.why));
    std::iter::once(counts(verdict, outcome)).chain(each).collect()
}

/// What a factor is called.
pub(super) fn factor(name: &str) -> String {
    match name {
        "agreement" => "What people decided before".to_owned(),
        "novelty" => "How well known its sort is".to_owned(),
        "size" => "Its size beside what is usual".to_owned(),
        "reversibility" => "Whether it can be taken back".to_owned(),
        "sensitivity" => "What it touches".to_owned(),
        "stated_confidence" => "What the agent says about itself".to_owned(),
        "completeness" => "Whether all details are there".to_owned(),
        "policy" => "The workspace’s rules".to_owned(),
        other => other.replace('_', " "),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use hyvve_domain::tools::Reversibility::{Irreversible, Reversible};

    use hyvve_domain::{
        approvals::{
            Verdict,
            bulk::{Outcome, Refused},
        },
        ids::ApprovalId,
    };

    use super::{report, total};

    #[test]
    fn a_selection_says_what_it_would_do_by_kind() {
        let actions = [("send_email", Irreversible), ("update_record", Reversible), ("update_record", Reversible)];
        assert_eq!(total(actions), "2 × Change a record, 1 × Send a mail; 1 cannot be taken back");
        assert_eq!(total([("update_record", Reversible)]), "1 × Change a record");
        assert_eq!(total([("external", Reversible)]), "1 × By an outside agent");
    }

    #[test]
    fn a_report_names_what_was_refused_as_far_as_there_is_room() {
        let refused =
            |title: &str| Refused { id: ApprovalId::new(), title: title.to_owned(), why: "Too late.".to_owned() };
        let refused = ["One", "Two", "Three"].map(refused).to_vec();
        let outcome = Outcome { done: vec![ApprovalId::new()], refused, ..Outcome::default() };
        let whole = "1 approved, 3 refused.\nOne: Too late.\nTwo: Too late.\nThree: Too late.";
        assert_eq!(report(Verdict::Approve, &outcome, whole.len()), whole);
        let short = "1 approved, 3 refused.\nOne: Too late.\nTwo: Too late.\n… and 1 more.";
        assert_eq!(report(Verdict::Approve, &outcome, whole.len() - 1), short);
    }
}
