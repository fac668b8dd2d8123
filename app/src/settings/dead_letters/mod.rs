//! Settings → Events → Dead letters: events that a part of HYVVE could not deal with, and what becomes of them.

pub mod api;
mod one;
mod page;

pub(crate) use one::dead_letter_page;
pub(crate) use page::dead_letters_page;
