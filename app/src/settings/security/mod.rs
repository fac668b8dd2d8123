//! Settings → Security: what the workspace asks of its members.

pub mod api;
mod page;

pub(crate) use page::security_page;
