//! The first steps in a new workspace. Nothing is remembered: whether a step is done is read from what it would have done.

pub mod api;
mod page;
mod steps;

pub(crate) use page::{welcome_card, welcome_page};
