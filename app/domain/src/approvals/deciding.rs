//! Who may decide on an item as things are, in sentences; and whose turn it is. Both ask the rules by which the door decides:
//! `Parties::bars`, `policy::blocked` and `quorum::agreement`.

use super::{
    Item, Status, decisions_store, list_store,
    policy::{self, Parties},
    quorum::{self, Agreement, Group},
    store::Locked,
};
use crate::{
    Actor, Result, Role,
    db::TenantTx,
    ids::{ApprovalId, UserId},
    workspaces::members::{self, Decider},
};

/// Who decides on an item that waits.
#[derive(Default)]
pub(super) struct Deciding {
    /// How far those have come who have to agree; `None` where one person's word is enough.
    pub(super) agreement: Option<Agreement>,
    /// For people.
    pub(super) sentences: Vec<String>,
}

/// Whose turn it is, of some items.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Turns {
    /// Those that wait for a decision and on which the reader may decide.
    pub decidable: Vec<ApprovalId>,
    /// Those that wait for others: the reader has agreed already, somebody else is asked, or the reader may not decide.
    pub others: Vec<ApprovalId>,
    /// How far those have come who have to agree, of those for which one person's word is not enough.
    pub agreements: Vec<(ApprovalId, Agreement)>,
}

/// Who decides on an item that waits.
pub(super) async fn of(tx: &mut TenantTx, actor: &Actor, item: &Item, row: &Locked) -> Result<Deciding> {
    let parties = row.parties();
    let everybody = members::who_decides(tx).await?;
    let (may, barred): (Vec<Decider>, Vec<Decider>) =
        everybody.into_iter().partition(|who| parties.bars(who.id).is_none());
    let agreed = if row.wants_several() { decisions_store::voters(tx, item.id).await? } else { Vec::new() };
    let electorate: Vec<_> = may.iter().map(Decider::vote).collect();
    let agreement = row.wants_several().then(|| quorum::agreement(row.quorum, &row.groups, &electorate, &agreed));
    let reader = reader(actor);
    let case = Case {
        quorum: row.quorum,
        groups: &row.groups,
        agreement: agreement.as_ref(),
        asked: asked(item, reader),
        may: &may,
        barred: barred.iter().filter(|who| Some(who.id) != reader).collect(),
        parties: &parties,
        blocked: policy::blocked(actor, row),
        has_agreed: reader.is_some_and(|user| agreed.contains(&user)),
    };
    let sentences = case.sentences();
    Ok(Deciding { agreement, sentences })
}

/// Whose turn it is. However many items there are, so many statements are sent.
pub(super) async fn turns(tx: &mut TenantTx, actor: &Actor, items: &[Item]) -> Result<Turns> {
    let waiting: Vec<&Item> = items.iter().filter(|item| item.status == Status::Pending).collect();
    let ids: Vec<_> = waiting.iter().map(|item| item.id.0).collect();
    let may = |(_, parties): &(ApprovalId, Parties)| policy::blocked_from(actor, parties).is_none();
    let decidable: Vec<_> = list_store::parties(tx, &ids).await?.into_iter().filter(may).map(|(id, _)| id).collect();
    let several = list_store::several(tx, &ids).await?;
    let (votes, everybody) = if several.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let ids: Vec<_> = several.iter().map(|item| item.id.0).collect();
        (decisions_store::votes(tx, &ids).await?, members::who_decides(tx).await?)
    };
    let reader = reader(actor);
    let mut agreements = Vec::new();
    // Where all who are left have agreed already, one of them has to say so once more.
    let mut agreed_to = Vec::new();
    for item in several {
        let may = everybody.iter().filter(|who| item.parties.bars(who.id).is_none());
        let electorate: Vec<_> = may.map(Decider::vote).collect();
        let agreed: Vec<_> = votes.iter().filter(|(id, _)| *id == item.id).map(|(_, user)| *user).collect();
        let agreement = quorum::agreement(item.quorum, &item.groups, &electorate, &agreed);
        if !agreement.is_reached() && reader.is_some_and(|user| agreed.contains(&user)) {
            agreed_to.push(item.id);
        }
        agreements.push((item.id, agreement));
    }
    let is_theirs = |item: &Item| {
        !decidable.contains(&item.id) || asks_another(item, reader, actor.role()) || agreed_to.contains(&item.id)
    };
    let others = waiting.into_iter().filter(|item| is_theirs(item)).map(|item| item.id).collect();
    Ok(Turns { decidable, others, agreements })
}

fn reader(actor: &Actor) -> Option<UserId> {
    actor.person().ok().map(|(user, _)| user)
}

/// Whether somebody is asked, and not the reader.
fn asks_another(item: &Item, reader: Option<UserId>, role: Option<Role>) -> bool {
    match (item.assignee_id, item.assigned_role) {
        (Some(person), _) => Some(person) != reader,
        (None, Some(asked)) => role != Some(asked),
        (None, None) => false,
    }
}

/// Who is asked, as the beginning of a sentence.
fn asked(item: &Item, reader: Option<UserId>) -> Option<String> {
    match (item.assignee_id, &item.assignee, item.assigned_role) {
        (Some(person), _, _) if Some(person) == reader => Some("You are asked".to_owned()),
        (_, Some(name), _) => Some(format!("{name} is asked")),
        (_, None, Some(role)) => Some(format!("Any {role} is asked")),
        (_, None, None) => None,
    }
}

/// What the sentences are made of.
struct Case<'a> {
    quorum: i16,
    groups: &'a [Group],
    agreement: Option<&'a Agreement>,
    asked: Option<String>,
    /// Who may decide.
    may: &'a [Decider],
    /// Who may not, the reader aside, whatever the role.
    barred: Vec<&'a Decider>,
    parties: &'a Parties,
    /// Why the reader may not.
    blocked: Option<String>,
    /// Whether the reader has said yes.
    has_agreed: bool,
}

impl Case<'_> {
    fn sentences(&self) -> Vec<String> {
        let mut all = vec![self.enough()];
        let others = if self.may.len() > 1 { "; whoever else may decide still may." } else { "." };
        all.extend(self.asked.as_ref().map(|asked| format!("{asked}{others}")));
        let why = |who: &&Decider| self.parties.bars(who.id).map(|why| format!("{} may not: {why}", who.name));
        all.extend(self.barred.iter().filter_map(why));
        match &self.blocked {
            Some(why) => all.push(format!("You may not: {why}")),
            None if self.has_agreed => all.push("You have agreed already.".to_owned()),
            None => {}
        }
        all
    }

    /// How many of whom.
    fn enough(&self) -> String {
        let (roles, there) = (policy::roles(), self.may.len());
        match (self.agreement, self.may) {
            (_, []) => format!("Nobody can decide on this now: no others are {roles}."),
            (None, [only]) => format!("Only {} may decide.", only.name),
            (None, _) => format!("One of {there} {roles} decides."),
            (Some(Agreement { needed, .. }), _) => {
                let groups = self.groups.iter().map(|group| group.words()).collect::<Vec<_>>().join(" and ");
                let among = if groups.is_empty() { String::new() } else { format!(", {groups} among them") };
                let asked: i16 = self.groups.iter().map(|group| group.at_least).sum();
                let wanted = usize::try_from(self.quorum.max(asked)).unwrap_or(0);
                let fewer = if wanted > *needed {
                    format!(" The policy asks for {wanted}, and nobody waits for those who are not there.")
                } else {
                    String::new()
                };
                format!("{needed} of {there} {roles} have to agree{among}.{fewer}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn who(role: Role, name: &str) -> Decider {
        let (name, email) = (name.to_owned(), String::new());
        Decider { id: UserId::new(), role, name, email, reminded: true, since: Timestamp::now() }
    }

    #[test]
    fn the_sentences_say_how_many_of_whom_and_who_may_not_and_why() {
        let (grace, ada, alan) = (who(Role::Owner, "Grace"), who(Role::Admin, "Ada"), who(Role::Admin, "Alan"));
        let parties = Parties { proposer: None, requester: grace.id, requester_barred: true };
        let both = [ada.clone(), alan.clone()];
        let agreement = Agreement { agreed: 1, needed: 2, missing: Vec::new() };
        let groups = [Group { role: Role::Admin, at_least: 1 }];
        let case = |may, several: bool| Case {
            quorum: if several { 3 } else { 1 },
            groups: if several { &groups } else { &[] },
            agreement: several.then_some(&agreement),
            asked: Some("Ada is asked".to_owned()),
            may,
            barred: vec![&grace],
            parties: &parties,
            blocked: None,
            has_agreed: several,
        };
        let barred = "Grace may not: Whoever asked for this does not decide on it: the workspace’s policy says so.";
        assert_eq!(
            case(&both, false).sentences(),
            ["One of 2 owners and admins decides.", "Ada is asked; whoever else may decide still may.", barred]
        );
        assert_eq!(
            case(&both, true).sentences(),
            [
                "2 of 2 owners and admins have to agree, an admin among them. The policy asks for 3, and nobody waits for those who are not there.",
                "Ada is asked; whoever else may decide still may.",
                barred,
                "You have agreed already.",
            ]
        );
        assert_eq!(case(&both[..1], false).sentences()[..2], ["Only Ada may decide.", "Ada is asked."]);
        let nobody = Case { blocked: Some("Because.".to_owned()), asked: None, ..case(&[], true) };
        assert_eq!(
            nobody.sentences(),
            ["Nobody can decide on this now: no others are owners and admins.", barred, "You may not: Because."]
        );
    }
}
