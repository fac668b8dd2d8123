//! Settings of a workspace: one page each, with a list of them beside it.

pub mod ai_providers;
pub mod audit_log;
pub mod layout;

pub(crate) use ai_providers::providers_page;
pub use audit_log::LogLine;
pub(crate) use audit_log::audit_log_page;
pub use layout::SettingsIndex;
