//! The way in and out: sign-in, sign-up, sign-out, and the way back for whoever forgot the password. Plain pages with plain
//! forms: the server renders them, and the browser loads no script for them at all.

pub mod api;
pub mod door;
pub mod others;
mod pages;
pub mod recovery;
mod session;

pub(crate) use others::{continue_page, depart};
pub(crate) use pages::{sign_in_page, sign_up_page};
pub(crate) use session::{end as end_session, know as know_browser};

/// Where the sign-out form goes.
pub(crate) const SIGN_OUT: &str = "/_fn/auth/sign-out";
