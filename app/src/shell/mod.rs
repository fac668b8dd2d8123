//! What surrounds every page: the document, the gate in front of it, and the workspace's frame.

mod commands;
pub mod dock;
#[cfg(feature = "ssr")]
mod document;
mod entry;
pub mod frame;
#[cfg(feature = "ssr")]
mod gate;
mod header;
pub(crate) mod keys;
pub mod not_found;
mod pending;
mod places;
#[cfg(feature = "ssr")]
mod policy;
mod shortcuts;
mod sidebar;

#[cfg(feature = "ssr")]
pub use document::document;
pub use entry::{FrameData, WorkspaceName};
pub use frame::{Frame, WorkspaceFrame, use_frame};
#[cfg(feature = "ssr")]
pub use gate::gate;
pub use not_found::NotFound;
