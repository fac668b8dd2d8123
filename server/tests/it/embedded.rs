//! With no settings at all: a PostgreSQL of our own.

use std::{collections::BTreeMap, fs::Permissions, os::unix::fs::PermissionsExt, process::Command};

use tempfile::Builder;
use tokio::task::spawn_blocking;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_can_be_verified_while_the_server_runs_on_its_own_database() {
    // PostgreSQL's account has to reach the folder.
    let data = Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    let settings: BTreeMap<String, String> = [
        ("HYVVE_ADDRESS", "127.0.0.1:0".to_owned()),
        ("HYVVE_DATA_DIR", data.path().display().to_string()),
        ("HYVVE_SAMPLE_DATA", "false".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let mut verify = Command::new(env!("CARGO_BIN_EXE_hyvve"));
    verify.args(["audit", "verify"]).env_clear().envs(&settings).current_dir(data.path());
    verify.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));

    let app = TestApp::start_in(settings, data).await;
    let ada = app.sign_up("Ada").await;
    let beside = spawn_blocking(move || (verify.output().unwrap(), verify));
    let (ended, mut verify) = beside.await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    assert!(said.lines().count() == 2 && said.lines().all(|line| line.contains(": whole, ")), "{said}");
    ada.get("/api/approvals").await.expect(200);

    let data = app.stop().await;
    let ended = spawn_blocking(move || verify.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success() && said.lines().all(|line| line.ends_with(" all anchored")), "{said}");
    drop(data);
}
