//! What surrounds every page: the document, the gate in front of it, and the workspace's frame.
//!
//! The chrome (sidebar, header, menus, dialogs, dock) is plain HTML from the server. It isn't hydrated: one conductor
//! listens to the document and does what attributes say, so that the first download holds no component of it.
//!
//! Pages that are only read are plain HTML as well (`read_page.rs`). The application comes to the browser for what one works
//! with: approvals, and the chat.

mod bell;
#[cfg(feature = "ssr")]
mod chrome;
#[cfg(feature = "ssr")]
mod command;
#[cfg(feature = "hydrate")]
pub(crate) mod conductor;
pub mod dock;
#[cfg(feature = "ssr")]
mod document;
mod entry;
pub mod frame;
#[cfg(feature = "ssr")]
mod gate;
pub(crate) mod keys;
pub mod not_found;
#[cfg(feature = "ssr")]
mod places;
mod plain_page;
#[cfg(feature = "ssr")]
mod policy;
mod read_page;

#[cfg(feature = "ssr")]
pub(crate) use command::Command;
#[cfg(feature = "ssr")]
pub use document::document;
pub use entry::{FrameData, WorkspaceName};
pub use frame::{Frame, WorkspaceFrame, use_frame};
#[cfg(feature = "ssr")]
pub use gate::gate;
pub use not_found::NotFound;
#[cfg(feature = "ssr")]
pub(crate) use places::is_place;
pub(crate) use plain_page::plain_page;
#[cfg(feature = "ssr")]
pub(crate) use read_page::Visit;
pub(crate) use read_page::read_page;
