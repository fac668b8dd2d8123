//! Jobs: what is to be done at some time, and has to be done although servers stop.
//!
//! The library graphile_worker keeps them in PostgreSQL, in a schema of its own (`jobs`), and gives each to one node. A row that
//! has something due has exactly one job, which the row's own triggers put in place (`job_at` in `migrations/0039_jobs.sql`): in the
//! transaction that writes the row, so that neither is there without the other, and the serving role needs no right on jobs. A job
//! holds ids and nothing else. Whoever works on it (`tasks.rs`) reads the row, looks whether it is due, does it, and writes down
//! what came of it; if it is to be tried again, the row says when. The library tries again only what could not be done at all,
//! because the database was away, for example. What recurs (`recurring.rs`) is added at its minute by one of the nodes. What a node had in hand when it died goes on elsewhere once it has been silent for as
//! long as a lease lasts (`work.rs`).

mod recurring;
mod service;
mod store;
mod tasks;
mod work;

pub use work::{Stop, work};
