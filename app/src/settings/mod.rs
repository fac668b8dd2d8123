//! Settings of a workspace: one page each, with a list of them beside it.

pub mod ai_providers;
mod audit_log;
mod layout;

pub(crate) use ai_providers::providers_page;
pub(crate) use audit_log::{audit_log_page, log_line};
pub(crate) use layout::first_page;
