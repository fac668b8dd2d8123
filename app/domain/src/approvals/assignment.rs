//! Who is asked to decide. That orders the queue and says who is written to; whoever else may decide still may.

use std::fmt::Display;

use serde_json::{Value, json};

use super::{assignment_store as store, policies::Assignment, policy::Parties};
use crate::{
    Result, Role,
    actor::SOMEBODY_GONE,
    db::TenantTx,
    ids::{ApprovalId, RecordId, UserId},
    notifications::{
        Kind,
        service::{self as notifications, To, Told},
    },
    records::sharing,
    workspaces::members::{self, Decider},
};

/// Who is asked: a person, anybody of a role, or nobody in particular.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Asked {
    pub(super) person: Option<UserId>,
    pub(super) role: Option<Role>,
    /// Why, in a sentence for the history.
    pub(super) words: Option<String>,
}

impl Asked {
    /// Adds it to the facts of an entry of the log.
    pub(super) fn tell(&self, facts: &mut Value) {
        if let Some(person) = self.person {
            facts["assigneeId"] = Value::String(person.to_string());
        }
        if let Some(role) = self.role {
            facts["assignedRole"] = Value::String(role.to_string());
        }
    }

    fn person(who: &Decider, words: String) -> Self {
        Self { person: Some(who.id), role: None, words: Some(words) }
    }

    fn anybody(role: Role, words: String) -> Self {
        Self { person: None, role: Some(role), words: Some(words) }
    }
}

/// Tells somebody that an item is for him or her to look at; once for each `cause`.
pub(super) async fn notify(
    tx: &mut TenantTx,
    (id, title): (ApprovalId, &str),
    person: UserId,
    cause: impl Display,
) -> Result<()> {
    let told = Told {
        kind: Kind::ApprovalAssigned,
        cause: format!("assigned:{id}:{cause}"),
        subject: ("approval", Some(id.0)),
        facts: json!({ "title": title }),
    };
    notifications::tell(tx, To::Person(person), told).await
}

/// What somebody is called in a sentence.
pub(super) async fn name(tx: &mut TenantTx, user: UserId) -> Result<String> {
    Ok(store::name(tx, user).await?.unwrap_or_else(|| SOMEBODY_GONE.to_owned()))
}

/// Those who may decide on an item of these parties, as their votes count.
pub(super) async fn electorate(tx: &mut TenantTx, parties: &Parties) -> Result<Vec<(UserId, Role)>> {
    Ok(deciders(tx, parties).await?.iter().map(Decider::vote).collect())
}

/// Those who may decide on an item of these parties, by their ids.
pub(super) async fn deciders(tx: &mut TenantTx, parties: &Parties) -> Result<Vec<Decider>> {
    let mut all = members::who_decides(tx).await?;
    all.retain(|who| parties.bars(who.id).is_none());
    Ok(all)
}

/// Whom a policy asks about an item. Where that person may not decide on it, or not any more, it falls to a role, and the
/// words say so. `not`: who was asked before, and is passed by where there is somebody else.
pub(super) async fn choose(
    tx: &mut TenantTx,
    whom: &Assignment,
    parties: &Parties,
    targets: &[RecordId],
    not: Option<UserId>,
) -> Result<Asked> {
    let deciders = deciders(tx, parties).await?;
    let found = |user: UserId| deciders.iter().find(|who| who.id == user);
    match *whom {
        Assignment::Person { user_id } => {
            if let Some(who) = found(user_id) {
                return Ok(Asked::person(who, format!("{} is asked.", who.name)));
            }
            let name = name(tx, user_id).await?;
            Ok(falls(&deciders, &format!("{name} was to be asked, and may not decide on this")))
        }
        Assignment::Role { role } => Ok(of_role(&deciders, role)),
        Assignment::RoundRobin { role } => in_turn(tx, role, &deciders, not).await,
        Assignment::OwnerOfRecord {} => {
            let holder = match targets {
                [record, ..] => sharing::holder(tx, *record).await?,
                [] => None,
            };
            match holder.map(|user| (user, found(user))) {
                Some((_, Some(who))) => Ok(Asked::person(who, format!("{} is asked, whose record this is.", who.name))),
                Some((user, None)) => {
                    let name = name(tx, user).await?;
                    Ok(falls(&deciders, &format!("The record is {name}’s, who may not decide on this")))
                }
                None => Ok(falls(&deciders, "There is no record with an owner")),
            }
        }
    }
}

/// Asks everybody of a role, or of the other one where nobody of it is there who could decide.
pub(super) fn of_role(deciders: &[Decider], role: Role) -> Asked {
    if deciders.iter().any(|who| who.role == role) {
        return Asked::anybody(role, format!("Any {role} is asked."));
    }
    falls(deciders, &format!("There is no {role} who may decide on this"))
}

/// To the owners, or to the admins where no owner may decide.
fn falls(deciders: &[Decider], why: &str) -> Asked {
    let role = if deciders.iter().any(|who| who.role == Role::Owner) { Role::Owner } else { Role::Admin };
    Asked::anybody(role, format!("{why}: it falls to the {role}s."))
}

/// The next one of a role. Turns are counted in one row for each role, which is locked until the item is there: of proposals
/// that come at once each takes a turn of its own. Whoever cannot decide on this one keeps the place for the next.
async fn in_turn(tx: &mut TenantTx, role: Role, deciders: &[Decider], not: Option<UserId>) -> Result<Asked> {
    let of_it: Vec<&Decider> = deciders.iter().filter(|who| who.role == role).collect();
    let others: Vec<UserId> = of_it.iter().map(|who| who.id).filter(|user| Some(*user) != not).collect();
    let all: Vec<UserId> = of_it.iter().map(|who| who.id).collect();
    let eligible = if others.is_empty() { all } else { others };
    if eligible.is_empty() {
        return Ok(of_role(deciders, role));
    }
    let turn = store::count_turn(tx, role).await?;
    let chosen = store::longest_ago(tx, role, &eligible).await?;
    store::take_turn(tx, role, chosen, turn).await?;
    match of_it.into_iter().find(|who| who.id == chosen) {
        Some(who) => Ok(Asked::person(who, format!("It is {}’s turn.", who.name))),
        None => Ok(of_role(deciders, role)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn where_nobody_of_a_role_may_decide_it_falls_to_the_other() {
        let who = |role| {
            let (name, email) = ("Ada".to_owned(), String::new());
            Decider { id: UserId::new(), role, name, email, reminded: true, since: Timestamp::now() }
        };
        assert_eq!(of_role(&[who(Role::Admin)], Role::Admin).role, Some(Role::Admin));
        let fallen = of_role(&[who(Role::Admin)], Role::Owner);
        assert_eq!(fallen.role, Some(Role::Admin));
        assert_eq!(fallen.words.as_deref(), Some("There is no owner who may decide on this: it falls to the admins."));
        assert_eq!(of_role(&[who(Role::Owner)], Role::Admin).role, Some(Role::Owner));
    }
}
