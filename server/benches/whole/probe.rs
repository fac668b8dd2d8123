//! How fast the machine itself is at this moment: a shared one changes between two rows, and then they do not compare.

use std::{hint::black_box, time::Instant};

/// About 20 ms of arithmetic on a machine of 2024.
const ROUNDS: u64 = 20_000_000;

/// Milliseconds that a fixed piece of arithmetic takes on one core.
pub(crate) fn probe() -> f64 {
    let began = Instant::now();
    let sum = (0..ROUNDS).fold(1_u64, |sum, n| black_box(sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n)));
    black_box(sum);
    began.elapsed().as_secs_f64() * 1000.0
}
