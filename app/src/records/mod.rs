//! Records: the workspace's collections, what is in them, and how each record came to be what it is.

#[cfg(feature = "ssr")]
mod access;
#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
mod collections;
mod differences;
#[cfg(feature = "ssr")]
mod history;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod value;

#[cfg(feature = "ssr")]
pub(crate) use collections::collections_page;
pub(crate) use differences::differences;
#[cfg(feature = "ssr")]
pub(crate) use list::records_page;
#[cfg(feature = "ssr")]
pub(crate) use page::record_page;
