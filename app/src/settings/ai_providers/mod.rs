//! Settings → AI providers. Plain forms, so that they work without JavaScript: what is added, edited or deleted stands in the
//! address. A key goes in and never comes back; only its last characters show.

mod add;
pub mod api;
mod delete;
mod fallbacks;
mod form;
mod model;
mod page;
mod row;
mod steps;
mod test;
mod traces;

pub(crate) use model::models_list;
pub(crate) use page::providers_page;

/// In the address: the provider whose model is to be chosen, the last step of adding one.
const CHOOSE: &str = "model";
