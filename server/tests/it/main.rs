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
mod assignment;
mod attachments;
mod audit_export;
mod auth;
mod bad_input;
mod bulk;
mod bus;
mod consent;
mod cross_site;
mod doors;
mod editing;
mod embedded;
mod events;
mod factors;
mod filters;
mod foreign_text;
mod grants;
mod health;
mod http_request;
mod images;
mod inbox;
mod invited;
mod isolation;
mod jobs;
mod kept_letters;
mod kinds;
mod limits;
mod master_keys;
mod matrix;
mod models;
mod notifications;
mod once;
mod openapi;
mod outage;
mod outside;
mod pictures;
mod presence;
mod queue;
mod quorum;
mod races;
mod routing;
mod sealed;
mod secrets;
mod sharing;
mod spending;
mod stream;
mod structured;
mod stubborn;
mod support;
mod thoughts;
mod tokens;
mod traces;
mod turns;
mod unknown_effects;
mod usage;
mod webhooks;
mod workspaces;
