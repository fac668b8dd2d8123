//! Who may decide on what.

use uuid::Uuid;

use super::{routing::Review, store::Locked};
use crate::{Actor, Error, Result, Role, Who, ids::UserId};

/// Who decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decider {
    /// Somebody.
    Person(UserId),
    /// The workspace's policy, about what has earned to go on by itself.
    Rule,
}

impl Decider {
    /// The person, if it is one.
    pub(super) const fn person(self) -> Option<UserId> {
        match self {
            Self::Person(user) => Some(user),
            Self::Rule => None,
        }
    }
}

/// Whose an item is, as far as that keeps them from deciding on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parties {
    /// The person who proposed it, if it was one.
    pub(super) proposer: Option<UserId>,
    /// Who started the run, or proposed.
    pub(super) requester: UserId,
    /// Whether that person may not decide either.
    pub(super) requester_barred: bool,
}

impl Parties {
    /// Of an item as its row says.
    pub(super) fn of(proposer_kind: &str, proposer: Uuid, requester: UserId, requester_barred: bool) -> Self {
        Self { proposer: (proposer_kind == "user").then_some(UserId(proposer)), requester, requester_barred }
    }

    /// Why this person may not decide on it, whatever the role.
    pub(super) fn bars(&self, user: UserId) -> Option<&'static str> {
        if self.proposer == Some(user) {
            return Some("Nobody decides on their own proposal.");
        }
        (self.requester_barred && self.requester == user)
            .then_some("Whoever asked for this does not decide on it: the workspace’s policy says so.")
    }
}

/// Passes when this actor may decide on an item.
pub(super) fn may_decide(actor: &Actor, item: &Locked) -> Result<Decider> {
    match actor.who {
        Who::System if item.review == Review::Auto => Ok(Decider::Rule),
        _ => person(actor, item).map(Decider::Person),
    }
}

/// Passes when this actor is a person who may decide on an item.
pub(super) fn person(actor: &Actor, item: &Locked) -> Result<UserId> {
    match blocked(actor, item) {
        None => actor.require(Role::can_decide, "decide on proposals"),
        Some(why) => Err(Error::forbidden(why)),
    }
}

/// Those who decide, by their roles, for people: “owners and admins”.
pub(super) fn roles() -> String {
    let deciding = Role::ALL.into_iter().filter(|role| role.can_decide());
    deciding.map(|role| format!("{role}s")).collect::<Vec<_>>().join(" and ")
}

/// Why this actor may not decide; `None` when it may.
pub(super) fn blocked(actor: &Actor, item: &Locked) -> Option<String> {
    blocked_from(actor, &item.parties())
}

/// The same, by whose the item is.
pub(super) fn blocked_from(actor: &Actor, parties: &Parties) -> Option<String> {
    match actor.who {
        Who::User { role, .. } if !role.can_decide() => Some(format!("Only {} decide on proposals.", roles())),
        Who::User { user, .. } => parties.bars(user).map(str::to_owned),
        Who::Agent { .. } | Who::System => Some("Only a person may decide.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        approvals::{Status, assignment::Asked},
        ids::{AgentId, WorkspaceId},
    };

    fn item(proposer_kind: &str, proposer_id: Uuid, review: Review) -> Locked {
        Locked {
            status: Status::Pending,
            tool: "update_record".to_owned(),
            title: String::new(),
            tool_version: 1,
            approved: None,
            canonical: Vec::new(),
            hash: Vec::new(),
            proposer_kind: proposer_kind.to_owned(),
            proposer_id,
            requester: UserId::new(),
            run: None,
            tool_call_id: None,
            reason: None,
            decided_at: None,
            review,
            quorum: 1,
            groups: Vec::new(),
            requester_barred: false,
            asked: Asked::default(),
            setup: String::new(),
            edited_from: None,
            grant: None,
            confidence: None,
            at_least: None,
            policy: None,
            sampled: false,
            lesson: None,
        }
    }

    #[test]
    fn only_owners_and_admins_decide_and_nobody_on_their_own() {
        let (workspace, user) = (WorkspaceId::new(), UserId::new());
        let agent = AgentId::new().0;
        let by_agent = item("agent", agent, Review::Full);
        for role in [Role::Owner, Role::Admin, Role::Member, Role::Viewer, Role::Guest] {
            let actor = Actor::user(workspace, user, role);
            assert_eq!(may_decide(&actor, &by_agent).is_ok(), role.can_decide());
            assert!(may_decide(&actor, &item("user", user.0, Review::Full)).is_err());
            assert_eq!(may_decide(&actor, &item("user", UserId::new().0, Review::Full)).is_ok(), role.can_decide());
        }
        let itself = Actor { workspace, who: Who::Agent { agent: AgentId(agent), requester: user, role: Role::Owner } };
        for review in [Review::Auto, Review::Quick, Review::Full] {
            assert!(may_decide(&itself, &item("agent", agent, review)).is_err(), "an agent about itself");
        }
    }

    #[test]
    fn whoever_asked_for_it_is_barred_only_where_the_workspace_says_so() {
        let (workspace, agent) = (WorkspaceId::new(), AgentId::new().0);
        let mut item = item("agent", agent, Review::Full);
        let actor = Actor::user(workspace, item.requester, Role::Owner);
        assert!(may_decide(&actor, &item).is_ok());
        item.requester_barred = true;
        assert!(may_decide(&actor, &item).is_err());
        assert!(may_decide(&Actor::user(workspace, UserId::new(), Role::Admin), &item).is_ok());
    }

    #[test]
    fn a_rule_decides_only_on_what_has_earned_it() {
        let system = Actor::system(WorkspaceId::new());
        for review in [Review::Auto, Review::Quick, Review::Full] {
            let item = item("agent", AgentId::new().0, review);
            assert_eq!(may_decide(&system, &item).is_ok(), review == Review::Auto);
            assert!(person(&system, &item).is_err());
        }
    }
}
