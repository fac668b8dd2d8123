//! The audit log as a file: it verifies with a script that knows nothing of HYVVE, and whatever is done to it is found.

use std::{env, fs, path::PathBuf, process::Command};

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::support::{Caller, Story, TestApp, cluster::superuser, id};

/// The script that everybody who has an export can run.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verify-audit-export.py");
/// Rows that are written in one go: more than an export reads at a time.
const MANY: usize = 1_200;

/// A file that is gone when the test is.
struct File(PathBuf);

impl File {
    fn of(name: &str) -> Self {
        Self(env::temp_dir().join(format!("hyvve-{name}-{}.jsonl", uuid::Uuid::now_v7())))
    }

    /// What the script says of these lines, and whether all is well.
    fn check(&self, lines: &[String]) -> (String, bool) {
        fs::write(&self.0, lines.join("\n") + "\n").unwrap();
        let ran = Command::new("python3").arg(SCRIPT).arg(&self.0).output().expect("python3 to run the script with");
        assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
        (String::from_utf8(ran.stdout).unwrap(), ran.status.success())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

async fn export(user: &Caller) -> Vec<String> {
    let reply = user.get("/api/audit-log/export").await;
    let reply = reply.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
    assert!(reply.text.ends_with('\n'));
    reply.text.lines().map(str::to_owned).collect()
}

/// What somebody does to a copy at row `k`, and the row that has to be named.
fn tamper(lines: &mut Vec<String>, way: usize, k: usize) -> usize {
    let last = lines.len() - 1;
    let mut edit = |from: &str, to: &str| {
        assert!(lines[k].contains(from), "row {k} has no {from}");
        lines[k] = lines[k].replacen(from, to, 1);
        k
    };
    match way {
        0 => edit(r#""action":""#, r#""action":"not."#),
        1 => edit(r#""at_us":1"#, r#""at_us":2"#),
        2 => edit(r#""format":"hyvve.audit/1""#, r#""format": "hyvve.audit/1""#),
        3 => edit(r#"},"hash":""#, r#","more":1},"hash":""#),
        4 => edit(r#"},"hash":""#, r#"},"more":1,"hash":""#),
        5 => {
            lines.remove(k);
            k
        }
        6 => {
            lines.swap(k, k + 1);
            k
        }
        7 => {
            lines.truncate(k);
            k
        }
        8 => {
            let twice = lines[k].clone();
            lines.insert(k, twice);
            k + 1
        }
        _ => {
            let mut head: Value = serde_json::from_str(&lines[0]).unwrap();
            head["head"]["hash"] = json!("0".repeat(64));
            lines[0] = head.to_string();
            last
        }
    }
}

#[tokio::test]
async fn an_export_verifies_outside_hyvve_and_whatever_is_done_to_it_is_found() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let path = format!("/api/approvals/{}/reject", id(&story.change));
    story.user.post(&path, &json!({ "reason": "Zu früh: “20 %” — später. \u{2028} \u{1f41d}" })).await.expect(200);
    let whole = export(&story.user).await;
    let head: Value = serde_json::from_str(&whole[0]).unwrap();
    let rows = whole.len() - 1;
    assert_eq!(head["format"], "hyvve.audit-export/1");
    assert_eq!(head["workspace"], story.user.workspace());
    assert_eq!((&head["range"], &head["head"]["seq"]), (&json!({ "from": 1, "to": rows }), &json!(rows)));
    let newest: Value = serde_json::from_str(&whole[rows]).unwrap();
    assert_eq!((&newest["entry"]["seq"], &newest["hash"]), (&json!(rows), &head["head"]["hash"]));
    let file = File::of("export");
    let (said, right) = file.check(&whole);
    assert!(right && said.contains(&format!("All {rows} rows are right")), "{said}");

    for n in 0..100 {
        let (way, k) = (n % 10, 1 + (n * 7 + n / 10) % (rows - 1));
        let mut copy = whole.clone();
        let bad = tamper(&mut copy, way, k);
        let (said, right) = file.check(&copy);
        assert!(!right && said.starts_with(&format!("Row {bad} is not right: ")), "{way} at {k}, row {bad}: {said}");
    }
}

#[tokio::test]
async fn personal_data_can_be_erased_and_not_changed() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let path = format!("/api/approvals/{}/reject", id(&story.change));
    story.user.post(&path, &json!({ "reason": "Not in spring." })).await.expect(200);
    let mut lines = export(&story.user).await;
    let row = lines.iter().position(|line| line.contains("Not in spring.")).unwrap();
    let file = File::of("personal");
    let kept = lines[row].clone();
    lines[row] = kept.replace("Not in spring.", "Not in autumn.");
    let (said, right) = file.check(&lines);
    assert!(!right && said.starts_with(&format!("Row {row} is not right: its personal data")), "{said}");
    let (without, _) = kept.rsplit_once(r#","personal":{"#).unwrap();
    lines[row] = format!("{without}}}");
    let (said, right) = file.check(&lines);
    assert!(right, "{said}");
}

#[tokio::test]
async fn a_long_log_is_written_in_pieces_and_every_row_is_there_once() {
    let app = TestApp::start().await;
    let user = app.sign_up("Ada").await;
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let at_us = 1_700_000_000_000_000_i64;
    let before = format!(
        r#"{{"action":"test.row","actor":["system",null],"at_us":{at_us},"details":{{"n":1.5}},"format":"hyvve.audit/1","personal":null,"prev":""#
    );
    let after = format!(r#","subject":["run",null],"workspace":"{}"}}"#, user.workspace());
    let entry = json!({
        "action": "test.row", "subject_kind": "run", "details": { "n": 1.5 }, "before": before, "after": after,
    });
    let packed = json!({
        "workspace": user.workspace(), "at_us": at_us, "actor_kind": "system", "entries": vec![entry; MANY], "events": [],
    });
    let write = "SELECT append_numbered(convert_to($1, 'UTF8'))";
    sqlx::query(write).bind(packed.to_string()).execute(&mut root).await.unwrap();
    let lines = export(&user).await;
    assert!(lines.len() > MANY);
    for (n, line) in lines.iter().enumerate().skip(1) {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["entry"]["seq"], n);
    }
    let (said, right) = File::of("long").check(&lines);
    assert!(right, "{said}");
    // What somebody changes inside the database is found in the file.
    let change = "UPDATE audit_log SET details = '{\"n\": 2}' WHERE workspace_id = $1::uuid AND seq = 700";
    sqlx::query(change).bind(user.workspace()).execute(&mut root).await.unwrap();
    let lines = export(&user).await;
    let (said, right) = File::of("changed").check(&lines);
    assert!(!right && said.starts_with("Row 700 is not right: its content"), "{said}");
}
