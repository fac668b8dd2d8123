//! Settings → Approval policy: how closely people look at what agents propose, what is granted in advance, and how well the
//! scores behind it fit.

pub mod api;
mod calibration;
mod commands;
mod form;
mod grants;
pub mod grants_api;
mod page;
mod tabs;
mod typed;
mod waiting;

pub(crate) use calibration::calibration_page;
pub(crate) use commands::policy_commands;
pub(crate) use grants::grants_page;
pub(crate) use page::policy_page;
