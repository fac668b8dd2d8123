//! Agents of which the truth is known, decided on by people who never err, through HYVVE's own scoring, calibration and
//! routing.
//!
//! Every agent claims to be at least 85 % sure of everything, as models do. How often it is right is its own; for most
//! agents nothing else about a proposal tells which, for some its size and its sort do.

use hyvve_domain::approvals::routing::{
    Cell, Facts, Review, Size, Tally, Thresholds, assess, calibration::band, route,
};

/// An agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agent {
    /// For the table.
    pub(crate) name: &'static str,
    /// How often people agree with what it proposes.
    pub(crate) right: f64,
    /// Whether its mistakes look different: larger, and of a sort that is rarely approved.
    pub(crate) telling: bool,
}

/// Those that promise a figure, and three whose mistakes can be told.
pub(crate) const AGENTS: [Agent; 7] = [
    Agent { name: "60 %", right: 0.60, telling: false },
    Agent { name: "80 %", right: 0.80, telling: false },
    Agent { name: "95 %", right: 0.95, telling: false },
    Agent { name: "99 %", right: 0.99, telling: false },
    Agent { name: "60 %, mistakes show", right: 0.60, telling: true },
    Agent { name: "80 %, mistakes show", right: 0.80, telling: true },
    Agent { name: "95 %, mistakes show", right: 0.95, telling: true },
];

/// Of a hundred proposals, so many can be taken back.
const REVERSIBLE: f64 = 0.8;
/// How many proposals are measured after the decisions: so many that a share of them says something also of an agent of which
/// little goes on by itself.
pub(crate) const MEASURED: u32 = 10_000;

/// What happened to an agent's proposals after people had decided so often.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Outcome {
    /// Proposals that can be taken back.
    pub(crate) reversible: u32,
    /// Proposals that cannot.
    pub(crate) irreversible: u32,
    /// Went on by themselves.
    pub(crate) auto: u32,
    /// Of them, people would have rejected.
    pub(crate) wrong: u32,
    /// Would have gone on under the naive rule: what claims 85 % or more, whatever it is.
    pub(crate) naive: u32,
    /// Of them, people would have rejected.
    pub(crate) naive_wrong: u32,
    /// Went on by themselves although they cannot be taken back.
    pub(crate) irreversible_auto: u32,
    /// Mean squared distance of the calibrated score from what people said.
    pub(crate) brier: f64,
    /// Looked at afterwards.
    pub(crate) sampled: u32,
}

impl Outcome {
    /// Of what can be taken back, the share that went on by itself.
    pub(crate) fn auto_share(&self) -> f64 {
        share(self.auto, self.reversible)
    }

    /// Of what went on by itself, the share that people would have rejected.
    pub(crate) fn wrong_share(&self) -> f64 {
        share(self.wrong, self.auto)
    }
}

/// One of the other; 0 of nothing.
pub(crate) fn share(some: u32, all: u32) -> f64 {
    if all == 0 { 0.0 } else { f64::from(some) / f64::from(all) }
}

/// Numbers that are the same for the same seed everywhere (`splitmix64`, as its author G. Steele published it).
pub(crate) struct Chance(u64);

impl Chance {
    /// From a seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Evenly from 0 to 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True so often.
    pub(crate) fn is(&mut self, probability: f64) -> bool {
        self.next() < probability
    }
}

/// A proposal, and what people think of it.
struct Proposal {
    facts: Facts,
    sort: usize,
    good: bool,
}

/// What the workspace has seen of an agent's actions.
#[derive(Default)]
struct World {
    cell: Cell,
    decided: u32,
    sizes: Vec<f64>,
    seen: [u32; SORTS],
    refused: [u32; SORTS],
}

const SORTS: usize = 6;

impl World {
    fn propose(&self, agent: Agent, chance: &mut Chance) -> Proposal {
        let good = chance.is(agent.right);
        let odd = chance.is(match (agent.telling, good) {
            (false, _) => 0.1,
            (true, true) => 0.05,
            (true, false) => 0.97,
        });
        // The usual sorts come up often; the last is the one that nobody approves, where mistakes show.
        let sort = if odd { SORTS - 1 } else { (chance.next() * (SORTS - 1) as f64) as usize };
        let size = if odd { 40.0 + 60.0 * chance.next() } else { 20.0 * chance.next() };
        let total = self.cell.total();
        let facts = Facts {
            stated: Some((85.0 + 15.0 * chance.next()) as u8),
            agreed: total.agreed,
            disagreed: total.disagreed,
            reversible: chance.is(REVERSIBLE),
            size: self.beside(size),
            seen: self.seen[sort],
            refused: self.refused[sort],
            sort: format!("sort {sort}"),
            sensitive: if agent.telling && odd { vec!["a field that is marked".to_owned()] } else { Vec::new() },
            given: 3,
            possible: 3,
            reason: true,
            rules: Vec::new(),
        };
        Proposal { facts, sort, good }
    }

    fn beside(&self, size: f64) -> Size {
        let mut sorted = self.sizes.iter().rev().take(200).copied().collect::<Vec<_>>();
        sorted.sort_by(f64::total_cmp);
        let usual = sorted.len().checked_sub(1).map(|last| sorted[last * 9 / 10]);
        Size { size, usual, most: sorted.last().copied(), of: sorted.len() as u32 }
    }

    fn learn(&mut self, proposal: &Proposal, band: usize, target: f64) {
        self.cell.learn(band, proposal.good, target);
        self.decided += 1;
        if proposal.good {
            self.sizes.push(proposal.facts.size.size);
            self.seen[proposal.sort] += 1;
        } else {
            self.refused[proposal.sort] += 1;
        }
    }
}

/// Lets people decide so often on an agent's proposals, then measures what goes on by itself.
pub(crate) fn run(agent: Agent, seed: u64, decisions: u32, thresholds: &Thresholds) -> Outcome {
    let mut chance = Chance::new(seed);
    let mut world = World::default();
    let mut outcome = Outcome::default();
    let (mut measured, mut squares, mut scored) = (0, 0.0, 0_u32);
    while measured < MEASURED {
        let proposal = world.propose(agent, &mut chance);
        let assessed = assess(&proposal.facts);
        let band = band(assessed.evidence);
        let estimate = world.cell.estimate(Tally::default(), band);
        let routed = route(&estimate, proposal.facts.reversible, thresholds, None);
        let auto = routed.review == Review::Auto;
        let sampled = auto && chance.is(thresholds.sample);
        if world.decided >= decisions {
            measured += 1;
            count(&mut outcome, &proposal, auto, sampled);
            if let Some(score) = routed.score {
                squares += (score / 100.0 - if proposal.good { 1.0 } else { 0.0 }).powi(2);
                scored += 1;
            }
        }
        if !auto || sampled {
            world.learn(&proposal, band, thresholds.target);
        }
    }
    outcome.brier = if scored == 0 { f64::NAN } else { squares / f64::from(scored) };
    outcome
}

fn count(outcome: &mut Outcome, proposal: &Proposal, auto: bool, sampled: bool) {
    let Proposal { facts, good, .. } = proposal;
    let one = |yes: bool| u32::from(yes);
    outcome.reversible += one(facts.reversible);
    outcome.irreversible += one(!facts.reversible);
    outcome.auto += one(auto);
    outcome.wrong += one(auto && !good);
    outcome.irreversible_auto += one(auto && !facts.reversible);
    outcome.sampled += one(sampled);
    let claims = facts.stated.is_some_and(|stated| stated >= 85);
    outcome.naive += one(claims);
    outcome.naive_wrong += one(claims && !good);
}
