//! Usage: what AI costs, what it may cost, and what its prices are. Plain pages and forms; the address says which days.

pub mod api;
mod budgets;
mod layout;
mod overview;
mod prices;

pub(crate) use budgets::budgets_page;
pub(crate) use overview::overview_page;
pub(crate) use prices::prices_page;
