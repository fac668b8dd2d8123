//! Records: the workspace's collections, what is in them, and how each record came to be what it is.

pub mod api;
mod collections;
mod differences;
mod history;
mod list;
mod page;
mod value;

pub(crate) use collections::collections_page;
pub(crate) use differences::differences;
pub(crate) use list::records_page;
pub(crate) use page::record_page;
