//! What was decided in this tab, until the server's lists say so too: queue and chat agree at once.

use hyvve_domain::{approvals::Verdict, ids::ApprovalId};
use leptos::prelude::*;

/// Decisions of this tab.
#[derive(Clone, Copy)]
pub(super) struct Decisions {
    made: RwSignal<Vec<(ApprovalId, Verdict)>>,
    refused: RwSignal<Vec<(ApprovalId, String)>>,
}

/// Makes decisions possible below; once, at the root.
pub fn provide_decisions() {
    provide_context(Decisions { made: RwSignal::new(Vec::new()), refused: RwSignal::new(Vec::new()) });
}

pub(super) fn use_decisions() -> Decisions {
    expect_context()
}

impl Decisions {
    /// A decision is on its way.
    pub(super) fn made(self, id: ApprovalId, verdict: Verdict) {
        self.forget(id);
        self.made.update(|all| all.push((id, verdict)));
    }

    /// It was refused, and why: the row comes back.
    pub(super) fn refused(self, id: ApprovalId, why: String) {
        self.forget(id);
        self.refused.update(|all| all.push((id, why)));
    }

    /// The approval waits again, or was decided elsewhere.
    pub(super) fn forget(self, id: ApprovalId) {
        self.made.update(|all| all.retain(|(other, _)| *other != id));
        self.refused.update(|all| all.retain(|(other, _)| *other != id));
    }

    /// What was decided here about an approval that the server's last answer still calls waiting.
    pub(super) fn verdict(self, id: ApprovalId) -> Option<Verdict> {
        self.made.read().iter().find(|(other, _)| *other == id).map(|(_, verdict)| *verdict)
    }

    /// Why the last decision about it was refused.
    pub(super) fn refusal(self, id: ApprovalId) -> Option<String> {
        self.refused.read().iter().find(|(other, _)| *other == id).map(|(_, why)| why.clone())
    }
}
