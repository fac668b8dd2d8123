//! Settings → AI providers. Plain forms, so that they work without JavaScript: what is edited or deleted stands in the
//! address. A key goes in and never comes back; only its last characters show.

pub mod api;
mod delete;
mod form;
mod page;
mod row;
mod test;

pub(crate) use page::providers_page;
