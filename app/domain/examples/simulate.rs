//! Prints what HYVVE's routing lets through of agents whose truth is known: `simulate [SEED] [DECISIONS]`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is for whoever reads a terminal")]

#[path = "../tests/simulator/mod.rs"]
mod simulator;

use std::{env, process::ExitCode};

use hyvve_domain::approvals::routing::Thresholds;
use simulator::{AGENTS, MEASURED, Outcome, run, share};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1).map(|text| text.parse::<u32>());
    let (Ok(seed), Ok(decisions)) = (arguments.next().unwrap_or(Ok(1)), arguments.next().unwrap_or(Ok(500))) else {
        eprintln!("simulate [SEED] [DECISIONS]: both whole numbers");
        return ExitCode::from(2);
    };
    let thresholds = Thresholds::default();
    println!("Seed {seed}; after {decisions} decisions each, {MEASURED} further proposals of each agent.\n");
    println!(
        "{:<22} {:>12} {:>12} {:>10} {:>9} {:>12} {:>12}",
        "people agree with", "by itself", "of it wrong", "Brier", "sampled", "naive", "of it wrong"
    );
    let mut all = Outcome::default();
    for (n, agent) in AGENTS.into_iter().enumerate() {
        let o = run(agent, u64::from(seed) * 1_000 + n as u64, decisions, &thresholds);
        row(agent.name, &o);
        all.reversible += o.reversible;
        all.irreversible += o.irreversible;
        all.auto += o.auto;
        all.wrong += o.wrong;
        all.sampled += o.sampled;
        all.naive += o.naive;
        all.naive_wrong += o.naive_wrong;
    }
    all.brier = f64::NAN;
    row("all", &all);
    println!(
        "\n\"By itself\" is of what can be taken back; \"wrong\" is what people would have rejected. The naive rule lets\neverything through of which the agent says that it is 85 % sure, also what cannot be taken back."
    );
    ExitCode::SUCCESS
}

fn row(name: &str, o: &Outcome) {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let brier = if o.brier.is_nan() { "–".to_owned() } else { format!("{:.3}", o.brier) };
    println!(
        "{name:<22} {:>12} {:>12} {brier:>10} {:>9} {:>12} {:>12}",
        percent(o.auto_share()),
        percent(o.wrong_share()),
        o.sampled,
        percent(share(o.naive, o.reversible + o.irreversible)),
        percent(share(o.naive_wrong, o.naive)),
    );
}
