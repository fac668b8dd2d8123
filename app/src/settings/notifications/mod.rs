//! Settings → Notifications: what one is told of, and by which ways. Everybody's own.

pub mod api;
mod page;

pub(crate) use page::notifications_page;
