//! What there is to do in a new workspace, and how much of it is done.

use std::time::Duration;

use hyvve_domain::{
    PageRequest, Role, Timestamp, agents,
    providers::{self, Kind},
    workspaces::{Workspace, invitations, members, service},
};

use crate::{ApiError, shell::Visit};

/// After this a workspace is not new any more.
const NEW: Duration = Duration::from_hours(14 * 24);

/// The first steps of one workspace.
pub(super) struct Steps {
    pub(super) workspace: Workspace,
    /// It has a name of its own.
    pub(super) named: bool,
    /// Somebody else is here, or was asked.
    pub(super) invited: bool,
    /// It has an AI provider other than the sandbox.
    pub(super) connected: bool,
    /// An agent was asked something.
    pub(super) met: bool,
    /// The agent to begin with.
    pub(super) agent: Option<String>,
}

impl Steps {
    /// How many there are.
    pub(super) const ALL: usize = 4;

    /// Of the visited workspace; `None` for people who could not take them.
    pub(super) async fn of(visit: &Visit) -> Result<Option<Self>, ApiError> {
        let (s, actor) = (&visit.services, &visit.actor);
        if !actor.role().is_some_and(Role::can_edit_workspace) {
            return Ok(None);
        }
        Self::in_workspace(visit, service::get(s, actor).await?).await.map(Some)
    }

    /// The same while the workspace is new; `None` afterwards, without looking further.
    pub(super) async fn of_new(visit: &Visit) -> Result<Option<Self>, ApiError> {
        if !visit.actor.role().is_some_and(Role::can_edit_workspace) {
            return Ok(None);
        }
        let workspace = service::get(&visit.services, &visit.actor).await?;
        if workspace.created_at.plus(NEW) < Timestamp::now() {
            return Ok(None);
        }
        Self::in_workspace(visit, workspace).await.map(Some)
    }

    async fn in_workspace(visit: &Visit, workspace: Workspace) -> Result<Self, ApiError> {
        let (s, actor) = (&visit.services, &visit.actor);
        let people = members::list(s, actor).await?.len();
        let asked = invitations::list(s, actor).await?.len();
        let providers = providers::service::shown(s, actor).await?;
        let runs = agents::service::runs(s, actor, Default::default(), PageRequest::new(None, Some(1))).await?;
        let agents = agents::service::agents(s, actor).await?;
        Ok(Self {
            named: !workspace.has_first_name(),
            invited: people + asked > 1,
            connected: providers.iter().any(|provider| provider.provider != Kind::Sandbox),
            met: runs.total > 0,
            agent: agents.into_iter().next().map(|agent| agent.name),
            workspace,
        })
    }

    pub(super) fn done(&self) -> usize {
        [self.named, self.invited, self.connected, self.met].into_iter().filter(|done| *done).count()
    }
}
