//! Settings → Audit log: who did what, newest first, and whether the log is whole.

pub mod api;
pub mod line;
mod page;
mod verify;
mod words;

pub use line::LogLine;
pub(crate) use page::audit_log_page;
