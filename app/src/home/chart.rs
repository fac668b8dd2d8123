//! Decisions per day, stacked by outcome.

use hyvve_domain::approvals::figures::Day;
use leptos::prelude::*;

use crate::ui::{Bar, BarChart, Series, grouped};

/// From the bottom of a bar to its top.
const OUTCOMES: [Series; 4] = [
    Series { name: "Approved", class: "chart-approved" },
    Series { name: "Approved by rule", class: "chart-auto" },
    Series { name: "Rejected", class: "chart-rejected" },
    Series { name: "Ended otherwise", class: "chart-ended" },
];

/// The chart, its legend and its table.
pub(super) fn decisions_chart(days: Vec<Day>) -> AnyView {
    let total: i64 = days.iter().map(Day::total).sum();
    let note = format!("{total} in {} days", days.len());
    let bar = |day: Day| Bar { values: vec![day.approved, day.auto_approved, day.rejected, day.ended], date: day.date };
    view! {
        <BarChart
            title="Decisions per day" note=note nothing="Nothing has been decided in these days." series=&OUTCOMES
            bars=days.into_iter().map(bar).collect() least=4 say=grouped
        />
    }
    .into_any()
}
