//! Wake-ups inside one node, and the fast path of a run's events to whoever follows it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, broadcast, mpsc, watch};

use crate::{
    agents::RunEvent,
    ids::{ApprovalId, RunId, WorkspaceId},
};

/// How many batches of a run's events a slow reader may lag before it is sent to the database instead.
const RUN_BUFFER: usize = 64;
/// How many workspaces' news a slow reader may lag before it has to look at all of them.
const NEWS_BUFFER: usize = 1024;
/// How many comings and goings a slow reader may lag before it misses some: its next heartbeat tells it who is there.
const PRESENCE_BUFFER: usize = 64;

/// What a follower of a run is told.
#[derive(Clone, Debug)]
pub enum RunSignal {
    /// These events were stored, in order.
    Stored(Arc<[RunEvent]>),
    /// Something was stored elsewhere: look at the database.
    Look,
}

/// What other nodes should be told, as the relay sends it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Poke {
    Workspace(WorkspaceId),
    Run(RunId),
    /// Somebody came to an item, or left it.
    Presence(WorkspaceId, ApprovalId),
}

/// Who follows what on this node. Nothing in here is needed for correctness: readers read from the database by cursor.
pub struct Hub {
    workspaces: Mutex<HashMap<WorkspaceId, watch::Sender<u64>>>,
    runs: Mutex<HashMap<RunId, broadcast::Sender<RunSignal>>>,
    presence: Mutex<HashMap<WorkspaceId, broadcast::Sender<ApprovalId>>>,
    cancels: Mutex<HashMap<RunId, Arc<Notify>>>,
    work: watch::Sender<u64>,
    events: watch::Sender<u64>,
    news: broadcast::Sender<Option<WorkspaceId>>,
    outward: mpsc::UnboundedSender<Poke>,
    inward: Mutex<Option<mpsc::UnboundedReceiver<Poke>>>,
}

impl Default for Hub {
    fn default() -> Self {
        let (outward, inward) = mpsc::unbounded_channel();
        Self {
            workspaces: Mutex::default(),
            runs: Mutex::default(),
            presence: Mutex::default(),
            cancels: Mutex::default(),
            work: watch::Sender::new(0),
            events: watch::Sender::new(0),
            news: broadcast::Sender::new(NEWS_BUFFER),
            outward,
            inward: Mutex::new(Some(inward)),
        }
    }
}

impl Hub {
    /// Wakes when the workspace has new events.
    pub fn follow_workspace(&self, id: WorkspaceId) -> watch::Receiver<u64> {
        lock(&self.workspaces).entry(id).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Hears of a run's events from now on. Subscribe first, then read what is stored.
    pub fn follow_run(self: &Arc<Self>, id: RunId) -> RunFollower {
        let signals = lock(&self.runs).entry(id).or_insert_with(|| broadcast::Sender::new(RUN_BUFFER)).subscribe();
        RunFollower { signals: Some(signals), id, hub: Arc::clone(self) }
    }

    /// Hears at which items of the workspace somebody comes or goes, from now on.
    pub fn follow_presence(&self, id: WorkspaceId) -> broadcast::Receiver<ApprovalId> {
        lock(&self.presence).entry(id).or_insert_with(|| broadcast::Sender::new(PRESENCE_BUFFER)).subscribe()
    }

    /// Somebody came to an item, or left it: tells followers here and, through the relay, elsewhere.
    pub(crate) fn poke_presence(&self, workspace: WorkspaceId, item: ApprovalId) {
        self.signal_presence(workspace, item);
        let _ = self.outward.send(Poke::Presence(workspace, item));
    }

    /// Wakes workers: a run may be claimable, or an effect due.
    pub fn follow_work(&self) -> watch::Receiver<u64> {
        self.work.subscribe()
    }

    /// Wakes when any workspace has new events.
    pub(crate) fn follow_events(&self) -> watch::Receiver<u64> {
        self.events.subscribe()
    }

    /// Hears which workspaces have new events, from now on; `None`: any of them may.
    pub(crate) fn follow_news(&self) -> broadcast::Receiver<Option<WorkspaceId>> {
        self.news.subscribe()
    }

    /// The workspace has new events: wakes readers here and, through the relay, elsewhere.
    pub fn poke_workspace(&self, id: WorkspaceId) {
        self.wake_workspace(id);
        // The relay is gone only when the process ends.
        let _ = self.outward.send(Poke::Workspace(id));
    }

    /// Events of a run were stored by this node.
    pub fn publish_run(&self, id: RunId, events: Arc<[RunEvent]>) {
        self.signal_run(id, RunSignal::Stored(events));
        let _ = self.outward.send(Poke::Run(id));
    }

    /// Notified when somebody on this node cancels the run. Whoever drives it asks for this, and gives it back at the end.
    /// From then on whoever drove it here before is told nothing: somebody has claimed it anew.
    pub(crate) fn on_cancel(&self, id: RunId) -> Arc<Notify> {
        let told = Arc::<Notify>::default();
        lock(&self.cancels).insert(id, Arc::clone(&told));
        told
    }

    /// This driver of the run is at its end.
    pub(crate) fn off_cancel(&self, id: RunId, told: &Arc<Notify>) {
        let mut cancels = lock(&self.cancels);
        if cancels.get(&id).is_some_and(|newest| Arc::ptr_eq(newest, told)) {
            cancels.remove(&id);
        }
    }

    /// Tells whoever drives the run on this node to cancel it; other nodes see it when they renew the lease.
    pub(crate) fn cancel(&self, id: RunId) {
        if let Some(notify) = lock(&self.cancels).get(&id) {
            notify.notify_one();
        }
    }

    /// Workers should look for work now.
    pub fn poke_work(&self) {
        self.work.send_modify(|n| *n = n.wrapping_add(1));
    }

    pub(crate) fn wake_workspace(&self, id: WorkspaceId) {
        self.events.send_modify(|n| *n = n.wrapping_add(1));
        // Where no consumer listens, there is nobody to tell.
        let _ = self.news.send(Some(id));
        let mut map = lock(&self.workspaces);
        if let Some(sender) = map.get(&id) {
            if sender.receiver_count() == 0 {
                map.remove(&id);
            } else {
                sender.send_modify(|n| *n = n.wrapping_add(1));
            }
        }
    }

    /// What other nodes said may have been missed: everybody looks.
    pub(crate) fn wake_all(&self) {
        self.events.send_modify(|n| *n = n.wrapping_add(1));
        let _ = self.news.send(None);
        for sender in lock(&self.workspaces).values() {
            sender.send_modify(|n| *n = n.wrapping_add(1));
        }
        for sender in lock(&self.runs).values() {
            let _ = sender.send(RunSignal::Look);
        }
        self.poke_work();
    }

    pub(crate) fn signal_run(&self, id: RunId, signal: RunSignal) {
        if let Some(sender) = lock(&self.runs).get(&id) {
            // Whoever stops following takes the entry away, so this is only a race with that.
            let _ = sender.send(signal);
        }
    }

    pub(crate) fn signal_presence(&self, workspace: WorkspaceId, item: ApprovalId) {
        let mut map = lock(&self.presence);
        // Fails when nobody follows any more.
        if map.get(&workspace).is_some_and(|sender| sender.send(item).is_err()) {
            map.remove(&workspace);
        }
    }

    /// The relay's end of the pokes; only the first caller gets it.
    pub(crate) fn take_inward(&self) -> Option<mpsc::UnboundedReceiver<Poke>> {
        lock(&self.inward).take()
    }
}

/// Follows one run. The last one that stops following a run takes its entry out of the hub.
pub struct RunFollower {
    signals: Option<broadcast::Receiver<RunSignal>>,
    id: RunId,
    hub: Arc<Hub>,
}

impl RunFollower {
    /// The next signal. May be dropped while it waits, and called again.
    pub async fn recv(&mut self) -> Result<RunSignal, broadcast::error::RecvError> {
        match &mut self.signals {
            Some(signals) => signals.recv().await,
            None => Err(broadcast::error::RecvError::Closed),
        }
    }
}

impl Drop for RunFollower {
    fn drop(&mut self) {
        let mut map = lock(&self.hub.runs);
        self.signals = None;
        if map.get(&self.id).is_some_and(|sender| sender.receiver_count() == 0) {
            map.remove(&self.id);
        }
    }
}

/// A panic in another thread cannot leave these maps half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_run_that_nobody_follows_leaves_nothing_behind() {
        let hub = Arc::new(Hub::default());
        let id = RunId::new();
        let mut first = hub.follow_run(id);
        let second = hub.follow_run(id);
        hub.signal_run(id, RunSignal::Look);
        assert!(matches!(first.recv().await, Ok(RunSignal::Look)));
        drop(first);
        assert_eq!(lock(&hub.runs).len(), 1);
        drop(second);
        assert_eq!(lock(&hub.runs).len(), 0);
        hub.signal_run(id, RunSignal::Look);
        assert_eq!(lock(&hub.runs).len(), 0);
    }
}
