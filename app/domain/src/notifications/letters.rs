//! The letters that tell of notifications: one about each, or a digest. Each link opens a page, after signing in where that is needed;
//! none decides anything.

use serde_json::Value;

use super::{
    Kind,
    deliver_store::{Parcel, Person},
};
use crate::{
    approvals::reminders::Waiting,
    ids::{UserId, WorkspaceId},
    mail::letters::Letter,
};

/// How many entries of a digest are named.
const NAMED: usize = 30;

/// What letters say of their workspace.
pub(super) struct Here {
    pub(super) id: WorkspaceId,
    pub(super) name: String,
    /// The address of its pages, without a slash at the end.
    pub(super) home: String,
}

/// A letter about one notification. `waiting`: what waits for a decision, where it is about that.
pub(super) fn about(here: &Here, parcel: &Parcel, person: &Person, waiting: Option<&Waiting>) -> Letter {
    let told = parcel.kind.sentence(&parcel.facts, parcel.by.as_deref(), waiting.map_or(0, |waiting| waiting.total));
    let (subject, lines) = words(here, parcel.kind, &parcel.facts, &told);
    let mut letter = Letter::new(format!("notification:{}", parcel.id), &person.email, &subject);
    letter = letter.line(&format!("Hello {},", person.name));
    for line in lines {
        letter = letter.line(&line);
    }
    if let Some(waiting) = waiting {
        letter = items(letter, here, waiting);
    }
    letter.action("Look at it", &format!("{}{}", here.home, parcel.kind.path(parcel.subject_id))).line(&choice(here))
}

/// The titles of what waits, each with the address of its card.
pub(super) fn items(letter: Letter, here: &Here, waiting: &Waiting) -> Letter {
    let titles = waiting.items.iter();
    titles.fold(letter, |letter, (id, title)| letter.link(title, &format!("{}/approvals/{id}", here.home)))
}

fn choice(here: &Here) -> String {
    format!("You can choose what you are told of, and how: {}/settings/notifications", here.home)
}

/// The subject, and what the letter says before its button.
fn words(here: &Here, kind: Kind, facts: &Value, told: &str) -> (String, Vec<String>) {
    match kind {
        Kind::WebhookDisabled => (
            "A webhook was disabled".to_owned(),
            vec![
                format!("“{}”: {told}", here.name),
                "When it is there again, enable it. What it has missed in the last 30 days can be sent again from its page."
                    .to_owned(),
            ],
        ),
        Kind::BudgetAlert => {
            let percent = facts["percent"].as_i64().unwrap_or_default();
            let (subject, after) = if percent >= 100 {
                ("An AI budget is used up".to_owned(), "Agents are asked nothing more that it pays for, until the month ends or somebody raises it.")
            } else {
                (format!("An AI budget is {percent} % spent"), "When all of it is spent, agents are asked nothing more that it pays for.")
            };
            (subject, vec![format!("{told}."), after.to_owned()])
        }
        Kind::ApprovalWaiting => (
            format!("{told} in {}", here.name),
            vec![format!("{told} in “{}”.", here.name), "Nothing happens until somebody decides.".to_owned()],
        ),
        Kind::ApprovalAssigned
        | Kind::Mentioned
        | Kind::ProposalDecided
        | Kind::ApprovalTimedOut
        | Kind::QuestionAnswered
        | Kind::RoleChanged => (kind.label().to_owned(), vec![format!("{told}, in “{}”.", here.name)]),
    }
}

/// One letter about what was collected.
pub(super) fn collected(
    here: &Here,
    to: UserId,
    person: &Person,
    parcels: &[&Parcel],
    waiting: Option<&Waiting>,
) -> Letter {
    match parcels {
        [one] => about(here, one, person, waiting.filter(|_| one.kind == Kind::ApprovalWaiting)),
        several => digest(here, to, person, several, waiting),
    }
}

/// One letter about several. It is named after the first of them, which is in no other: a moment would not do, because what is settled
/// just before the hour may be taken out of that hour's digest after the others.
pub(super) fn digest(
    here: &Here,
    to: UserId,
    person: &Person,
    parcels: &[&Parcel],
    waiting: Option<&Waiting>,
) -> Letter {
    let first = parcels.first().map(|parcel| parcel.id.to_string()).unwrap_or_default();
    let cause = format!("digest:{}:{to}:{first}", here.id);
    let what = if parcels.len() == 1 { "1 thing".to_owned() } else { format!("{} things", parcels.len()) };
    let mut letter = Letter::new(cause, &person.email, &format!("{what} to know in {}", here.name))
        .line(&format!("Hello {},", person.name))
        .line(&format!("This has happened in “{}”:", here.name));
    for parcel in parcels.iter().take(NAMED) {
        let told =
            parcel.kind.sentence(&parcel.facts, parcel.by.as_deref(), waiting.map_or(0, |waiting| waiting.total));
        letter = letter.link(&told, &format!("{}{}", here.home, parcel.kind.path(parcel.subject_id)));
    }
    if parcels.len() > NAMED {
        letter = letter.line(&format!("… and {} more.", parcels.len() - NAMED));
    }
    letter.action("Look at all of them", &format!("{}/notifications", here.home)).line(&choice(here))
}
