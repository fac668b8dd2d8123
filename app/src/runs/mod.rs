//! Runs: what agents were asked, and step by step what they did.

pub mod api;
#[cfg(feature = "ssr")]
mod filter;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod outcome;
#[cfg(feature = "ssr")]
mod row;
pub mod status;
#[cfg(feature = "ssr")]
mod step;
#[cfg(feature = "ssr")]
mod summary;
#[cfg(feature = "ssr")]
mod timeline;

#[cfg(feature = "ssr")]
pub(crate) use list::runs_page;
#[cfg(feature = "ssr")]
pub(crate) use row::run_row;
pub use status::RunPill;
#[cfg(feature = "ssr")]
pub(crate) use timeline::run_page;
