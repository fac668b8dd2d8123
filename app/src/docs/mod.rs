//! Documentation for whoever writes programs for HYVVE, made of what the program itself goes by.

mod api;
mod events;

pub use api::ApiDescription;
pub(crate) use api::api_page;
pub(crate) use events::events_page;
