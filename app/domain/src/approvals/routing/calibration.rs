//! What people's decisions say about proposals that score alike.

use serde::{Deserialize, Serialize};

use super::bounds;

/// Lower edges of the bands of scores. What people decided is counted per band, so that a score that tells good from bad
/// is worth something and one that does not is worth nothing.
pub const EDGES: [f64; BANDS] = [0.0, 45.0, 60.0, 70.0, 80.0];
/// How many bands there are.
pub const BANDS: usize = 5;

/// 1 − how sure the lower bound is.
pub const ALPHA: f64 = 0.05;
/// Decisions before a cell, and a band of it, says anything: below, every proposal gets a full review.
pub const ENOUGH: u32 = 20;
/// The same of one band.
pub const ENOUGH_IN_BAND: u32 = 8;

/// How many decisions the broader group counts for, wherever a narrower one is estimated.
const WEIGHT_OF_NOTHING: f64 = 4.0;
const WEIGHT_OF_ACTION: f64 = 8.0;
const WEIGHT_OF_CELL: f64 = 6.0;
/// Of somebody about whom nothing is known.
const PRIOR: f64 = 0.5;

/// The bet of the watch for change: how much of it is staked on each decision.
const STAKE: f64 = 4.0;
/// From here on a cell's past no longer describes its agent. For an agent that is just good enough, a false alarm takes a
/// thousand decisions at least on average.
const ALARM: f64 = 1_000.0;

/// What people said about one agent's proposals of one kind, made with one model and one set of instructions.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Cell {
    /// How often they agreed, per band.
    pub agreed: [u32; BANDS],
    /// How often they did not.
    pub disagreed: [u32; BANDS],
    /// How much speaks for the agent having become worse than the target: grows with disagreement, never below 1.
    pub watch: f64,
}

/// The same of every agent together, for one kind of action.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How often people agreed.
    pub agreed: u32,
    /// How often they did not.
    pub disagreed: u32,
}

/// What a cell says about one more proposal.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// How probable it is that people agree, 0 to 1; drawn towards the broader group where decisions are few.
    pub probability: f64,
    /// What the share of agreement is at least among those that score as high as a group that this proposal belongs to.
    pub at_least: f64,
    /// Decisions of the cell.
    pub decisions: u32,
    /// Of them, in this proposal's band.
    pub in_band: u32,
}

impl Estimate {
    /// Whether people have decided often enough for it to mean anything.
    pub const fn is_calibrated(&self) -> bool {
        self.decisions >= ENOUGH && self.in_band >= ENOUGH_IN_BAND
    }
}

/// The band of a score of 0 to 100.
pub fn band(score: f64) -> usize {
    EDGES.iter().rposition(|edge| score >= *edge).unwrap_or(0)
}

impl Cell {
    /// Adds what a person said. True when the agent has become so much worse than the cell claimed that what people said
    /// before no longer counts: the cell then begins anew. Only claims are watched: of a band that promises nothing,
    /// disagreement is no change.
    pub fn learn(&mut self, band: usize, agreed: bool, target: f64) -> bool {
        let band = band.min(BANDS - 1);
        let claimed = self.at_least(band) >= target;
        let counts = if agreed { &mut self.agreed } else { &mut self.disagreed };
        counts[band] = counts[band].saturating_add(1);
        if !claimed && self.watch <= 1.0 {
            return false;
        }
        let outcome = if agreed { 1.0 } else { 0.0 };
        self.watch = (self.watch.max(1.0) * (1.0 + STAKE * (target - outcome))).max(1.0);
        let alarm = self.watch >= ALARM;
        if alarm {
            *self = Self::default();
        }
        alarm
    }

    /// Takes back what was learned from a decision that was itself taken back.
    pub fn unlearn(&mut self, band: usize, agreed: bool) {
        let counts = if agreed { &mut self.agreed } else { &mut self.disagreed };
        let count = &mut counts[band.min(BANDS - 1)];
        *count = count.saturating_sub(1);
    }

    /// Decisions in all.
    pub fn decisions(&self) -> u32 {
        self.total().agreed + self.total().disagreed
    }

    /// All bands together.
    pub fn total(&self) -> Tally {
        self.from(0)
    }

    /// Those of a band and all above.
    fn from(&self, band: usize) -> Tally {
        Tally { agreed: self.agreed[band..].iter().sum(), disagreed: self.disagreed[band..].iter().sum() }
    }

    /// What the share of agreement is at least in one of the groups "this band and all above" that a band belongs to: a bound
    /// for each group, all of them valid at once.
    fn at_least(&self, band: usize) -> f64 {
        let alpha = ALPHA / BANDS as f64;
        let bound = |from: usize| {
            let group = self.from(from);
            bounds::lower(group.agreed, group.disagreed, alpha)
        };
        (0..=band).map(bound).fold(0.0, f64::max)
    }

    /// What the cell, and all agents' proposals of this kind, say about a proposal of this band.
    pub fn estimate(&self, all: Tally, band: usize) -> Estimate {
        let band = band.min(BANDS - 1);
        let one = Tally { agreed: self.agreed[band], disagreed: self.disagreed[band] };
        let action = all.drawn_to(PRIOR, WEIGHT_OF_NOTHING);
        let cell = self.total().drawn_to(action, WEIGHT_OF_ACTION);
        Estimate {
            probability: one.drawn_to(cell, WEIGHT_OF_CELL),
            at_least: self.at_least(band),
            decisions: self.decisions(),
            in_band: one.agreed + one.disagreed,
        }
    }
}

impl Tally {
    /// The share of agreement, drawn towards `to` as if that had been seen `weight` times.
    fn drawn_to(self, to: f64, weight: f64) -> f64 {
        let (yes, no) = (f64::from(self.agreed), f64::from(self.disagreed));
        (yes + to * weight) / (yes + no + weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: f64 = 0.95;

    fn cell(agreed: u32, disagreed: u32, band: usize) -> Cell {
        let mut cell = Cell::default();
        cell.agreed[band] = agreed;
        cell.disagreed[band] = disagreed;
        cell
    }

    #[test]
    fn little_is_drawn_to_the_broader_group_and_much_stands_for_itself() {
        let all = Tally { agreed: 900, disagreed: 100 };
        let unknown = Cell::default().estimate(all, 4);
        assert!((unknown.probability - 0.9).abs() < 0.01 && !unknown.is_calibrated());
        assert!(cell(0, 5, 4).estimate(all, 4).probability < 0.6);
        assert!((cell(500, 500, 4).estimate(all, 4).probability - 0.5).abs() < 0.01);
    }

    #[test]
    fn a_band_that_people_dislike_is_not_carried_by_those_above_it() {
        let mut cell = cell(300, 0, 4);
        cell.disagreed[0] = 10;
        let (good, bad) = (cell.estimate(Tally::default(), 4), cell.estimate(Tally::default(), 0));
        assert!(good.at_least > TARGET && good.probability > 0.98);
        assert!(bad.at_least < TARGET && bad.probability < 0.5);
    }

    #[test]
    fn what_was_taken_back_was_never_learned() {
        let mut changed = cell(30, 2, 3);
        changed.watch = 1.0;
        let before = changed;
        changed.learn(3, true, TARGET);
        changed.unlearn(3, true);
        assert_eq!(changed, before);
    }

    #[test]
    fn an_agent_that_has_become_worse_begins_anew() {
        let mut cell = cell(400, 2, 4);
        let mut asked = 0;
        while !cell.learn(4, asked % 4 != 0, TARGET) {
            asked += 1;
            assert!(asked < 60, "a quarter rejected goes unnoticed");
        }
        assert_eq!(cell, Cell::default());
        let mut good = Cell::default();
        assert!(!(0..5_000).any(|n| good.learn(4, n % 50 != 0, TARGET)), "one in fifty is no change");
    }

    #[test]
    fn every_score_has_a_band() {
        for (score, expected) in [(-1.0, 0), (0.0, 0), (44.9, 0), (45.0, 1), (79.9, 3), (80.0, 4), (100.0, 4)] {
            assert_eq!(band(score), expected, "{score}");
        }
    }
}
