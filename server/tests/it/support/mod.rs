//! The server under test and the people who use it.

mod app;
mod caller;
pub(crate) mod cluster;
pub(crate) mod line;
#[path = "../../../../app/domain/tests/support/lister.rs"]
mod lister;
#[path = "../../support/mail_server.rs"]
mod mail_server;
mod process;
mod redis;
mod sse;
mod story;
mod wire;

pub(crate) use self::{
    app::{TestApp, client},
    caller::{Caller, Reply, password_of},
    cluster::Database,
    lister::{REFUSAL, answer, lister, listing},
    mail_server::MailServer,
    process::Process,
    redis::Redis,
    sse::Sse,
    story::{Story, id, take_over, until},
    wire::Wire,
};
