//! The turns that show, each a signal of its own: what arrives for one redraws only that one.

use std::collections::BTreeMap;

use hyvve_domain::{
    agents::{Run, RunStatus, Turn},
    ids::RunId,
};
use leptos::prelude::*;

use super::shown::{ShownTurn, Talk, is_working};
use crate::live::Live;

/// A turn that follows its run.
#[derive(Clone)]
pub(super) struct LiveTurn {
    pub(super) run: RunId,
    pub(super) turn: ArcRwSignal<Turn>,
    /// HTML of what was complete when the server rendered it, by the place among the items.
    pub(super) html: BTreeMap<usize, String>,
}

impl From<ShownTurn> for LiveTurn {
    fn from(shown: ShownTurn) -> Self {
        Self { run: shown.turn.run_id, turn: ArcRwSignal::new(shown.turn), html: shown.html }
    }
}

impl LiveTurn {
    /// Takes the run's events as they arrive, until this component goes away. `lost` is called after a gap.
    pub(super) fn follow(&self, live: Live, lost: impl Fn() + 'static) {
        let (from, status) = self.turn.with_untracked(|turn| (turn.next_index, turn.status));
        if status.is_final() {
            return;
        }
        let turn = self.turn.clone();
        let stop = live.follow_run(self.run, from, move |event| {
            if !turn.try_update(|turn| turn.apply(&event)).unwrap_or(true) {
                lost();
            }
        });
        on_cleanup(stop);
    }
}

/// The turns of the conversation that shows.
#[derive(Clone)]
pub(super) struct Thread(pub(super) ArcRwSignal<Vec<LiveTurn>>);

impl Thread {
    pub(super) fn new(talk: Talk) -> Self {
        Self(ArcRwSignal::new(talk.turns.into_iter().map(Into::into).collect()))
    }

    /// Adds what was just asked.
    pub(super) fn push(&self, run: &Run) {
        let turn = Turn { images: run.images, ..Turn::new(run.id, run.input.clone()) };
        let turn = ArcRwSignal::new(turn);
        self.0.update(|turns| turns.push(LiveTurn { run: run.id, turn, html: BTreeMap::new() }));
    }

    /// The newest run, and where it stands.
    pub(super) fn last(&self) -> Option<(RunId, RunStatus)> {
        let turns = self.0.read();
        turns.last().map(|last| (last.run, last.turn.read().status))
    }

    /// The run that the agent works on.
    pub(super) fn working(&self) -> Option<RunId> {
        self.last().filter(|(_, status)| is_working(*status)).map(|(run, _)| run)
    }
}
