//! Decisions per day, stacked by outcome: drawn on the server, with the same numbers as a table.

use hyvve_domain::approvals::figures::Day;
use leptos::prelude::*;

use crate::ui::{Card, CardBody, Table, Td};

/// The drawing's height, and the width of a day, in its own units.
const HEIGHT: i64 = 150;
const STEP: i64 = 50;

/// An outcome: its name, the class that colours it, and its number of a day.
struct Series {
    name: &'static str,
    class: &'static str,
    of: fn(&Day) -> i64,
}

/// From the bottom of a bar to its top.
const SERIES: [Series; 4] = [
    Series { name: "Approved", class: "chart-approved", of: |day| day.approved },
    Series { name: "Approved by rule", class: "chart-auto", of: |day| day.auto_approved },
    Series { name: "Rejected", class: "chart-rejected", of: |day| day.rejected },
    Series { name: "Ended otherwise", class: "chart-ended", of: |day| day.ended },
];

/// The chart, its legend and its table.
pub(super) fn decisions_chart(days: Vec<Day>) -> AnyView {
    let total: i64 = days.iter().map(Day::total).sum();
    let note = format!("{total} in {} days", days.len());
    if total == 0 {
        let nothing = view! { <CardBody><p class="text-muted-foreground">"Nothing has been decided in these days."</p></CardBody> };
        return view! { <Card title="Decisions per day" note=note>{nothing}</Card> }.into_any();
    }
    view! {
        <Card title="Decisions per day" note=note>
            <CardBody>
                <Bars days=days.clone()/>
                <Legend/>
                <details class="disclosure">
                    <summary>"Show as a table"</summary>
                    <Numbers days=days/>
                </details>
            </CardBody>
        </Card>
    }
    .into_any()
}

#[component]
fn Bars(days: Vec<Day>) -> AnyView {
    let top = days.iter().map(Day::total).max().unwrap_or(0).max(4);
    let bars: Vec<AnyView> = days.iter().enumerate().map(|(at, day)| bar(day, at as i64 * STEP, top)).collect();
    let width = STEP * days.len() as i64;
    let label = format!("Decisions per day, at most {top} in a day; the table below has the numbers");
    let dates = days.iter().map(|day| day.date.get(8..).unwrap_or_default().trim_start_matches('0').to_owned());
    let dates = dates.map(|date| view! { <li>{date}</li> }).collect_view();
    view! {
        <svg class="chart" viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" role="img" aria-label=label>{bars}</svg>
        <ol class="chart-days" aria-hidden="true">{dates}</ol>
    }
    .into_any()
}

/// One day's bar.
fn bar(day: &Day, x: i64, top: i64) -> AnyView {
    let mut below = 0;
    let parts = SERIES.iter().filter_map(|series| {
        let count = (series.of)(day);
        let height = count * HEIGHT / top;
        below += height;
        let y = HEIGHT - below;
        (count > 0)
            .then(|| view! { <rect class=series.class x=x + STEP / 5 y=y width=STEP * 3 / 5 height=height></rect> })
    });
    let parts: Vec<_> = parts.collect();
    view! {
        <g>
            <title>{format!("{}: {}", day.date, day.total())}</title>
            {parts}
        </g>
    }
    .into_any()
}

#[component]
fn Legend() -> AnyView {
    let entry = |series: &Series| {
        view! {
            <li>
                <svg class="chart-key" viewBox="0 0 10 10" aria-hidden="true"><rect class=series.class width="10" height="10" rx="2"></rect></svg>
                {series.name}
            </li>
        }
    };
    view! { <ul class="chart-legend">{SERIES.iter().map(entry).collect_view()}</ul> }.into_any()
}

#[component]
fn Numbers(days: Vec<Day>) -> AnyView {
    let columns = std::iter::once("Day").chain(SERIES.iter().map(|series| series.name));
    let columns: Vec<String> = columns.map(str::to_owned).collect();
    let row = |day: &Day| {
        let cells = SERIES
            .iter()
            .map(|series| (series.of)(day))
            .map(|count| view! { <Td number=true>{count}</Td> })
            .collect_view();
        view! { <tr><th scope="row">{day.date.clone()}</th>{cells}</tr> }
    };
    let rows = days.iter().rev().map(row).collect_view();
    view! { <Table caption="Decisions per day" columns=columns>{rows}</Table> }.into_any()
}
