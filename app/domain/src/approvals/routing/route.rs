//! Which look a proposal gets.

use serde::{Deserialize, Serialize};

use super::calibration::Estimate;

/// How closely people look before a proposal is carried out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// Not at all; a share is looked at afterwards.
    Auto,
    /// A glance.
    Quick,
    /// All of it.
    Full,
}

impl Review {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }

    /// From the word; what is unknown gets all attention.
    pub fn parse(word: &str) -> Self {
        [Self::Auto, Self::Quick].into_iter().find(|r| r.as_str() == word).unwrap_or(Self::Full)
    }
}

/// The least look that a proposal gets whatever its score, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Floor {
    /// At least this one.
    pub review: Review,
    /// In a sentence.
    pub why: String,
}

/// From which calibrated score on which look is enough.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Thresholds {
    /// Goes on without a person, from here on: 0 to 100, or above 100 for never.
    pub auto: f64,
    /// A glance is enough, from here on.
    pub quick: f64,
    /// The share of agreement that must be certain before anything goes on without a person, 0.5 to 0.999.
    pub target: f64,
    /// The share of what went on by itself that a person looks at afterwards, 0.01 to 1.
    pub sample: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { auto: 85.0, quick: 60.0, target: 0.95, sample: 0.05 }
    }
}

/// A proposal's route.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Routed {
    /// Which look it gets.
    pub review: Review,
    /// The calibrated score, 0 to 100; `None` before people have decided often enough.
    pub score: Option<f64>,
    /// Why this look and no lesser one, in a sentence.
    pub why: String,
}

/// Routes a proposal. In this order: what is not calibrated gets a full review; the calibrated score gives the look; what
/// cannot be taken back, whose agent has not earned the workspace's target, or what a rule asks a look for never goes on by
/// itself.
pub fn route(estimate: &Estimate, reversible: bool, thresholds: &Thresholds, floor: Option<Floor>) -> Routed {
    let by_score = by_score(estimate, reversible, thresholds);
    match floor {
        Some(floor) if floor.review > by_score.review => Routed { review: floor.review, why: floor.why, ..by_score },
        _ => by_score,
    }
}

fn by_score(estimate: &Estimate, reversible: bool, thresholds: &Thresholds) -> Routed {
    if !estimate.is_calibrated() {
        let why = format!(
            "People have decided {} times on this agent doing this, {} times on proposals that looked like this one: too few to trust any score.",
            estimate.decisions, estimate.in_band,
        );
        return Routed { review: Review::Full, score: None, why };
    }
    let score = estimate.probability * 100.0;
    // The bound is of a group; a part of it that people like less than the workspace asks for is not carried by the rest.
    let least = estimate.at_least.min(estimate.probability) * 100.0;
    let (review, why) = if score < thresholds.quick {
        (
            Review::Full,
            format!(
                "People agree with {score:.0} of 100 like this one; below {:.0} it gets a full review.",
                thresholds.quick
            ),
        )
    } else if score < thresholds.auto {
        (
            Review::Quick,
            format!(
                "People agree with {score:.0} of 100 like this one; a glance is enough from {:.0} on.",
                thresholds.quick
            ),
        )
    } else if !reversible {
        (Review::Quick, format!("People agree with {score:.0} of 100 like this one, but it cannot be taken back."))
    } else if least < thresholds.target * 100.0 {
        let target = thresholds.target * 100.0;
        (
            Review::Quick,
            format!(
                "People agree with {score:.0} of 100 like this one, but it is certain only of {least:.0} %; {target:.0} % are asked for."
            ),
        )
    } else {
        (
            Review::Auto,
            format!("People agree with {score:.0} of 100 like this one, with 95 % confidence at least {least:.0} %."),
        )
    };
    Routed { review, score: Some(score), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(probability: f64, at_least: f64, decisions: u32) -> Estimate {
        Estimate { probability, at_least, decisions, in_band: decisions }
    }

    fn review(estimate: &Estimate, reversible: bool, floor: Option<Review>) -> Review {
        let floor = floor.map(|review| Floor { review, why: "A rule.".to_owned() });
        route(estimate, reversible, &Thresholds::default(), floor).review
    }

    #[test]
    fn only_what_is_calibrated_sure_and_reversible_goes_on_by_itself() {
        let sure = estimate(0.99, 0.97, 500);
        assert_eq!(review(&sure, true, None), Review::Auto);
        assert_eq!(review(&sure, false, None), Review::Quick);
        assert_eq!(review(&estimate(0.99, 0.94, 100), true, None), Review::Quick);
        assert_eq!(review(&estimate(0.84, 0.97, 500), true, None), Review::Quick);
        assert_eq!(review(&estimate(0.93, 0.97, 500), true, None), Review::Quick);
        assert_eq!(review(&estimate(0.59, 0.5, 500), true, None), Review::Full);
        assert_eq!(review(&estimate(1.0, 0.99, 3), true, None), Review::Full);
    }

    #[test]
    fn a_rule_asks_for_a_closer_look_and_never_for_a_lesser_one() {
        let (sure, bad) = (estimate(0.99, 0.97, 500), estimate(0.3, 0.2, 500));
        assert_eq!(review(&sure, true, Some(Review::Quick)), Review::Quick);
        assert_eq!(review(&sure, true, Some(Review::Full)), Review::Full);
        assert_eq!(review(&bad, true, Some(Review::Auto)), Review::Full);
    }

    #[test]
    fn no_estimate_whatever_lets_something_irreversible_through() {
        for n in 0..=100 {
            let certain = estimate(1.0, f64::from(n) / 100.0, 1_000_000);
            let never = Thresholds { auto: 0.0, quick: 0.0, target: 0.0, sample: 1.0 };
            assert_ne!(route(&certain, false, &never, None).review, Review::Auto);
        }
    }
}
