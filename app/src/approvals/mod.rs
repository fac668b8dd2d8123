//! Approvals: the heart. A queue at the left, at the right exactly what would run, and the buttons that decide.
//!
//! The page says what the server says: "approved" once a decision was recorded, "done" once the effect ledger says so. What
//! was pressed here and has no answer yet is called what it is: on its way.

mod actions;
mod address;
pub mod api;
pub mod card;
mod case;
mod decisions;
mod detail;
mod history;
mod keyboard;
mod list;
pub mod page;
mod preview;
mod progress;
pub(crate) mod words;

pub use card::ApprovalCard;
pub use decisions::provide_decisions;
pub use page::ApprovalsPage;
