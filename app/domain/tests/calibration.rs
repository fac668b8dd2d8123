//! What routing promises, against agents of which the truth is known. `cargo xtask simulate` prints the same as a table.

mod simulator;

use std::{panic, thread};

use hyvve_domain::approvals::routing::Thresholds;
use simulator::{AGENTS, Agent, run, share};

const DECISIONS: u32 = 500;
const SEEDS: u64 = 5;

#[test]
fn hardly_anything_goes_on_by_itself_that_people_would_have_rejected() {
    let of_agent = |(n, agent): (usize, Agent)| thread::spawn(move || measure(n, agent));
    let running: Vec<_> = AGENTS.into_iter().enumerate().map(of_agent).collect();
    let (mut auto, mut wrong) = (0, 0);
    for measured in running {
        let of_one = measured.join().unwrap_or_else(|failed| panic::resume_unwind(failed));
        auto += of_one.0;
        wrong += of_one.1;
    }
    assert!(share(wrong, auto) <= 0.02, "{wrong} of {auto}");
}

/// How much of an agent's went on by itself, and how much of that people would have rejected.
fn measure(n: usize, agent: Agent) -> (u32, u32) {
    let thresholds = Thresholds::default();
    let (mut auto, mut wrong) = (0, 0);
    for seed in 1..=SEEDS {
        let o = run(agent, seed * 1_000 + n as u64, DECISIONS, &thresholds);
        auto += o.auto;
        wrong += o.wrong;
        assert!(o.wrong_share() <= 0.05, "{}, seed {seed}: {} of {}", agent.name, o.wrong, o.auto);
        assert_eq!(o.irreversible_auto, 0, "{}, seed {seed}", agent.name);
        assert!(share(o.naive, o.reversible + o.irreversible) > 0.99, "the agents claim to be sure of everything");
        if agent.right < 0.9 && !agent.telling {
            assert_eq!(o.auto, 0, "{}, seed {seed}", agent.name);
        }
        if agent.right > 0.98 {
            assert!(o.auto_share() >= 0.6, "{}, seed {seed}: {:.2}", agent.name, o.auto_share());
        }
    }
    (auto, wrong)
}

#[test]
fn an_agent_whose_mistakes_show_earns_what_is_good_about_it() {
    let agent = Agent { name: "80 %", right: 0.8, telling: true };
    let o = run(agent, 11, DECISIONS, &Thresholds::default());
    assert!(o.auto_share() > 0.4 && o.wrong_share() < 0.05, "{o:?}");
}

#[test]
fn a_stricter_workspace_lets_less_through_and_never_lets_nothing() {
    let good = AGENTS[3];
    let strict = Thresholds { target: 0.999, ..Thresholds::default() };
    assert_eq!(run(good, 5, DECISIONS, &strict).auto, 0);
    let never = Thresholds { auto: 101.0, ..Thresholds::default() };
    assert_eq!(run(good, 5, DECISIONS, &never).auto, 0);
}
