//! A lower bound for the share of proposals that people agree with, which holds however often one looks.
//!
//! A bound for one look at a fixed number of decisions would be passed sooner or later by an agent that does not deserve
//! it, because HYVVE looks after each decision. This one is the lower end of a confidence sequence: with probability
//! 1 − α it is below the truth at *all* times at once. It comes from a mixture of likelihood ratios (H. Robbins,
//! "Statistical methods related to the law of the iterated logarithm", 1970): for a true share `m`, the likelihood under
//! a Beta mixture over that under `m` is a martingale of mean 1, so that it ever reaches 1/α has probability α at most
//! (Ville's inequality). The bound is the smallest `m` for which it has not.

use libm::lgamma;

/// Of the mixture: most weight on agents that are nearly always right, which are those that a bound is wanted for. It
/// makes the bound sharper there, and is valid whatever the truth.
const PRIOR: (f64, f64) = (12.0, 0.6);
/// Halvings of the interval: far below what is shown.
const HALVINGS: usize = 24;

/// What the share of agreement is at least, with probability `1 − alpha` at all times at once. 0 before any decision.
pub fn lower(agreed: u32, disagreed: u32, alpha: f64) -> f64 {
    if agreed == 0 {
        return 0.0;
    }
    let (yes, no) = (f64::from(agreed), f64::from(disagreed));
    let mixture = ln_beta(PRIOR.0 + yes, PRIOR.1 + no) - ln_beta(PRIOR.0, PRIOR.1);
    let limit = -alpha.ln();
    // Between 0 and the observed share the ratio only falls.
    let (mut low, mut high) = (0.0_f64, yes / (yes + no));
    for _ in 0..HALVINGS {
        let m = f64::midpoint(low, high);
        let under = yes * m.ln() + if no > 0.0 { no * (1.0 - m).ln() } else { 0.0 };
        if mixture - under >= limit {
            low = m;
        } else {
            high = m;
        }
    }
    low
}

fn ln_beta(a: f64, b: f64) -> f64 {
    lgamma(a) + lgamma(b) - lgamma(a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A generator of its own, so that the test says the same everywhere.
    fn next(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1_u64 << 53) as f64
    }

    #[test]
    fn it_grows_with_agreement_and_falls_with_each_disagreement() {
        assert!(lower(0, 5, 0.05).abs() < f64::EPSILON);
        for agreed in [1, 10, 100, 1_000] {
            assert!(lower(agreed, 0, 0.05) < lower(agreed + 1, 0, 0.05));
            assert!(lower(agreed, 1, 0.05) < lower(agreed, 0, 0.05));
            assert!(lower(agreed, 3, 0.01) < lower(agreed, 3, 0.05));
        }
        // Three out of three say little.
        assert!(lower(3, 0, 0.05) < 0.5);
        assert!(lower(198, 2, 0.05) > 0.93);
    }

    #[test]
    fn an_agent_that_is_right_as_often_as_the_target_hardly_ever_passes_it_at_any_of_two_thousand_looks() {
        let (target, alpha, agents) = (0.95, 0.05, 1_000);
        let mut state = 7;
        let passed = (0..agents)
            .filter(|_| {
                let (mut agreed, mut disagreed) = (0, 0);
                (0..2_000).any(|_| {
                    *(if next(&mut state) < target { &mut agreed } else { &mut disagreed }) += 1;
                    lower(agreed, disagreed, alpha) > target
                })
            })
            .count();
        assert!(passed <= 50, "{passed} of {agents}");
    }
}
