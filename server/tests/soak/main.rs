//! Checks that are slow, or want a machine for themselves: `cargo xtask soak` runs them at full length. The test suite runs
//! what means something at a twentieth of it.
//!
//! `SOAK_REPLIES`, `SOAK_SAMPLES` and `SOAK_SEED` choose how much, and in which order.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is this test's way of failing")]

mod bleed;
mod enumeration;
#[path = "../support/plan.rs"]
mod plan;
#[path = "../support/mod.rs"]
mod support;
