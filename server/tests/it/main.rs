//! HYVVE as its clients see it: the whole server, over HTTP, on a database of its own per test.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and ends"
)]

mod accounts;
mod api_keys;
mod approvals;
mod auth;
mod bad_input;
mod cross_site;
mod embedded;
mod factors;
mod health;
mod invited;
mod isolation;
mod kinds;
mod limits;
mod master_keys;
mod matrix;
mod outage;
mod pictures;
mod races;
mod sealed;
mod secrets;
mod sharing;
mod stream;
mod support;
mod tokens;
mod unknown_effects;
mod workspaces;
