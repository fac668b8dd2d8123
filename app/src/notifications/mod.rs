//! What one was told: the page behind the bell, of which the bell's dialog shows the list.

pub mod api;
mod page;

pub(crate) use page::notifications_page;
