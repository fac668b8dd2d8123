//! One's account: profile, security, and where one is signed in. It belongs to no workspace, so its pages stand outside of
//! them; they are plain forms, without scripts.

pub mod api;
pub mod factors;
pub(crate) mod layout;
pub mod linked;
mod profile;
mod security;
mod sessions;
mod workspaces;

pub(crate) use factors::set_up_for;
pub(crate) use profile::profile_page;
pub(crate) use security::security_page;
pub(crate) use sessions::sessions_page;
pub(crate) use workspaces::workspaces_page;
