//! What is known about a proposal, each as a score of 0 to 100 with its weight and a sentence.

use serde::{Deserialize, Serialize};

use super::{bounds, calibration::ALPHA};

/// One thing that is known about a proposal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Factor {
    /// Its name on every wire: one of the constants of this module.
    pub factor: String,
    /// 0 (speaks against) to 100 (speaks for).
    pub score: f64,
    /// Its share of the whole; all weights together are 1.
    pub weight: f64,
    /// A sentence for people, with the figures it rests on.
    pub explanation: String,
}

/// What the factors together suggest, before anyone asks how such proposals fared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recommendation {
    /// Looks like what people approve.
    Approve,
    /// Looks like what people reject.
    Reject,
    /// Needs a look.
    Review,
}

/// A proposal's factors and what follows from them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// Weighted mean of all factors, 0 to 100.
    pub overall_score: f64,
    /// The same without what people said about the agent before: what calibration compares proposals by. It must not
    /// contain the past, or the same proposal would move from one group to another just because time passes.
    pub evidence: f64,
    /// In the order in which they are shown.
    pub factors: Vec<Factor>,
    /// What they suggest.
    pub recommendation: Recommendation,
}

/// How large an action is beside those of its sort that people agreed with.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Size {
    /// Of this one: the largest change of a number, the length of a text, in the tool's own unit.
    pub size: f64,
    /// Nine of ten that people agreed with were at most this large; `None` before there are any.
    pub usual: Option<f64>,
    /// The largest that people agreed with.
    pub most: Option<f64>,
    /// How many there were.
    pub of: u32,
}

/// What is known about a proposal.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Facts {
    /// What the agent says about itself, 0 to 100.
    pub stated: Option<u8>,
    /// How often people agreed with this agent on this kind of action.
    pub agreed: u32,
    /// How often they did not.
    pub disagreed: u32,
    /// Whether it can be taken back.
    pub reversible: bool,
    /// How large it is.
    pub size: Size,
    /// How often people agreed with one of its sort, by this or another agent.
    pub seen: u32,
    /// How often they did not.
    pub refused: u32,
    /// What its sort is, in words.
    pub sort: String,
    /// What it touches that one should not touch lightly, in words.
    pub sensitive: Vec<String>,
    /// How many of the tool's arguments are given.
    pub given: u32,
    /// How many there are.
    pub possible: u32,
    /// Whether the agent says why.
    pub reason: bool,
    /// Names of the policy's rules that ask for a look.
    pub rules: Vec<String>,
}

/// The agent's own confidence.
pub const STATED: &str = "stated_confidence";
/// How often people agreed before.
pub const AGREEMENT: &str = "agreement";
/// How large it is beside what is usual.
pub const SIZE: &str = "size";
/// Whether it can be taken back.
pub const REVERSIBILITY: &str = "reversibility";
/// How well its sort is known.
pub const NOVELTY: &str = "novelty";
/// What it touches.
pub const SENSITIVITY: &str = "sensitivity";
/// Whether all is there that a decision needs.
pub const COMPLETENESS: &str = "completeness";
/// What the workspace's rules say.
pub const POLICY: &str = "policy";

/// Scores what is known about a proposal.
pub fn assess(facts: &Facts) -> Assessment {
    let factors = vec![
        agreement(facts),
        novelty(facts),
        size(&facts.size),
        reversibility(facts),
        sensitivity(facts),
        stated(facts),
        completeness(facts),
        policy(facts),
    ];
    let mean = |factors: &mut dyn Iterator<Item = &Factor>| {
        let (sum, weights) = factors.fold((0.0, 0.0), |(s, w), f| (s + f.score * f.weight, w + f.weight));
        if weights > 0.0 { sum / weights } else { 0.0 }
    };
    let overall_score = mean(&mut factors.iter());
    let evidence = mean(&mut factors.iter().filter(|f| f.factor != AGREEMENT));
    let recommendation = match overall_score {
        s if s >= 85.0 => Recommendation::Approve,
        s if s < 25.0 => Recommendation::Reject,
        _ => Recommendation::Review,
    };
    Assessment { overall_score, evidence, factors, recommendation }
}

fn factor(name: &str, weight: f64, score: f64, explanation: String) -> Factor {
    Factor { factor: name.to_owned(), score: score.clamp(0.0, 100.0), weight, explanation }
}

/// A lower bound, never a mean: three out of three are no reason to trust.
fn agreement(facts: &Facts) -> Factor {
    let (agreed, all) = (facts.agreed, facts.agreed + facts.disagreed);
    let least = bounds::lower(facts.agreed, facts.disagreed, ALPHA) * 100.0;
    let words = if all == 0 {
        "Nobody has decided yet on this agent doing this.".to_owned()
    } else {
        format!(
            "People agreed with {agreed} of {all} such proposals of this agent: at least {least:.0} %, with 95 % confidence."
        )
    };
    factor(AGREEMENT, 0.30, least, words)
}

/// What is new is doubtful, and stays so as long as people say no: three unseen refusals are added to what they said.
fn novelty(facts: &Facts) -> Factor {
    let Facts { seen, refused, sort, .. } = facts;
    let words = match (seen, refused) {
        (0, 0) => format!("Nobody has decided on anything of this sort yet: {sort}."),
        (1, 0) => format!("Approved once before: {sort}."),
        (n, 0) => format!("Approved {n} times before, never rejected: {sort}."),
        (n, refused) => format!("Approved {n} of {} times before: {sort}.", n + refused),
    };
    factor(NOVELTY, 0.15, 100.0 * f64::from(*seen) / f64::from(seen + refused + 3), words)
}

fn size(size: &Size) -> Factor {
    let Size { size, usual, most, of } = size;
    let (Some(usual), Some(most)) = (usual, most) else {
        return factor(
            SIZE,
            0.15,
            50.0,
            "There is nothing like it yet that its size could be compared with.".to_owned(),
        );
    };
    let (score, words) = if size <= usual {
        (
            100.0,
            format!(
                "{} is usual: nine of ten of the {of} approved ones were at most {}.",
                number(*size),
                number(*usual)
            ),
        )
    } else if size <= most {
        (
            60.0,
            format!(
                "{} is large: nine of ten of the {of} approved ones were at most {}.",
                number(*size),
                number(*usual)
            ),
        )
    } else {
        let beyond = if *size > 0.0 { most / size } else { 1.0 };
        (
            40.0 * beyond,
            format!(
                "{} is more than people ever approved here: the largest of {of} was {}.",
                number(*size),
                number(*most)
            ),
        )
    };
    factor(SIZE, 0.15, score, words)
}

fn reversibility(facts: &Facts) -> Factor {
    let (score, words) = if facts.reversible {
        (100.0, "It can be taken back afterwards.")
    } else {
        (0.0, "It cannot be taken back, so a person always decides.")
    };
    factor(REVERSIBILITY, 0.10, score, words.to_owned())
}

fn sensitivity(facts: &Facts) -> Factor {
    let (score, words) = if facts.sensitive.is_empty() {
        (100.0, "It touches nothing that is marked as sensitive.".to_owned())
    } else {
        (100.0 / (1.0 + 2.0 * facts.sensitive.len() as f64), format!("It touches {}.", facts.sensitive.join(", ")))
    };
    factor(SENSITIVITY, 0.10, score, words)
}

fn stated(facts: &Facts) -> Factor {
    let (score, words) = match facts.stated {
        Some(stated) => (f64::from(stated), format!("The agent says that it is {stated} % sure; nobody checked that.")),
        None => (50.0, "The agent does not say how sure it is.".to_owned()),
    };
    factor(STATED, 0.10, score, words)
}

fn completeness(facts: &Facts) -> Factor {
    let Facts { given, possible, reason, .. } = facts;
    let (have, all) = (f64::from(given + u32::from(*reason)), f64::from(possible + 1));
    let why = if *reason { "and says why" } else { "but does not say why" };
    factor(COMPLETENESS, 0.05, 100.0 * have / all, format!("It gives {given} of {possible} details {why}."))
}

fn policy(facts: &Facts) -> Factor {
    let (score, words) = if facts.rules.is_empty() {
        (100.0, "No rule of the workspace asks for a closer look.".to_owned())
    } else {
        (0.0, format!("The workspace asks for a look: {}.", facts.rules.join(", ")))
    };
    factor(POLICY, 0.05, score, words)
}

/// At most two decimals, and none that are 0.
fn number(n: f64) -> String {
    let text = format!("{n:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Facts {
        Facts {
            stated: Some(95),
            agreed: 198,
            disagreed: 2,
            reversible: true,
            size: Size { size: 10.0, usual: Some(20.0), most: Some(30.0), of: 100 },
            seen: 100,
            sort: "customers, discount".to_owned(),
            given: 3,
            possible: 3,
            reason: true,
            ..Facts::default()
        }
    }

    fn score(facts: &Facts, name: &str) -> f64 {
        assess(facts).factors.iter().find(|f| f.factor == name).map_or(f64::NAN, |f| f.score)
    }

    #[test]
    fn weights_are_one_and_every_sentence_ends() {
        for facts in [Facts::default(), known()] {
            let all = assess(&facts);
            assert!((all.factors.iter().map(|f| f.weight).sum::<f64>() - 1.0).abs() < 1e-9);
            for f in all.factors {
                assert!((0.0..=100.0).contains(&f.score) && f.explanation.ends_with('.'), "{f:?}");
            }
        }
    }

    #[test]
    fn each_doubt_lowers_the_score() {
        let good = assess(&known());
        assert_eq!(good.recommendation, Recommendation::Approve);
        let doubts: [fn(&mut Facts); 9] = [
            |f| f.stated = Some(20),
            |f| f.disagreed = 40,
            |f| f.reversible = false,
            |f| f.size.size = 25.0,
            |f| f.seen = 1,
            |f| f.refused = 50,
            |f| f.sensitive = vec!["a bank account".to_owned()],
            |f| f.reason = false,
            |f| f.rules = vec!["Large refunds".to_owned()],
        ];
        for doubt in doubts {
            let mut facts = known();
            doubt(&mut facts);
            assert!(assess(&facts).overall_score < good.overall_score, "{facts:?}");
        }
    }

    #[test]
    fn what_people_said_before_is_no_part_of_what_calibration_compares() {
        let mut disliked = known();
        disliked.disagreed = 500;
        assert!((assess(&disliked).evidence - assess(&known()).evidence).abs() < 1e-9);
    }

    #[test]
    fn what_nobody_ever_approved_scores_the_less_the_larger_it_is() {
        let of = |size| score(&Facts { size: Size { size, ..known().size }, ..known() }, SIZE);
        assert!(of(20.0) > of(30.0) && of(30.0) > of(31.0) && of(31.0) > of(300.0));
        assert!((score(&Facts::default(), SIZE) - 50.0).abs() < 1e-9);
    }
}
