//! What the crash sweep and the benches share.

pub(crate) mod mail_server;
pub(crate) mod process;
