//! The server under test and the people who use it.

mod app;
mod caller;
mod cluster;
mod process;
mod redis;
mod sse;
mod story;
mod wire;

pub(crate) use self::{
    app::{TestApp, client},
    caller::{Caller, Reply, password_of},
    cluster::Database,
    process::Process,
    redis::Redis,
    sse::Sse,
    story::{Story, id, until},
    wire::Wire,
};
