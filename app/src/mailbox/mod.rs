//! The mailbox: the mail that effects sent, or that was kept here because no mail server is configured.

pub mod api;
mod page;

pub(crate) use page::mailbox_page;
