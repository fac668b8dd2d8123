//! Documentation for whoever writes programs for HYVVE, made of what the program itself goes by.

mod events;

pub(crate) use events::events_page;
