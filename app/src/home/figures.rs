//! The row of figures at the top.

use hyvve_domain::approvals::figures::{Figures, WINDOW_DAYS};
use leptos::prelude::*;

use crate::{
    shell::use_frame,
    ui::{Figure, span},
};

/// The queue in numbers.
pub(super) fn figure_row(figures: &Figures, spend: AnyView) -> AnyView {
    let frame = use_frame();
    let waiting = if figures.decides { "Waiting for you" } else { "Waiting for a decision" };
    let share = figures.auto_share().map_or_else(|| "—".to_owned(), |share| format!("{share} %"));
    let share_note = format!("{} of {} in {WINDOW_DAYS} days", figures.auto_approved, figures.decided);
    let median = figures.median_seconds.map_or_else(|| "—".to_owned(), span);
    view! {
        <dl class="figures">
            <Figure name=waiting value=figures.waiting.to_string() note="Nothing happens before a decision" href=frame.href("/approvals") lit={figures.waiting > 0}/>
            <Figure name="Decided today" value=figures.decided_today.to_string() note="Since midnight" href=frame.href("/approvals?tab=decided")/>
            <Figure name="Auto-approved" value=share note=share_note/>
            <Figure name="Median time to decision" value=median note=format!("By people, in {WINDOW_DAYS} days")/>
            {spend}
        </dl>
    }
    .into_any()
}
