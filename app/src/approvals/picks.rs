//! What somebody has selected in the list, to decide on all of it at once.

use std::time::Duration;

use hyvve_domain::{
    approvals::{Item, Verdict, bulk::Picked},
    ids::ApprovalId,
};
use leptos::{html, prelude::*, task::spawn_local};

use super::{
    api::{Queue, decide_several, undo_approval},
    decisions::{Decisions, use_decisions},
    words,
};
use crate::{
    ApiError,
    ui::{Toasts, use_toasts},
};

/// The selection.
#[derive(Clone, Copy)]
pub(super) struct Picks {
    picked: RwSignal<Vec<ApprovalId>>,
    /// Where a range begins.
    anchor: StoredValue<Option<ApprovalId>>,
    /// Everything in the list on which one may decide, in its order.
    choices: Memo<Vec<Item>>,
    /// The note, or the reason, for all of them.
    pub(super) note: RwSignal<String>,
    /// What is wrong with it.
    pub(super) problem: RwSignal<Option<String>>,
    /// The field.
    pub(super) field: NodeRef<html::Textarea>,
    /// Whether the server has not answered yet.
    pub(super) busy: RwSignal<bool>,
    /// What the last decision came to.
    pub(super) report: RwSignal<Option<String>>,
    /// What can still be taken back.
    pub(super) undoable: RwSignal<Vec<ApprovalId>>,
    decisions: Decisions,
    toasts: Toasts,
}

/// The selection in this list; it begins with what a form that was posted without JavaScript was told.
pub(super) fn use_picks(queue: Resource<Result<Queue, ApiError>>, told: Option<String>) -> Picks {
    let choices = move || {
        let Queue { page, decidable, .. } = queue.get().and_then(Result::ok)?;
        Some(page.items.into_iter().filter(|item| decidable.contains(&item.id)).collect())
    };
    Picks {
        picked: RwSignal::new(Vec::new()),
        anchor: StoredValue::new(None),
        choices: Memo::new(move |_| choices().unwrap_or_default()),
        note: RwSignal::new(String::new()),
        problem: RwSignal::new(None),
        field: NodeRef::new(),
        busy: RwSignal::new(false),
        report: RwSignal::new(told),
        undoable: RwSignal::new(Vec::new()),
        decisions: use_decisions(),
        toasts: use_toasts(),
    }
}

impl Picks {
    /// Whether an item is selected.
    pub(super) fn has(self, id: ApprovalId) -> bool {
        self.picked.read().contains(&id)
    }

    /// The same, once.
    pub(super) fn has_untracked(self, id: ApprovalId) -> bool {
        self.picked.read_untracked().contains(&id)
    }

    /// Whether nothing is.
    pub(super) fn is_empty(self) -> bool {
        self.picked.read().is_empty()
    }

    /// What is selected and still there to be decided on.
    pub(super) fn items(self) -> Vec<Item> {
        let picked = self.picked.get();
        if picked.is_empty() {
            return Vec::new();
        }
        self.choices.get().into_iter().filter(|item| picked.contains(&item.id)).collect()
    }

    /// The same as the server is told of it: each with the hash that the list shows.
    pub(super) fn told(self) -> Vec<String> {
        self.items().into_iter().map(|item| Picked { id: item.id, hash: item.hash }.to_string()).collect()
    }

    /// Selects an item, or not any more.
    pub(super) fn toggle(self, id: ApprovalId) {
        if !self.choices.read_untracked().iter().any(|item| item.id == id) {
            return;
        }
        self.report.set(None);
        self.anchor.set_value(Some(id));
        self.picked.update(|all| match all.iter().position(|other| *other == id) {
            Some(place) => drop(all.swap_remove(place)),
            None => all.push(id),
        });
    }

    /// Selects everything from the item that was selected last up to this one.
    pub(super) fn extend(self, id: ApprovalId) {
        let choices: Vec<_> = self.choices.read_untracked().iter().map(|item| item.id).collect();
        let place = |id: ApprovalId| choices.iter().position(|other| *other == id);
        let Some(to) = place(id) else { return };
        let from = self.anchor.get_value().and_then(place).unwrap_or(to);
        let range = choices.get(from.min(to)..=from.max(to)).unwrap_or_default();
        self.report.set(None);
        self.anchor.set_value(Some(id));
        self.picked.update(|all| {
            for id in range {
                if !all.contains(id) {
                    all.push(*id);
                }
            }
        });
    }

    /// Selects nothing.
    pub(super) fn clear(self) {
        self.picked.update(Vec::clear);
        self.anchor.set_value(None);
        self.problem.set(None);
    }

    /// Decides on all that is selected. A rejection without a reason asks for one first.
    pub(super) fn decide(self, verdict: Verdict) {
        let (items, note) = (untrack(|| self.items()), self.note.get_untracked());
        if items.is_empty() || self.busy.get_untracked() {
            return;
        }
        if verdict == Verdict::Reject && note.trim().is_empty() {
            self.problem.set(Some("Please say why: the agent is told.".to_owned()));
            if let Some(field) = self.field.get_untracked() {
                // Focus can only fail on an element that is gone.
                let _ = field.focus();
            }
            return;
        }
        self.problem.set(None);
        self.busy.set(true);
        for item in &items {
            self.decisions.made(item.id, verdict);
        }
        let ids: Vec<_> = items.iter().map(|item| item.id).collect();
        let picked = items.into_iter().map(|item| Picked { id: item.id, hash: item.hash }.to_string()).collect();
        spawn_local(async move {
            let outcome = decide_several(verdict, note, picked, String::new()).await;
            self.busy.set(false);
            match outcome {
                Ok(outcome) => {
                    for id in &outcome.waiting {
                        self.decisions.forget(*id);
                    }
                    for refused in &outcome.refused {
                        self.decisions.refused(refused.id, refused.why.clone());
                    }
                    self.picked.set(outcome.refused.iter().map(|refused| refused.id).collect());
                    self.note.set(String::new());
                    self.report.set(Some(words::outcome(verdict, &outcome)));
                    self.offer_undo(outcome.done, outcome.undo_ms);
                }
                Err(error) => {
                    for id in ids {
                        self.decisions.forget(id);
                    }
                    self.problem.set(Some(error.to_string()));
                }
            }
        });
    }

    fn offer_undo(self, done: Vec<ApprovalId>, ms: u64) {
        if ms == 0 {
            return self.undoable.update(Vec::clear);
        }
        self.undoable.set(done.clone());
        let over = move || {
            if self.undoable.try_get_untracked() == Some(done) {
                self.undoable.update(Vec::clear);
            }
        };
        set_timeout(over, Duration::from_millis(ms));
    }

    /// Takes the approvals of the last decision back, as far as it is not too late.
    pub(super) fn undo(self) {
        let ids = self.undoable.get_untracked();
        self.undoable.update(Vec::clear);
        spawn_local(async move {
            let (mut back, mut late) = (0_usize, None);
            for id in ids {
                match undo_approval(id).await {
                    Ok(_) => {
                        self.decisions.forget(id);
                        back += 1;
                    }
                    Err(error) => late = Some(error.to_string()),
                }
            }
            self.report.set(None);
            if back > 0 {
                self.toasts.say(format!("{back} taken back. They wait for a decision again."));
            }
            if let Some(why) = late {
                self.toasts.fail(why);
            }
        });
    }
}
