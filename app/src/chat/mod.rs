//! Talking to agents: in the dock beside every page, and on a page of its own.
//!
//! A conversation is a list of turns. The server folds each from what is stored, the browser goes on folding what arrives
//! ([`hyvve_domain::agents::Turn`]), so a reload, a second tab and a lost network show the same at the exact character. An
//! agent's words stream as plain text; once a piece is complete, it is shown as HTML that the server made of it.

mod announcer;
pub mod api;
mod ask;
mod bubble;
mod composer;
mod conversations;
pub mod dock;
pub mod failure;
mod file;
mod footer;
mod header;
mod images;
mod page;
mod panel;
mod shown;
mod state;
mod thread;
mod tool;
mod turn;
mod words;

pub use dock::ChatDock;
pub use failure::Failure;
pub(crate) use file::Chat;
#[cfg(feature = "ssr")]
pub(crate) use images::sent_images;
