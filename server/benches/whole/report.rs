//! Figures, as a table or as JSON lines.

use std::time::Duration;

use serde_json::{Map, Value};

/// Prints rows as they come.
pub(crate) struct Report {
    json: bool,
    /// The columns of the row before.
    columns: Vec<&'static str>,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, columns: Vec::new() }
    }

    /// Prints a row, under its columns' names where they are not those of the row before.
    pub(crate) fn row(&mut self, case: &'static str, figures: &[(&'static str, f64)]) {
        if self.json {
            let mut object = Map::from_iter([("case".to_owned(), Value::from(case))]);
            object.extend(figures.iter().map(|(name, figure)| ((*name).to_owned(), Value::from(*figure))));
            println!("{}", Value::Object(object));
            return;
        }
        let columns: Vec<_> = figures.iter().map(|(name, _)| *name).collect();
        if columns != self.columns {
            let names: Vec<_> = columns.iter().map(|name| format!("{name:>8}")).collect();
            println!("\n{:12}{}", "", names.join("  "));
            self.columns = columns;
        }
        let cell = |(name, figure): &(&str, f64)| format!("{:>width$}", shown(*figure), width = name.len().max(8));
        println!("{case:12}{}", figures.iter().map(cell).collect::<Vec<_>>().join("  "));
    }
}

/// Three digits that count, and whole numbers whole.
fn shown(figure: f64) -> String {
    match figure {
        f if f.fract() == 0.0 || f >= 100.0 => format!("{f:.0}"),
        f if f >= 10.0 => format!("{f:.1}"),
        f if f.abs() >= 1.0 => format!("{f:.2}"),
        f => format!("{f:.3}"),
    }
}

/// Durations, sorted, of which quantiles are asked.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The nearest-rank quantile, in milliseconds.
    pub(crate) fn at(&self, quantile: f64) -> f64 {
        let rank = (quantile * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.clamp(1, self.0.len().max(1)) - 1).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}
