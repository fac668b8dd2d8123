//! Settings → API keys: with what programs work here.

pub mod api;
mod page;

pub(crate) use page::api_keys_page;
