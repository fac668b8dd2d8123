//! Settings → General: the workspace's name, address, picture and days; its end.

pub mod api;
mod page;

pub(crate) use page::general_page;
