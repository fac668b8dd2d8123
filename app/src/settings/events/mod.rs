//! Settings → Events: what has happened, as programs are told of it, live; and telling a webhook of it once more.

pub mod api;
mod page;
mod replay;
mod row;
mod wanted;

pub(crate) use page::events_page;
