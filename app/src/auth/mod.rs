//! The way in and out: sign-in, sign-up, sign-out, and the way back for whoever forgot the password. Plain pages with plain
//! forms: the server renders them, and the browser loads no script for them at all. Only passkeys need a few lines of JavaScript,
//! which stand in the page itself (`passkeys.js`); without them there is no button for it.

pub mod api;
pub mod door;
pub mod link;
pub mod others;
mod pages;
pub(crate) mod passkey;
pub mod recovery;
pub mod second_factor;
mod session;

pub(crate) use others::{continue_page, depart};
pub(crate) use pages::{sign_in_page, sign_up_page};
pub(crate) use session::{challenge, end as end_session, know as know_browser, party, party_here};

/// Where the sign-out form goes.
pub(crate) const SIGN_OUT: &str = "/_fn/auth/sign-out";
