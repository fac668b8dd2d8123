//! What the crash sweep and the benches share.

pub(crate) mod process;
