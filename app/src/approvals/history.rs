//! What happened to an approval, oldest first.

use hyvve_domain::approvals::HistoryEntry;
use leptos::prelude::*;

use super::words;
use crate::ui::{Card, Revealed, Time};

/// The history card.
pub(super) fn history(entries: Vec<HistoryEntry>) -> AnyView {
    let entry = |entry: HistoryEntry| {
        let who = entry.who.map(|who| view! { " by "<b>{who}</b> });
        let note = entry.note.map(|note| view! { <blockquote class="quote"><Revealed text=note/></blockquote> });
        view! {
            <li>
                <div class="flex gap-2 justify-between">
                    <span>{words::history(&entry.what)}{who}</span>
                    <span class="text-muted-foreground text-sm"><Time at=entry.at/></span>
                </div>
                {note}
            </li>
        }
    };
    let entries = entries.into_iter().map(entry).collect_view();
    view! { <Card title="History"><ol class="history">{entries}</ol></Card> }.into_any()
}
