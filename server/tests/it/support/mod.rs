//! The server under test and the people who use it.

mod app;
mod caller;
mod cluster;
mod sse;
mod story;

pub(crate) use self::{
    app::TestApp,
    caller::{Caller, Reply},
    cluster::Database,
    sse::Sse,
    story::{Story, id, until},
};
