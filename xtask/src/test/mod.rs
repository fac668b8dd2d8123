//! `cargo xtask test`: every check, in the order in which they are quick to fail.

mod rules;
mod steps;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use self::steps::{STEPS, Step};
use crate::say::{print_line, say};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these steps
    #[arg(value_name = "STEP", value_parser = step_named)]
    steps: Vec<&'static Step>,
    /// Not this step (may be repeated)
    #[arg(long, value_name = "STEP", value_parser = step_named)]
    skip: Vec<&'static Step>,
    /// Go on after a step has failed
    #[arg(long)]
    keep_going: bool,
}

fn step_named(name: &str) -> Result<&'static Step, String> {
    let names = || STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
    STEPS.iter().find(|step| step.name == name).ok_or_else(|| format!("the steps are {}", names()))
}

/// The steps, for the help.
pub(crate) fn listed() -> String {
    let lines = STEPS.iter().map(|step| format!("  {:<13} {}", step.name, step.about));
    format!("Steps, in this order:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Runs the chosen steps and closes with a table and the count.
pub(crate) fn run(options: &Options) -> ExitCode {
    let among = |steps: &[&Step], step: &Step| steps.iter().any(|other| other.name == step.name);
    let chosen = STEPS.iter().filter(|step| options.steps.is_empty() || among(&options.steps, step));
    let mut outcomes = Vec::new();
    for step in chosen.filter(|step| !among(&options.skip, step)) {
        say!("── {}: {}", step.name, step.about);
        let start = Instant::now();
        let result = (step.run)();
        if let Err(error) = &result {
            say!("{} failed: {error:#}", step.name);
        }
        outcomes.push((step.name, result.is_ok(), start.elapsed()));
        if result.is_err() && !options.keep_going {
            break;
        }
    }
    close(&outcomes)
}

/// The table of what passed and what did not. The count stands alone on the last line, for whoever reads only that.
pub(crate) fn close(outcomes: &[(&str, bool, Duration)]) -> ExitCode {
    say!("Done");
    for (name, passed, time) in outcomes {
        print_line!("{:>8.1} s  {}  {name}", time.as_secs_f64(), if *passed { "passed" } else { "FAILED" });
    }
    let failed = outcomes.iter().filter(|(_, passed, _)| !passed).count();
    let passed = outcomes.len() - failed;
    print_line!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
