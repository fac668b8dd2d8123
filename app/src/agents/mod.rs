//! Agents: what they are for, what they may do, and what they run on.

#[cfg(feature = "ssr")]
mod answers;
pub mod api;
#[cfg(feature = "ssr")]
pub mod change;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod runs_on;
#[cfg(feature = "ssr")]
mod tools;
mod words;

#[cfg(feature = "ssr")]
pub(crate) use list::agents_page;
#[cfg(feature = "ssr")]
pub(crate) use page::agent_page;
#[cfg(feature = "ssr")]
pub(crate) use runs_on::misfits_text;
pub use words::{SANDBOX, runs_on, tool_label};
