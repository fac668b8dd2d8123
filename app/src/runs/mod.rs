//! Runs: what agents were asked, and step by step what they did.

pub mod api;
mod filter;
mod list;
mod outcome;
pub mod row;
pub mod status;
mod step;
mod summary;
mod timeline;

pub(crate) use list::runs_page;
pub use row::RunRow;
pub use status::RunPill;
pub(crate) use timeline::run_page;
