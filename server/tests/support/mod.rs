//! What the crash sweep, the soak and the benches share.

pub(crate) mod process;
