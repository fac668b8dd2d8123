//! What a policy cannot be: refused with the field and a sentence.

use std::collections::BTreeSet;

use super::{Action, Assignment, Handling, Rule, Step};
use crate::{
    Error, Result, Role,
    approvals::{quorum::Group, routing::Thresholds},
    db::TenantTx,
    workspaces::members::{role_of, who_decides},
};

/// The most people of whom a policy wants to hear.
const MAX_PEOPLE: i16 = 10;
/// The most minutes that something waits: 30 days.
const MAX_MINUTES: i32 = 43_200;
/// The most steps of a ladder.
const MAX_STEPS: usize = 10;

pub(super) fn name(rule: &mut Rule, place: usize) -> Result<()> {
    let field = format!("rules[{place}].name");
    rule.name = rule.name.trim().to_owned();
    match rule.name.chars().count() {
        0 => Err(Error::invalid(&field, "required", "Please name the rule; people read the name when it applies.")),
        1..=80 if !rule.name.chars().any(char::is_control) => Ok(()),
        _ => Err(Error::invalid(
            &field,
            "maxLength",
            "A rule’s name has at most 80 characters, none of them for control.",
        )),
    }
}

pub(super) fn thresholds(of: &Thresholds) -> Result<()> {
    let within = |field: &str, value: f64, least: f64, most: f64, words: &str| {
        if (least..=most).contains(&value) {
            return Ok(());
        }
        Err(Error::invalid(&format!("thresholds.{field}"), "range", words))
    };
    within("auto", of.auto, 50.0, 101.0, "Between 50 and 100, or 101 for never.")?;
    within("quick", of.quick, 0.0, 101.0, "Between 0 and 100, or 101 for never.")?;
    within("target", of.target, 0.5, 0.999, "Between 50 and 99.9 %.")?;
    within("sample", of.sample, 0.01, 1.0, "Between 1 and 100 %.")?;
    if of.quick > of.auto {
        return Err(Error::invalid(
            "thresholds.quick",
            "range",
            "A quick review cannot begin above what goes on by itself.",
        ));
    }
    Ok(())
}

/// How items are to wait, for the people that there are.
pub(super) async fn handling(tx: &mut TenantTx, of: &Handling) -> Result<()> {
    let deciders: Vec<Role> = who_decides(tx).await?.into_iter().map(|who| who.role).collect();
    let there_are = i64::try_from(deciders.len()).unwrap_or(i64::MAX);
    if !(1..=MAX_PEOPLE).contains(&of.quorum) || i64::from(of.quorum) > there_are.max(1) {
        let message =
            format!("Between 1 and {MAX_PEOPLE}, and no more than there are owners and admins ({there_are}).");
        return Err(Error::invalid("handling.quorum", "range", message));
    }
    groups(&of.groups, &deciders)?;
    if of.requester_barred && deciders.len() < 2 {
        let message = "Nobody could decide on what you ask for: you are the only one here who decides.";
        return Err(Error::invalid("handling.requesterBarred", "nobody", message));
    }
    if of.due_minutes.is_some_and(|minutes| !(1..=MAX_MINUTES).contains(&minutes)) {
        return Err(Error::invalid("handling.dueMinutes", "range", "Between 1 minute and 30 days (43,200)."));
    }
    order(of)?;
    if let Some(assignment) = &of.assignment {
        whom(tx, "handling.assignment", assignment, &deciders).await?;
    }
    for (place, Step { action, .. }) in of.ladder.iter().enumerate() {
        let field = format!("handling.ladder[{place}].action");
        match action {
            Action::Remind {} | Action::TimeOut {} => {}
            Action::Reassign { to: to @ (Assignment::Person { .. } | Assignment::RoundRobin { .. }) } => {
                whom(tx, &field, to, &deciders).await?;
            }
            Action::Reassign { .. } => {
                let message =
                    "A step asks a person, or the next one of a role; everybody of a role is asked by escalating.";
                return Err(Error::invalid(&field, "kind", message));
            }
            Action::Escalate { role } => decides(&field, *role, &deciders)?,
        }
    }
    Ok(())
}

fn groups(of: &[Group], deciders: &[Role]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (place, group) in of.iter().enumerate() {
        let field = format!("handling.groups[{place}]");
        decides(&field, group.role, deciders)?;
        if !seen.insert(group.role.as_str()) {
            return Err(Error::invalid(&field, "once", format!("The role {} is there twice.", group.role)));
        }
        let there_are = deciders.iter().filter(|role| **role == group.role).count();
        let most = i16::try_from(there_are).unwrap_or(i16::MAX).min(MAX_PEOPLE);
        if !(1..=most).contains(&group.at_least) {
            let message = format!("Between 1 and {most}: there are no more of the role {}.", group.role);
            return Err(Error::invalid(&format!("{field}.atLeast"), "range", message));
        }
    }
    Ok(())
}

/// Steps come one after the other, before it times out, and only the last one ends it.
fn order(of: &Handling) -> Result<()> {
    let refuse = |field: String, constraint: &str, why: &str| Err(Error::invalid(&field, constraint, why));
    if of.ladder.len() > MAX_STEPS {
        return refuse("handling.ladder".to_owned(), "maxItems", "At most 10 steps, please.");
    }
    let mut before = 0;
    for (place, step) in of.ladder.iter().enumerate() {
        let field = format!("handling.ladder[{place}].afterMinutes");
        if !(1..=MAX_MINUTES).contains(&step.after_minutes) {
            return refuse(field, "range", "Between 1 minute and 30 days (43,200).");
        }
        if step.after_minutes <= before {
            return refuse(field, "order", "A step comes later than the one before.");
        }
        before = step.after_minutes;
        if step.action == (Action::TimeOut {}) {
            let field = format!("handling.ladder[{place}].action");
            if place + 1 < of.ladder.len() {
                return refuse(field, "last", "What times out has ended: no step comes after that.");
            }
            if of.due_minutes.is_some() {
                return refuse(
                    field,
                    "once",
                    "The policy says already after how long it times out. Leave one of both out.",
                );
            }
        } else if of.due_minutes.is_some_and(|due| step.after_minutes >= due) {
            return refuse(field, "order", "It has timed out by then.");
        }
    }
    Ok(())
}

/// Those who are to be asked belong to the workspace and may decide.
async fn whom(tx: &mut TenantTx, field: &str, of: &Assignment, deciders: &[Role]) -> Result<()> {
    match of {
        Assignment::Person { user_id } if !role_of(tx, *user_id).await?.is_some_and(Role::can_decide) => {
            Err(Error::invalid(field, "unknown", "Only an owner or an admin of this workspace can be asked to decide."))
        }
        Assignment::Role { role } | Assignment::RoundRobin { role } => decides(field, *role, deciders),
        Assignment::Person { .. } | Assignment::OwnerOfRecord {} => Ok(()),
    }
}

fn decides(field: &str, role: Role, deciders: &[Role]) -> Result<()> {
    if !role.can_decide() {
        return Err(Error::invalid(field, "role", "Owners and admins decide on proposals; name one of these roles."));
    }
    if !deciders.contains(&role) {
        return Err(Error::invalid(field, "nobody", format!("Nobody here has the role {role}.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_thresholds_are_refused_with_their_field() {
        let good = Thresholds::default();
        assert!(thresholds(&good).is_ok());
        for (field, bad) in [
            ("thresholds.auto", Thresholds { auto: 20.0, ..good }),
            ("thresholds.auto", Thresholds { auto: f64::NAN, ..good }),
            ("thresholds.quick", Thresholds { quick: 90.0, ..good }),
            ("thresholds.quick", Thresholds { quick: -1.0, ..good }),
            ("thresholds.target", Thresholds { target: 1.0, ..good }),
            ("thresholds.sample", Thresholds { sample: 0.0, ..good }),
        ] {
            assert_eq!(thresholds(&bad).err().and_then(|e| e.field().map(str::to_owned)).as_deref(), Some(field));
        }
    }

    #[test]
    fn steps_come_in_order_and_only_the_last_one_ends_it() {
        let step = |after_minutes, action| Step { after_minutes, action };
        let of = |due_minutes, ladder| Handling { due_minutes, ladder, ..Handling::default() };
        let (remind, end) = (Action::Remind {}, Action::TimeOut {});
        assert!(order(&of(None, vec![step(1, remind), step(2, remind), step(3, end)])).is_ok());
        assert!(order(&of(Some(3), vec![step(1, remind), step(2, remind)])).is_ok());
        for (bad, field) in [
            (of(None, vec![step(2, remind), step(2, remind)]), "handling.ladder[1].afterMinutes"),
            (of(None, vec![step(0, remind)]), "handling.ladder[0].afterMinutes"),
            (of(None, vec![step(43_201, remind)]), "handling.ladder[0].afterMinutes"),
            (of(None, vec![step(1, end), step(2, remind)]), "handling.ladder[0].action"),
            (of(Some(9), vec![step(1, end)]), "handling.ladder[0].action"),
            (of(Some(9), vec![step(9, remind)]), "handling.ladder[0].afterMinutes"),
            (of(None, (1..=11).map(|minute| step(minute, remind)).collect()), "handling.ladder"),
        ] {
            assert_eq!(order(&bad).err().and_then(|e| e.field().map(str::to_owned)).as_deref(), Some(field));
        }
    }
}
