//! Requests that meet at a lock: each has looked at everything that it looks at before, and acts when its turn comes.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{Reply, cluster::superuser};

/// A table, and how its rows are locked by whoever is waited for.
type Rows = (&'static str, &'static str);

/// What lets people in.
const PEOPLE: Rows = ("users", "FOR NO KEY UPDATE");
/// Who belongs to workspaces.
pub(crate) const MEMBERS: Rows = ("workspace_members", "FOR UPDATE");

/// Locks all rows, until the connection commits.
pub(crate) async fn hold(url: &str, (table, lock): Rows) -> PgConnection {
    let mut root = PgConnection::connect(&superuser(url)).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; SELECT 1 FROM {table} {lock}"))).execute(&mut root).await.unwrap();
    root
}

/// Waits until so many requests stand in line for them.
pub(crate) async fn in_line(url: &str, (table, lock): Rows, count: i64) {
    let mut root = PgConnection::connect(&superuser(url)).await.unwrap();
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM ' || $1 || ' %' || $2";
    for _ in 0..200 {
        let found: i64 = sqlx::query_scalar(sql).bind(table).bind(lock).fetch_one(&mut root).await.unwrap();
        if found >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody waits for {table} {lock}");
}

/// Two requests that change what lets somebody in: the second comes to the lock while the first waits for it.
pub(crate) async fn in_turn(
    url: &str,
    first: impl Future<Output = Reply>,
    second: impl Future<Output = Reply>,
) -> (Reply, Reply) {
    let mut root = hold(url, PEOPLE).await;
    let second = async {
        in_line(url, PEOPLE, 1).await;
        second.await
    };
    let go = async {
        in_line(url, PEOPLE, 2).await;
        root.execute("COMMIT").await.unwrap();
    };
    let (first, second, ()) = tokio::join!(first, second, go);
    (first, second)
}
