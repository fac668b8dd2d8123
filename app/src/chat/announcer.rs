//! Tells screen readers when an answer is there, or when something waits: once, not word by word.

use hyvve_domain::agents::RunStatus;
use leptos::prelude::*;

use super::state::use_chat;

/// A polite live region of its own.
pub(super) fn announcer() -> AnyView {
    let chat = use_chat();
    let said = RwSignal::new("");
    let last = Memo::new(move |_| chat.thread.try_get().flatten().and_then(|thread| thread.last()));
    let announce = move |now: &Option<_>, before: Option<&Option<_>>, _| {
        let followed = matches!((now, before), (Some((run, _)), Some(Some((same, _)))) if run == same);
        match now {
            Some((_, status)) if followed => said.set(words(*status)),
            _ => {}
        }
    };
    Effect::watch(move || last.get(), announce, false);
    view! { <p class="sr-only" role="status" aria-live="polite">{move || said.get()}</p> }.into_any()
}

const fn words(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Pending => "Queued.",
        RunStatus::Running => "The agent is working.",
        RunStatus::Paused => "The agent waits for a person.",
        RunStatus::Completed => "The answer is complete.",
        RunStatus::Cancelled => "Stopped.",
        RunStatus::Error => "The run failed.",
    }
}
