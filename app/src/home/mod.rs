//! Home: what waits, how deciding goes, and what happened last.

mod activity;
mod chart;
mod figures;
mod page;
mod spend;

pub(crate) use page::home_page;
