//! Agents: what they are for, what they may do, and what they run on.

pub mod api;
mod list;
mod page;
mod tools;
mod words;

pub(crate) use list::agents_page;
pub(crate) use page::agent_page;
pub use words::{SANDBOX, runs_on, tool_label};
