//! Who may decide on what.

use crate::{Actor, Error, Result, Role, Who, ids::UserId};

/// Passes when this actor may decide on an item with this proposer; answers the person.
pub(super) fn may_decide(actor: &Actor, proposer_kind: &str, proposer: uuid::Uuid) -> Result<UserId> {
    match blocked(actor, proposer_kind, proposer) {
        None => actor.require(Role::can_decide, "decide on proposals"),
        Some(why) => Err(Error::forbidden(why)),
    }
}

/// Why this actor may not decide; `None` when it may.
pub(super) fn blocked(actor: &Actor, proposer_kind: &str, proposer: uuid::Uuid) -> Option<String> {
    match actor.who {
        Who::User { role, .. } if !role.can_decide() => Some("Owners and admins decide on proposals.".to_owned()),
        Who::User { user, .. } if proposer_kind == "user" && user.0 == proposer => {
            Some("Nobody decides on their own proposal.".to_owned())
        }
        Who::User { .. } => None,
        Who::Agent { .. } | Who::System => Some("Only a person may decide.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AgentId, WorkspaceId};

    #[test]
    fn only_owners_and_admins_decide_and_nobody_on_their_own() {
        let (workspace, user) = (WorkspaceId::new(), UserId::new());
        let agent = AgentId::new().0;
        for role in [Role::Owner, Role::Admin, Role::Member, Role::Viewer, Role::Guest] {
            let actor = Actor::user(workspace, user, role);
            assert_eq!(may_decide(&actor, "agent", agent).is_ok(), role.can_decide());
            assert!(may_decide(&actor, "user", user.0).is_err());
            assert_eq!(may_decide(&actor, "user", UserId::new().0).is_ok(), role.can_decide());
        }
        assert!(may_decide(&Actor::system(workspace), "agent", agent).is_err());
        let itself = Actor { workspace, who: Who::Agent { agent: AgentId(agent), requester: user, role: Role::Owner } };
        assert!(may_decide(&itself, "agent", agent).is_err());
    }
}
