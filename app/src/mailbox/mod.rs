//! The mailbox: the mail that effects sent, or that was kept here because no mail server is configured.

mod page;

pub(crate) use page::mailbox_page;
