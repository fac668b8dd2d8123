//! The row of figures at the top.

use hyvve_domain::approvals::figures::{Figures, WINDOW_DAYS};
use leptos::prelude::*;

use crate::{shell::use_frame, ui::span};

/// The queue in numbers.
pub(super) fn figure_row(figures: &Figures) -> AnyView {
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
        </dl>
    }
    .into_any()
}

/// One figure; with an address, a link to what it counts.
#[component]
fn Figure(
    name: &'static str,
    value: String,
    #[prop(into)] note: String,
    #[prop(optional, into)] href: Option<String>,
    /// Somebody should look: the value stands in honey.
    #[prop(optional)]
    lit: bool,
) -> AnyView {
    let value = match href {
        Some(href) => view! { <a href=href>{value}</a> }.into_any(),
        None => value.into_any(),
    };
    view! {
        <div class="figure" class:figure-lit=lit>
            <dt>{name}</dt>
            <dd class="figure-value">{value}</dd>
            <dd class="figure-note">{note}</dd>
        </div>
    }
    .into_any()
}
