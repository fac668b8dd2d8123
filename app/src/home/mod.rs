//! Home: what waits, how deciding goes, and what happened last.

mod activity;
mod chart;
mod figures;
mod page;

pub(crate) use page::home_page;
