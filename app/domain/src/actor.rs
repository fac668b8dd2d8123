//! Who is asking: the actor of a request, and what each role may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, UserId, WorkspaceId};

/// The name of somebody who belongs to the workspace no more, whose name it therefore does not see. What they did stays.
#[cfg(feature = "ssr")]
pub(crate) const SOMEBODY_GONE: &str = "Somebody who is gone";

/// A person's role in one workspace. What it may do is asked of its methods, never of its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, schemars::JsonSchema),
    sqlx(type_name = "text", rename_all = "lowercase")
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, deleting the workspace included.
    Owner,
    /// Settings, members, decisions, AI providers.
    Admin,
    /// Works with own and assigned records, proposes, follows own approvals.
    Member,
    /// Reads.
    Viewer,
    /// Reads only what was shared with it.
    Guest,
}

impl Role {
    /// All five, the mightiest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer, Self::Guest];

    /// The name on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
            Self::Guest => "guest",
        }
    }

    /// May decide on what agents and people propose.
    pub const fn can_decide(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May see and change AI providers.
    pub const fn can_configure_ai(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May read and verify the audit log.
    pub const fn can_audit(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May read what has happened, as programs are told of it, from any moment that is kept.
    pub const fn can_read_events(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May start runs and talk to agents.
    pub const fn can_run_agents(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Member)
    }

    /// May see the mail that the workspace sent: it holds personal data.
    pub const fn can_read_mailbox(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May change the workspace's name, address, picture and time zone.
    pub const fn can_edit_workspace(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May say what the workspace asks of those who enter it.
    pub const fn can_secure_workspace(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May delete the workspace, have it back, and hand it over.
    pub const fn owns_workspace(self) -> bool {
        matches!(self, Self::Owner)
    }

    /// May see who belongs to the workspace.
    pub const fn sees_members(self) -> bool {
        !matches!(self, Self::Guest)
    }

    /// May invite people, change their roles and remove them, within [`Self::may_manage`].
    pub const fn can_manage_members(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May give this role to somebody, and take it away. Only owners have a say about owners.
    pub const fn may_manage(self, role: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => !matches!(role, Self::Owner),
            Self::Member | Self::Viewer | Self::Guest => false,
        }
    }

    /// May make API keys for itself.
    pub const fn can_make_keys(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Member)
    }

    /// May see every API key of the workspace and revoke it; everybody else has a say about his or her own.
    pub const fn manages_keys(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May have outside agents propose in its name, and say what became of what they did.
    pub const fn can_propose(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Member)
    }

    /// May say which addresses outside hear of what happens in the workspace.
    pub const fn manages_webhooks(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May see which events HYVVE could not deal with, and say what becomes of them.
    pub const fn handles_dead_letters(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May see approval items at all.
    pub const fn sees_approvals(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Member)
    }

    /// May see every approval item; a member sees those of its own runs.
    pub const fn sees_all_approvals(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May say who sees a record besides those who see all: assign it, and share it.
    pub const fn shares_records(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May have records assigned to it.
    pub const fn can_be_assigned(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Member)
    }

    /// May see every record; a member sees its own and those assigned to it, a guest those shared with it.
    pub const fn sees_all_records(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Viewer)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "owner" => Ok(Self::Owner),
            "admin" => Ok(Self::Admin),
            "member" => Ok(Self::Member),
            "viewer" => Ok(Self::Viewer),
            "guest" => Ok(Self::Guest),
            _ => Err(UnknownRole),
        }
    }
}

/// The text names none of the five roles.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not a role: owner, admin, member, viewer or guest")]
pub struct UnknownRole;

/// Who acts, inside one workspace. Made by the guard from a checked session, or by a worker for an agent; never from
/// a request's body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Actor {
    /// The tenant.
    pub workspace: WorkspaceId,
    /// The person, agent or part of HYVVE that acts.
    pub who: Who,
}

/// The acting party.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// A signed-in person.
    User {
        /// The person.
        user: UserId,
        /// The person's role in the actor's workspace.
        role: Role,
    },
    /// An agent, in a run that `requester` started.
    Agent {
        /// The agent.
        agent: AgentId,
        /// Who started the run; what the agent may read is what this person may read.
        requester: UserId,
        /// The requester's role when the run was claimed.
        role: Role,
    },
    /// HYVVE itself: executor, time-outs, seeding.
    System,
}

impl Actor {
    /// A person in a workspace.
    pub const fn user(workspace: WorkspaceId, user: UserId, role: Role) -> Self {
        Self { workspace, who: Who::User { user, role } }
    }

    /// HYVVE itself, acting in a workspace.
    pub const fn system(workspace: WorkspaceId) -> Self {
        Self { workspace, who: Who::System }
    }

    /// The person behind it: the user, or the one who started the agent's run.
    pub const fn user_id(&self) -> Option<UserId> {
        match self.who {
            Who::User { user, .. } => Some(user),
            Who::Agent { requester, .. } => Some(requester),
            Who::System => None,
        }
    }

    /// `user`, `agent` or `system`, as in the database's context and in the audit log.
    pub const fn kind(&self) -> &'static str {
        match self.who {
            Who::User { .. } => "user",
            Who::Agent { .. } => "agent",
            Who::System => "system",
        }
    }

    /// The id of the user or agent; `None` for HYVVE itself.
    pub const fn id(&self) -> Option<uuid::Uuid> {
        match self.who {
            Who::User { user, .. } => Some(user.0),
            Who::Agent { agent, .. } => Some(agent.0),
            Who::System => None,
        }
    }

    /// The role that bounds what it sees; HYVVE itself has none.
    pub const fn role(&self) -> Option<Role> {
        match self.who {
            Who::User { role, .. } | Who::Agent { role, .. } => Some(role),
            Who::System => None,
        }
    }
}

#[cfg(feature = "ssr")]
impl Actor {
    /// The person and role, or 403 for anything that is not a person: what only people may do starts with this.
    pub fn person(&self) -> crate::Result<(UserId, Role)> {
        match self.who {
            Who::User { user, role } => Ok((user, role)),
            Who::Agent { .. } | Who::System => Err(crate::Error::forbidden("Only a person may do this.")),
        }
    }

    /// Passes when the person's role allows it; `what` completes "Your role does not allow you to …".
    pub fn require(&self, allowed: fn(Role) -> bool, what: &str) -> crate::Result<UserId> {
        let (user, role) = self.person()?;
        if allowed(role) {
            Ok(user)
        } else {
            Err(crate::Error::forbidden(format!("Your role ({role}) does not allow you to {what}.")))
        }
    }
}
