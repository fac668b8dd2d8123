//! Named points at which a test may kill the process, to prove that a crash between any two lines loses and repeats
//! nothing. Without the setting (`HYVVE_CRASH_AT`, tests only) a point is one load of an empty cell.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

/// Every point, in the order of a run's life.
pub const POINTS: &[&str] = &[
    "run.created",
    "run.claimed",
    "model.first_batch",
    "model.before_step",
    "model.after_step",
    "tool.before_step",
    "tool.after_step",
    "run.paused",
    "decision.before_commit",
    "decision.after_commit",
    "effect.before_claim",
    "effect.claimed",
    "effect.before_commit",
    "effect.after_commit",
    "run.before_complete",
    "run.completed",
];

/// Points beside a run's life, each of which has a test of its own.
pub const BESIDE: &[&str] = &["step.before_commit", "step.after_commit"];

static ARMED: OnceLock<(String, AtomicU32)> = OnceLock::new();

/// Arms one point: the process dies, as by `kill -9`, the `nth` time (from 1) that it gets there.
pub fn arm(point: &str, nth: u32) {
    let _ = ARMED.set((point.to_owned(), AtomicU32::new(nth.max(1))));
}

/// Dies here if this point is armed.
pub(crate) fn point(name: &'static str) {
    debug_assert!(POINTS.contains(&name) || BESIDE.contains(&name), "{name} is missing from POINTS and BESIDE");
    if let Some((armed, left)) = ARMED.get()
        && armed == name
        && left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
