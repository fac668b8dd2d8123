//! With no settings at all: a PostgreSQL of our own.

use std::{collections::BTreeMap, fs::Permissions, os::unix::fs::PermissionsExt, process::Command};

use serde_json::json;
use tempfile::{Builder, TempDir};
use tokio::task::spawn_blocking;

use crate::support::{TestApp, id, lister};

/// A folder that PostgreSQL's account reaches.
fn folder() -> TempDir {
    Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap()
}

fn settings(data: &TempDir) -> BTreeMap<String, String> {
    [
        ("HYVVE_ADDRESS", "127.0.0.1:0".to_owned()),
        ("HYVVE_DATA_DIR", data.path().display().to_string()),
        ("HYVVE_SAMPLE_DATA", "false".to_owned()),
        ("HYVVE_ALLOWED_HOSTS", "127.0.0.1".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// A command of the program on the installation in that folder.
fn hyvve(data: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hyvve"));
    command.args(arguments).env_clear().envs(settings(data)).current_dir(data.path());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_can_be_verified_while_the_server_runs_on_its_own_database() {
    let data = folder();
    let mut verify = hyvve(&data, &["audit", "verify"]);
    let app = TestApp::start_in(settings(&data), data).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_changes_by_one_command_while_the_server_runs_on_its_own_database() {
    let data = folder();
    let mut rotate = hyvve(&data, &["keys", "rotate-master"]);
    let app = TestApp::start_in(settings(&data), data).await;
    let ada = app.sign_up("Ada").await;
    let at = lister(&["m"]).await;
    let new = json!({ "provider": "openai_compatible", "name": "P", "baseUrl": at, "apiKey": "sk-kept-0123" });
    let added = ada.post("/api/ai-providers", &new).await;
    let path = format!("/api/ai-providers/{}/test", id(&added.expect(201).body["data"]));
    // It is asked with the key in hand.
    assert_eq!(ada.post(&path, &json!({})).await.expect(200).body["valid"], true);

    let ended = spawn_blocking(move || rotate.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    assert!(said.starts_with("Master key 2 seals from now on."), "{said}");
    assert_eq!(ada.post(&path, &json!({})).await.expect(200).body["valid"], true);

    // With the next start as well; and the new key is its owner's alone.
    let data = app.stop().await;
    let made = data.path().join("secrets/encryption-key-2");
    assert_eq!(made.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let app = TestApp::start_in(settings(&data), data).await;
    let again = app.anonymous().with_cookie(&format!("hyvve_session={}", ada.token())).in_workspace(ada.workspace());
    assert_eq!(again.post(&path, &json!({})).await.expect(200).body["valid"], true);
    app.stop().await;
}
