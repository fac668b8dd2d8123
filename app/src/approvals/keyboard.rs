//! The keys of the approvals page: j and k move, Enter opens, a approves, e changes, r rejects, x selects,
//! z undoes, Escape closes.

use hyvve_domain::{approvals::Verdict, ids::ApprovalId};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{address::Address, case::Case, picks::Picks};
use crate::shell::keys::use_keys;

/// Understands the keys while the page shows. `ids` are the approvals of the list, in its order.
pub(super) fn use_approval_keys(address: Address, case: Case, picks: Picks, ids: Memo<Vec<ApprovalId>>) {
    let navigate = use_navigate();
    let go = move |id: Option<ApprovalId>| {
        let to = untrack(|| address.beside(id));
        navigate(&to, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    use_keys(move |key| {
        match key {
            "j" => go(step(&ids.get_untracked(), address.selected.get_untracked(), 1)),
            "k" => go(step(&ids.get_untracked(), address.selected.get_untracked(), -1)),
            "Enter" if address.selected.get_untracked().is_none() => go(ids.get_untracked().first().copied()),
            "Escape" if case.asking.get_untracked() => case.asking.set(false),
            "Escape" if !untrack(|| picks.is_empty()) => picks.clear(),
            "Escape" if address.selected.get_untracked().is_some() => go(None),
            "a" => case.decide(Verdict::Approve),
            "r" => case.decide(Verdict::Reject),
            "e" => return case.edit(),
            "x" => address.selected.get_untracked().into_iter().for_each(|id| picks.toggle(id)),
            "z" if !picks.undoable.read_untracked().is_empty() => picks.undo(),
            "z" => case.undo(),
            _ => return false,
        }
        true
    });
}

/// The neighbour in the list; the first one when none is chosen.
fn step(ids: &[ApprovalId], from: Option<ApprovalId>, by: isize) -> Option<ApprovalId> {
    let place = from.and_then(|from| ids.iter().position(|id| *id == from));
    let to = match place {
        Some(place) => place.saturating_add_signed(by).min(ids.len().saturating_sub(1)),
        None => 0,
    };
    ids.get(to).copied().or(from)
}
