//! The page behind an invitation's link, for people with and without an account. Opening it uses nothing up; a button does.

pub mod api;
mod page;

use hyvve_domain::auth::sessions::Token;

pub(crate) use page::{invitation_page, told};

/// Below it lie the invitations, each at the secret of its link.
const PATH: &str = "/invite/";

/// The invitation that a path leads to.
pub(crate) fn link_in(path: &str) -> Option<Token> {
    path.strip_prefix(PATH).and_then(Token::parse)
}
