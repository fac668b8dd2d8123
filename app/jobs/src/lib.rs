//! The schema of the library that keeps jobs: what it is called, and how it is brought up to date.
//!
//! A crate of its own: `hyvve-domain` compiles only once its queries are described, and `cargo xtask prepare` needs the library's
//! tables to describe them.

use graphile_worker::WorkerUtils;
use sqlx::{PgPool, migrate::MigrateError, postgres::PgPoolOptions};

/// Where the library's tables and functions are.
pub const SCHEMA: &str = "jobs";

/// What whoever migrates locks. A number that nothing else locks; these are the letters of "jobs".
const LOCK: i64 = 0x6a6f_6273;

/// Brings the library's own schema up to date, as the owner. Safe when several nodes start at once.
///
/// # Errors
/// The database is away, or the library's schema cannot be brought up to date.
pub async fn migrate(owner_url: &str) -> Result<(), MigrateError> {
    // One connection, which holds the lock for as long as it stands.
    let pool = PgPoolOptions::new().max_connections(1).connect(owner_url).await?;
    let migrated = alone(&pool).await;
    pool.close().await;
    migrated
}

async fn alone(pool: &PgPool) -> Result<(), MigrateError> {
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(pool).await?;
    WorkerUtils::new(pool, SCHEMA).migrate().await.map_err(|e| MigrateError::Source(Box::new(e)))
}
