//! The event bus: the same promises with both back ends, and what is particular to Redis.

mod conformance;
pub(crate) mod dead_letters;
mod decisions;
mod stage;
mod through_redis;
