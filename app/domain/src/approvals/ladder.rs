//! What happens while nobody decides: reminders, somebody else, everybody of a role. Step by step, as the policy said when it was
//! proposed; each is taken once, however many nodes look, and none of them decides. When it is over stands in `due_at`, and
//! [`super::due`] ends it as timed out.

use serde_json::json;

use super::{
    Status,
    assignment::{self, Asked},
    decisions_store,
    ladder_store::{self as store, Due},
    outcomes::find_to_decide,
    policies::{Nudge, Rung},
    store::{self as items, Locked},
    trail,
};
use crate::{
    Actor, Result,
    audit::Entry,
    crash,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::Waiting},
    ids::{ApprovalId, WorkspaceId},
    mail::letters::{Letter, post},
    services::Services,
    workspaces::{self, members::Decider},
};

/// Takes an item's next step, if it still waits and the step is due.
pub(crate) async fn next(s: &Services, workspace: WorkspaceId, id: ApprovalId) -> Result<()> {
    if workspaces::service::is_open(s, workspace).await? { climb(s, workspace, id).await } else { Ok(()) }
}

/// Takes an item's next step if it is due. The item is locked from before it is looked at until the step is written down with
/// all that it brings, so that nobody takes it twice, and a node that dies has taken it or not.
async fn climb(s: &Services, workspace: WorkspaceId, id: ApprovalId) -> Result<()> {
    let actor = Actor::system(workspace);
    let mut tx = s.db.tenant(&actor).await?;
    let item = find_to_decide(&mut tx, &actor, id).await?;
    let Some(Due { taken, step, next }) = store::next(&mut tx, id).await? else { return Ok(()) };
    if item.status != Status::Pending {
        return Ok(());
    }
    let deciders = assignment::deciders(&mut tx, &item.parties()).await?;
    let (asked, event, verb): (_, fn(_) -> _, _) = match &step.action {
        Nudge::Remind {} => (item.asked.clone(), DomainEvent::ApprovalReminded, "reminded"),
        Nudge::Reassign { to } => {
            let targets = item.proposal(tx.workspace())?.targets;
            let asked = assignment::choose(&mut tx, to, &item.parties(), &targets, item.asked.person).await?;
            (asked, DomainEvent::ApprovalReassigned, "reassigned")
        }
        Nudge::Escalate { role } => {
            (assignment::of_role(&deciders, *role), DomainEvent::ApprovalEscalated, "escalated")
        }
    };
    let told = told(&asked, &deciders);
    let words = asked.words.clone().unwrap_or_else(|| reminded(&told));
    items::ask(&mut tx, id, &asked).await?;
    store::taken(&mut tx, id, taken + 1, next).await?;
    decisions_store::insert(&mut tx, id, verb, None, Some(&words), &item.hash).await?;
    match (&step.action, asked.person) {
        (Nudge::Reassign { .. }, Some(person)) => {
            assignment::notify(&mut tx, (id, &item.title), person, format!("step {taken}")).await?;
        }
        _ => write(&mut tx, s, (id, taken), &item, &told).await?,
    }
    say(&mut tx, event, id, &item, step, &asked);
    crash::point("step.before_commit");
    tx.commit().await?;
    crash::point("step.after_commit");
    Ok(())
}

/// Who learns of it: whoever is asked, else everybody who may decide.
fn told<'a>(asked: &Asked, deciders: &'a [Decider]) -> Vec<&'a Decider> {
    let asks = |who: &&Decider| match (asked.person, asked.role) {
        (Some(person), _) => who.id == person,
        (None, Some(role)) => who.role == role,
        (None, None) => true,
    };
    let found: Vec<_> = deciders.iter().filter(asks).collect();
    // Whoever was asked may have left.
    if found.is_empty() { deciders.iter().collect() } else { found }
}

/// What the history says of a reminder: who gets a letter, and not who has done without.
fn reminded(told: &[&Decider]) -> String {
    let written: Vec<_> = told.iter().filter(|who| who.reminded).collect();
    match &written[..] {
        [] => "There is nobody to remind.".to_owned(),
        [who] => format!("{} was reminded.", who.name),
        several => format!("{} people were reminded.", several.len()),
    }
}

/// A letter to each of them who has not done without.
async fn write(
    tx: &mut TenantTx,
    s: &Services,
    (id, step): (ApprovalId, i16),
    item: &Locked,
    told: &[&Decider],
) -> Result<()> {
    let here = workspaces::service::of(tx).await?;
    let link = format!("{}/w/{}/approvals/{id}", s.settings.public_url, here.slug);
    for who in told.iter().filter(|who| who.reminded) {
        let cause = format!("step:{id}:{step}:{}", who.id);
        let letter = Letter::new(cause, &who.email, &format!("An action waits for your decision in {}", here.name))
            .line(&format!("Hello {},", who.name))
            .line(&format!("this waits for a decision in “{}”, and nobody has decided yet:", here.name))
            .line(&format!("• {}", item.title))
            .action("Look at it", &link)
            .line("Nothing happens until somebody decides. You can do without these mails: Account → Profile.");
        post(tx.conn(), s, letter).await?;
    }
    Ok(())
}

fn say(tx: &mut TenantTx, what: fn(Waiting) -> DomainEvent, id: ApprovalId, item: &Locked, step: Rung, asked: &Asked) {
    let mut facts = trail::facts(item);
    facts["afterMinutes"] = json!(step.after_minutes);
    asked.tell(&mut facts);
    let event = what(Waiting {
        title: item.title.clone(),
        run: item.run,
        assignee_id: asked.person,
        assigned_role: asked.role,
    });
    tx.audit(Entry::new(event.name(), "approval", id.0).details(facts));
    tx.emit(Draft::new(event, id).only_for(item.requester));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Role, Timestamp, ids::UserId};

    #[test]
    fn whoever_is_asked_is_told_and_everybody_where_that_person_has_left() {
        let who = |role, name: &str| Decider {
            id: UserId::new(),
            role,
            name: name.to_owned(),
            email: String::new(),
            reminded: true,
            since: Timestamp::now(),
        };
        let all = [who(Role::Owner, "Grace"), who(Role::Admin, "Ada")];
        let asks = |person, role| {
            let asked = Asked { person, role, words: None };
            told(&asked, &all).into_iter().map(|who| who.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(asks(Some(all[1].id), None), ["Ada"]);
        assert_eq!(asks(None, Some(Role::Owner)), ["Grace"]);
        assert_eq!(asks(None, None), ["Grace", "Ada"]);
        assert_eq!(asks(Some(UserId::new()), None), ["Grace", "Ada"]);

        // Who does without such letters is not said to have been reminded.
        let quiet = Decider { reminded: false, ..who(Role::Admin, "Alan") };
        assert_eq!(reminded(&[&all[0], &quiet]), "Grace was reminded.");
        assert_eq!(reminded(&[&quiet]), "There is nobody to remind.");
    }
}
