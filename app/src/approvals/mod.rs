//! Approvals: the heart. A queue at the left, at the right exactly what would run, and the buttons that decide.
//!
//! The page says what the server says: "approved" once a decision was recorded, "done" once the effect ledger says so. What
//! was pressed here and has no answer yet is called what it is: on its way.

mod actions;
mod address;
pub mod api;
#[cfg(feature = "ssr")]
mod asking;
mod attachments;
mod bulk;
pub mod card;
mod care;
pub mod care_api;
mod case;
#[cfg(feature = "ssr")]
mod commands;
mod confidence;
mod decisions;
mod detail;
pub(crate) mod edit;
#[cfg(feature = "ssr")]
mod editor;
mod facts;
mod groups;
pub(crate) mod handling;
mod history;
mod keyboard;
mod list;
pub mod narrow;
pub mod page;
mod picks;
mod presence;
mod preview;
mod progress;
mod second_look;
pub mod sum;
pub(crate) mod words;

#[cfg(feature = "ssr")]
pub(crate) use asking::selected_page;
pub use card::ApprovalCard;
#[cfg(feature = "ssr")]
pub(crate) use commands::commands;
pub use decisions::provide_decisions;
pub use page::ApprovalsPage;
