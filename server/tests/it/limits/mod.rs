//! How often the API may be called, by one server and by several.

mod calls;
mod nodes;

use crate::support::Reply;

/// The seconds that whoever was refused is told to wait.
#[track_caller]
fn wait(reply: &Reply) -> u64 {
    reply.expect(429).header("retry-after").unwrap().parse().unwrap()
}
