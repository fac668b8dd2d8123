//! How closely people look at a proposal: its factors, what people's decisions say about proposals like it, and the route
//! that follows.
//!
//! A proposal is first scored by what is known about it ([`factors`]). That score alone decides nothing: agents report
//! high confidence about everything. What counts is how often people agreed with proposals of the same agent, action,
//! model and instructions that scored alike ([`calibration`]), and how sure that is however often one has looked
//! ([`bounds`]). Only then a proposal may go on without a person ([`mod@route`]), and only if it can be taken back.

pub mod bounds;
pub mod calibration;
pub mod factors;
#[cfg(feature = "ssr")]
pub(super) mod learn;
pub mod report;
#[cfg(feature = "ssr")]
mod report_store;
pub mod route;

pub use calibration::{BANDS, Cell, Estimate, Tally};
pub use factors::{Assessment, Factor, Facts, Recommendation, Size, assess};
pub use route::{Floor, Review, Routed, Thresholds, route};
