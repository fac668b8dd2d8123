//! Settings → Security: what the workspace asks of its members, and what its agents may ask of others.

pub mod api;
mod hosts;
mod page;

pub(crate) use page::security_page;
