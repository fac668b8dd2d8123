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

/// Why this actor may not decide; `None` when it may.
pub(super) fn blocked(actor: &Actor, item: &Locked) -> Option<String> {
    blocked_from(actor, &item.proposer_kind, item.proposer_id)
}

/// The same, by who proposed the item.
pub(super) fn blocked_from(actor: &Actor, proposer_kind: &str, proposer_id: Uuid) -> Option<String> {
    match actor.who {
        Who::User { role, .. } if !role.can_decide() => Some("Owners and admins decide on proposals.".to_owned()),
        Who::User { user, .. } if proposer_kind == "user" && user.0 == proposer_id => {
            Some("Nobody decides on their own proposal.".to_owned())
        }
        Who::User { .. } => None,
        Who::Agent { .. } | Who::System => Some("Only a person may decide.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        approvals::Status,
        ids::{AgentId, WorkspaceId},
    };

    fn item(proposer_kind: &str, proposer_id: Uuid, review: Review) -> Locked {
        Locked {
            status: Status::Pending,
            tool: "update_record".to_owned(),
            title: String::new(),
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
            setup: String::new(),
            edited_from: None,
            grant: None,
            confidence: None,
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
    fn a_rule_decides_only_on_what_has_earned_it() {
        let system = Actor::system(WorkspaceId::new());
        for review in [Review::Auto, Review::Quick, Review::Full] {
            let item = item("agent", AgentId::new().0, review);
            assert_eq!(may_decide(&system, &item).is_ok(), review == Review::Auto);
            assert!(person(&system, &item).is_err());
        }
    }
}
