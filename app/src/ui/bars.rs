//! Stacked bars per day: drawn on the server, with the same numbers as a table.

use leptos::prelude::*;

use super::{Card, CardBody, Table, Td};

/// The drawing's height, and the width of a day, in its own units.
const HEIGHT: i64 = 150;
const STEP: i64 = 50;
/// About how many dates stand below it.
const DATES: usize = 16;

/// One part of every bar.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// What it counts.
    pub name: &'static str,
    /// The class that colours it.
    pub class: &'static str,
}

/// One day.
#[derive(Clone, Debug)]
pub struct Bar {
    /// `2026-11-24`.
    pub date: String,
    /// A number for each series, from the bottom of the bar to its top.
    pub values: Vec<i64>,
}

impl Bar {
    fn total(&self) -> i64 {
        self.values.iter().sum()
    }
}

/// A card with the chart, its legend where there are several series, and its table.
#[component]
pub fn BarChart(
    /// What is shown.
    title: &'static str,
    /// All of it, in a few words.
    note: String,
    /// What to say where there is nothing.
    nothing: &'static str,
    /// The parts of a bar.
    series: &'static [Series],
    /// The days, oldest first.
    bars: Vec<Bar>,
    /// The number that the highest bar has at least.
    #[prop(default = 1)]
    least: i64,
    /// A number in words.
    say: fn(i64) -> String,
) -> AnyView {
    if bars.iter().all(|bar| bar.total() == 0) {
        let nothing = view! { <CardBody><p class="text-muted-foreground">{nothing}</p></CardBody> };
        return view! { <Card title=title note=note>{nothing}</Card> }.into_any();
    }
    let top = bars.iter().map(Bar::total).max().unwrap_or(0).max(least);
    let label = format!("{title}, at most {} in a day; the table below has the numbers", say(top));
    let width = STEP * bars.len() as i64;
    let drawn: Vec<AnyView> =
        bars.iter().enumerate().map(|(at, day)| bar(day, at as i64 * STEP, top, series, say)).collect();
    let every = bars.len().div_ceil(DATES);
    let date = |(at, bar): (usize, &Bar)| {
        let text = bar.date.get(8..).unwrap_or_default().trim_start_matches('0').to_owned();
        view! { <li>{(at % every == 0).then_some(text)}</li> }
    };
    let dates = bars.iter().enumerate().map(date).collect_view();
    view! {
        <Card title=title note=note>
            <CardBody>
                <svg class="chart" viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" role="img" aria-label=label>{drawn}</svg>
                <ol class="chart-days" aria-hidden="true">{dates}</ol>
                {(series.len() > 1).then(|| legend(series))}
                <details class="disclosure">
                    <summary>"Show as a table"</summary>
                    {numbers(title, series, &bars, say)}
                </details>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn bar(day: &Bar, x: i64, top: i64, series: &[Series], say: fn(i64) -> String) -> AnyView {
    let mut below = 0;
    let parts = series.iter().zip(&day.values).filter(|(_, value)| **value > 0).map(|(series, value)| {
        // What is there shows, however little it is.
        let height = (i128::from(*value) * i128::from(HEIGHT) / i128::from(top)).max(1) as i64;
        below += height;
        let y = (HEIGHT - below).max(0);
        view! { <rect class=series.class x=x + STEP / 5 y=y width=STEP * 3 / 5 height=height></rect> }
    });
    let parts: Vec<_> = parts.collect();
    view! {
        <g>
            <title>{format!("{}: {}", day.date, say(day.total()))}</title>
            {parts}
        </g>
    }
    .into_any()
}

fn legend(series: &[Series]) -> AnyView {
    let entry = |series: &Series| {
        view! {
            <li>
                <svg class="chart-key" viewBox="0 0 10 10" aria-hidden="true"><rect class=series.class width="10" height="10" rx="2"></rect></svg>
                {series.name}
            </li>
        }
    };
    view! { <ul class="chart-legend">{series.iter().map(entry).collect_view()}</ul> }.into_any()
}

fn numbers(title: &'static str, series: &[Series], bars: &[Bar], say: fn(i64) -> String) -> AnyView {
    let columns: Vec<String> =
        std::iter::once("Day").chain(series.iter().map(|series| series.name)).map(str::to_owned).collect();
    let row = |bar: &Bar| {
        let cells = bar
            .values
            .iter()
            .map(|value| say(*value))
            .map(|value| view! { <Td number=true>{value}</Td> })
            .collect_view();
        view! { <tr><th scope="row">{bar.date.clone()}</th>{cells}</tr> }
    };
    let rows = bars.iter().rev().map(row).collect_view();
    view! { <Table caption=title columns=columns>{rows}</Table> }.into_any()
}
