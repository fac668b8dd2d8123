//! Where a run stands, as a pill.

use hyvve_domain::agents::RunStatus;
use leptos::prelude::*;

use crate::ui::{Pill, Tone};

const fn tone(status: RunStatus) -> Tone {
    match status {
        RunStatus::Pending | RunStatus::Cancelled => Tone::Neutral,
        RunStatus::Running => Tone::Info,
        RunStatus::Paused => Tone::Honey,
        RunStatus::Completed => Tone::Good,
        RunStatus::Error => Tone::Bad,
    }
}

/// Where a run stands.
#[component]
pub fn RunPill(
    /// The status.
    status: RunStatus,
) -> AnyView {
    view! { <Pill text=status.label() tone=tone(status)/> }.into_any()
}
