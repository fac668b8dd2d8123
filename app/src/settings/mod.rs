//! Settings of a workspace: one page each, with a list of them beside it.

pub mod ai_providers;
pub mod api_keys;
pub mod approval_policy;
mod audit_log;
pub mod dead_letters;
pub mod events;
pub mod general;
mod layout;
pub mod members;
pub mod notifications;
pub mod security;
pub mod webhooks;

pub(crate) use ai_providers::{models_list, providers_page};
pub(crate) use api_keys::api_keys_page;
pub(crate) use approval_policy::{calibration_page, grants_page, policy_commands, policy_page};
pub(crate) use audit_log::{audit_log_page, log_line};
pub(crate) use dead_letters::{dead_letter_page, dead_letters_page};
pub(crate) use events::events_page;
pub(crate) use general::general_page;
pub(crate) use layout::{done, first_page, section_commands};
pub(crate) use members::members_page;
pub(crate) use notifications::notifications_page;
pub(crate) use security::security_page;
pub(crate) use webhooks::{webhook_page, webhooks_page};
