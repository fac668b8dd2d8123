//! The page behind an invitation's link, for people with and without an account. Opening it uses nothing up; a button does.

pub mod api;
mod page;

pub(crate) use page::{invitation_page, told};

/// Below it lie the invitations, each at the secret of its link.
const PATH: &str = "/invite/";
