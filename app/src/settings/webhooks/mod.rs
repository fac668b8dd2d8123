//! Settings → Webhooks: which programs elsewhere hear of what happens here, and what came of telling them.

pub mod api;
mod form;
mod log;
mod one;
mod page;
mod state;

pub(crate) use one::webhook_page;
pub(crate) use page::webhooks_page;
