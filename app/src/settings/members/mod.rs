//! Settings → Members: who belongs to the workspace, as what, and who is asked to.

pub mod api;
mod invitations;
mod page;
mod people;

pub(crate) use invitations::{link_fields, links_made};
pub(crate) use page::members_page;
