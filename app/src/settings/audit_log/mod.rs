//! Settings → Audit log: who did what, newest first, and whether the log is whole.

mod line;
mod page;
mod verdict;
mod words;

pub(crate) use line::log_line;
pub(crate) use page::audit_log_page;
