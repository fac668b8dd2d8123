//! The database is away: at the start, or under load until it comes back.

use std::{
    fs::Permissions,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use hyvve_postgres::{Cluster, Options};
use tempfile::Builder;
use tokio::{task::spawn_blocking, time::sleep};

use crate::support::{Database, TestApp};

/// Callers that ask all the time.
const CALLERS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_restarts_requests_get_503_and_then_work_again_by_themselves() {
    // One that keeps its promises across a restart; its account has to reach the folder.
    let folder = Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    let options = Options::kept(folder.path().join("postgres"));
    let mut cluster = spawn_blocking(move || Cluster::start(&options)).await.unwrap().unwrap();
    let app = TestApp::start_on(Database::make_in(&cluster).await, &[]).await;
    let ada = app.sign_up("Ada").await;
    let mut stream = ada.open("/api/stream").await;
    assert_eq!(stream.next().await.unwrap().event, "hello");

    let over = AtomicBool::new(false);
    let calls = join_all((0..CALLERS).map(async |_| {
        let mut seen = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let reply = ada.get("/api/approvals").await;
            seen.push(reply.status.as_u16());
            assert!(reply.status != 503 || reply.header("retry-after") == Some("1"), "{}", reply.text);
        }
        seen
    }));
    let restart = async {
        sleep(Duration::from_millis(300)).await;
        spawn_blocking(move || cluster.restart().map(|()| cluster)).await.unwrap().unwrap()
    };
    let restart = async {
        let cluster = restart.await;
        sleep(Duration::from_secs(1)).await;
        over.store(true, Ordering::Relaxed);
        cluster
    };
    let (seen, cluster) = tokio::join!(calls, restart);
    let seen: Vec<u16> = seen.into_iter().flatten().collect();
    assert!(seen.iter().all(|status| [200, 503].contains(status)), "{seen:?}");
    assert!(seen.contains(&200));
    ada.get("/api/approvals").await.expect(200);
    app.sign_up("Grace").await.get("/health").await.expect(200);
    ada.post("/api/auth/sign-out", &serde_json::json!({})).await.expect(200);
    while stream.next().await.is_some() {}
    app.stop().await;
    spawn_blocking(|| cluster.stop()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_database_that_is_down_at_the_start_is_named_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = |role: &str| format!("postgres://{role}:s3cret@{free}/hyvve");
    let folder = tempfile::tempdir().unwrap();
    let mut hyvve = Command::new(env!("CARGO_BIN_EXE_hyvve"));
    hyvve.env_clear().current_dir(folder.path()).env("HYVVE_ADDRESS", "127.0.0.1:0");
    hyvve.env("DATABASE_URL", url("hyvve_app")).env("DATABASE_SYSTEM_URL", url("hyvve_system"));
    hyvve.env("ENCRYPTION_KEY", "a".repeat(64)).env("HYVVE_AUDIT_KEY", "b".repeat(64));
    // With the address for migrations, and without.
    for _ in 0..2 {
        let since = Instant::now();
        let ended = hyvve.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("PostgreSQL cannot be reached") && !said.contains("s3cret"), "{said}");
        assert!(since.elapsed() < Duration::from_secs(4), "only after {:?}", since.elapsed());
        hyvve.env("DATABASE_DIRECT_URL", url("hyvve_owner"));
    }
}
