//! In which workspaces a consumer works on this node now, and which are next: a few at once, each of them once.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use tokio::task::{Id, JoinSet};

use super::advance::Came;
use crate::{Error, Result, ids::WorkspaceId};

/// How many workspaces one consumer works in at once; each takes a connection to the database.
const AT_ONCE: usize = 4;

/// What has happened.
pub(super) enum Moved {
    /// A workspace has rested for as long as it was to.
    Rested(WorkspaceId),
    /// A turn has ended; whether the workspace was wanted again meanwhile.
    Ended(WorkspaceId, Result<Came>, bool),
}

#[derive(Default)]
pub(super) struct Lanes {
    turns: JoinSet<Result<Came>>,
    of: HashMap<Id, WorkspaceId>,
    /// Where a turn is under way, and whether it is wanted again.
    running: HashMap<WorkspaceId, bool>,
    waiting: VecDeque<WorkspaceId>,
    queued: HashSet<WorkspaceId>,
    resting: JoinSet<WorkspaceId>,
}

impl Lanes {
    /// Something is to be done in a workspace.
    pub(super) fn want(&mut self, workspace: WorkspaceId) {
        if let Some(again) = self.running.get_mut(&workspace) {
            *again = true;
        } else if self.queued.insert(workspace) {
            self.waiting.push_back(workspace);
        }
    }

    /// The same after a while.
    pub(super) fn want_later(&mut self, workspace: WorkspaceId, pause: Duration) {
        self.resting.spawn(async move {
            tokio::time::sleep(pause).await;
            workspace
        });
    }

    /// Whose turn it is, if there is room for one.
    pub(super) fn next(&mut self) -> Option<WorkspaceId> {
        if self.turns.len() >= AT_ONCE {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.queued.remove(&next);
        Some(next)
    }

    /// Begins a turn.
    pub(super) fn begin(&mut self, workspace: WorkspaceId, turn: impl Future<Output = Result<Came>> + Send + 'static) {
        let task = self.turns.spawn(turn);
        self.of.insert(task.id(), workspace);
        self.running.insert(workspace, false);
    }

    /// Waits until something happens; for ever where nothing is under way.
    pub(super) async fn moved(&mut self) -> Result<Moved> {
        tokio::select! {
            Some(ended) = self.turns.join_next_with_id() => {
                let (id, came) = match ended {
                    Ok((id, came)) => (id, came),
                    Err(broken) => (broken.id(), Err(Error::internal(broken))),
                };
                let workspace = self.of.remove(&id).ok_or_else(|| Error::internal("a turn that was never begun"))?;
                let again = self.running.remove(&workspace).unwrap_or_default();
                Ok(Moved::Ended(workspace, came, again))
            }
            Some(rested) = self.resting.join_next() => Ok(Moved::Rested(rested.map_err(Error::internal)?)),
            else => std::future::pending().await,
        }
    }
}
