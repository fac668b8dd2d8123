//! How fast the machine itself is at this moment: a shared one changes between two rows, and then they do not compare.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// About 20 ms of arithmetic on a machine of 2024.
const ROUNDS: u64 = 20_000_000;

/// Milliseconds that a fixed piece of arithmetic takes on one core.
pub(crate) fn probe() -> f64 {
    let began = Instant::now();
    let sum = (0..ROUNDS).fold(1_u64, |sum, n| black_box(sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n)));
    black_box(sum);
    began.elapsed().as_secs_f64() * 1000.0
}

/// Processor time of a process so far, as Linux tells it in hundredths of a second (proc(5)); nothing elsewhere.
pub(crate) fn processor_of(id: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The program's name, in brackets, may have spaces in it; user and system time are the 14th and 15th field.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let hundredths: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * hundredths)
}
