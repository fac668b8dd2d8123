//! The embedded PostgreSQL: a private cluster that lives exactly as long as the process that started it.
//!
//! - **Nobody else gets in.** PostgreSQL listens on a Unix socket only, in a directory of mode 0700, and asks the
//!   kernel who is calling (`peer`). There is no password to leak and no port to be taken.
//! - **It works as root**, which PostgreSQL refuses: the cluster then runs as `postgres`, or as `nobody`.
//! - **It never outlives its owner.** [`Cluster::stop`] and `Drop` shut it down; a watchdog does so when the owner is
//!   killed. It runs in a process group of its own, so that a terminal's Ctrl-C reaches the owner first.
//! - **An unclean stop is repaired at the next start**: leftover processes, stale pid files, half-made data directories.
//!
//! ```no_run
//! # fn main() -> Result<(), hyvve_postgres::Error> {
//! use hyvve_postgres::{Cluster, Options};
//!
//! let cluster = Cluster::start(&Options::kept(".hyvve/postgres"))?;
//! let url = cluster.url("hyvve_app", "hyvve");
//! cluster.stop()?;
//! # Ok(())
//! # }
//! ```

mod access;
mod account;
mod binaries;
mod cache;
mod cluster;
#[cfg(feature = "download")]
mod download;
mod error;
mod home;
mod initdb;
mod launch;
mod options;
mod postmaster;
mod running;
mod socket;
mod throw_away;
mod watchdog;

pub use self::binaries::{Binaries, OLDEST_MAJOR};
pub use self::cache::cache_directory;
pub use self::cluster::{Cluster, SUPERUSER};
pub use self::error::Error;
pub use self::options::{Options, Place};
pub use self::running::Running;
