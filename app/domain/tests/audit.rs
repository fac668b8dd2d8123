//! What the audit log promises, against somebody who may do anything to the database: what was anchored outside of it cannot
//! be changed, removed, reordered or cut off without `verify` naming the first row that does not fit.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "support/lister.rs"]
mod lister;
#[path = "support/mod.rs"]
mod support;

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
};

use hyvve_domain::{
    agents::{self, RunStatus, service::NewRun},
    audit::{
        Flaw, Verdict,
        anchor::anchor_now,
        service::{list, verify, verify_all},
    },
    auth::{self, Origin, Password, SignIn},
    providers::{ApiKey, Kind, NewProvider, ProviderChanges},
    workspaces,
};
use lister::lister;
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use support::{PASSWORD, World};

/// A log of several hands, anchored twice and then gone on from.
struct Log {
    world: World,
    root: PgConnection,
    /// Up to which row it is anchored.
    anchored: i64,
    /// How many rows it has.
    rows: i64,
}

impl Log {
    async fn new() -> Self {
        let world = World::new().await;
        let mut root = world.root().await;
        sign_in(&world).await;
        configure(&world).await;
        anchor_now(&world.services).await.unwrap();
        talk(&world).await;
        sign_in(&world).await;
        anchor_now(&world.services).await.unwrap();
        let anchored = verify(&world.services, &world.owner).await.unwrap().rows;
        configure(&world).await;
        sign_in(&world).await;
        let verdict = verify(&world.services, &world.owner).await.unwrap();
        let keep = "CREATE TABLE kept_log AS TABLE audit_log; CREATE TABLE kept_personal AS TABLE audit_personal;
                    CREATE TABLE kept_heads AS TABLE workspace_heads";
        root.execute(keep).await.unwrap();
        assert!(anchored > 8 && verdict.rows > anchored + 2, "too short to prove anything: {verdict:?}");
        assert_eq!(verdict, Verdict { rows: verdict.rows, anchored, first_bad: None });
        Self { world, root, anchored, rows: verdict.rows }
    }

    /// As a superuser, whom no policy, constraint or trigger stops.
    async fn tamper(&mut self, sql: &str) {
        self.root.execute(AssertSqlSafe(format!("SET session_replication_role = replica; {sql}"))).await.unwrap();
    }

    async fn found(&self) -> Option<Flaw> {
        let verdict = verify(&self.world.services, &self.world.owner).await.unwrap();
        let all = verify_all(&self.world.services).await.unwrap().verdicts;
        assert!(all.len() == 1 && all.iter().all(|(_, found)| *found == verdict), "{all:?}");
        assert_eq!(verdict.anchored, self.anchored, "the anchors are out of the database's reach");
        verdict.first_bad
    }

    async fn mend(&mut self) {
        self.tamper(
            "DELETE FROM audit_personal; DELETE FROM audit_log; DELETE FROM workspace_heads; INSERT INTO audit_log TABLE kept_log;
             INSERT INTO audit_personal TABLE kept_personal; INSERT INTO workspace_heads TABLE kept_heads",
        )
        .await;
        assert_eq!(self.found().await, None, "it is whole again");
    }

    /// Tampers, verifies, and puts everything back.
    async fn after(&mut self, sql: &str) -> Option<(i64, String)> {
        self.tamper(sql).await;
        let found = self.found().await;
        self.mend().await;
        found.map(|Flaw { seq, what }| (seq, what))
    }

    #[track_caller]
    fn assert_found(found: Option<(i64, String)>, seq: i64, words: &str, done: &str) {
        let (at, what) = found.unwrap_or_else(|| (i64::MAX, "nothing".to_owned()));
        assert!(at == seq && what.contains(words), "{done}: found {what:?} at {at}, expected {words:?} at {seq}");
    }
}

async fn sign_in(world: &World) {
    let input = SignIn { email: "ada@example.com".into(), password: Password(PASSWORD.into()) };
    let origin = Origin { ip: Some("192.0.2.7".into()), ..Origin::default() };
    auth::service::sign_in(&world.services, input, &origin).await.unwrap();
}

async fn configure(world: &World) {
    use hyvve_domain::providers::service::{create, delete, update};
    let (s, owner) = (&world.services, &world.owner);
    let new = NewProvider {
        provider: Kind::OpenaiCompatible,
        name: None,
        base_url: Some(lister(&["gpt-x"]).await),
        api_key: Some(ApiKey("sk-0123456789".into())),
        default_model: None,
        make_default: false,
    };
    let added = create(s, owner, new).await.unwrap();
    update(s, owner, added.id, ProviderChanges { name: Some("Mine".into()), ..Default::default() }).await.unwrap();
    delete(s, owner, added.id).await.unwrap();
}

async fn talk(world: &World) {
    let (s, owner) = (&world.services, &world.owner);
    let agent = agents::service::agents(s, owner).await.unwrap().remove(0);
    let new = NewRun {
        run_id: None,
        agent_id: agent.id,
        session_id: None,
        message: "Good morning".into(),
        images: Vec::new(),
        output_schema: None,
    };
    let run = agents::service::start(s, owner, new).await.unwrap();
    while agents::service::run(s, owner, run.id).await.unwrap().run.status != RunStatus::Completed {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_edited_row_is_named_whichever_field_it_was() {
    let mut log = Log::new().await;
    for (field, value) in [
        ("at", "at + interval '1 microsecond'"),
        ("actor_kind", "'system'"),
        ("actor_id", "NULL"),
        ("action", "action || '.undone'"),
        ("subject_kind", "'record'"),
        ("subject_id", "gen_random_uuid()"),
        ("details", r#"details || '{"innocent": true}'"#),
        ("personal_hash", "sha256('nothing')"),
        ("hash", "sha256('nothing')"),
    ] {
        let found = log.after(&format!("UPDATE audit_log SET {field} = {value} WHERE seq = 4")).await;
        Log::assert_found(found, 4, "changed after it was written", field);
    }
    let found = log.after("UPDATE audit_log SET prev_hash = sha256('nothing') WHERE seq = 4").await;
    Log::assert_found(found, 4, "does not follow", "prev_hash");

    let with = "(SELECT min(seq) FROM kept_personal)";
    let personal: i64 =
        sqlx::query_scalar("SELECT min(seq) FROM kept_personal").fetch_one(&mut log.root).await.unwrap();
    let found = log.after(&format!(r#"UPDATE audit_personal SET data = '{{"ip": "::1"}}' WHERE seq = {with}"#)).await;
    Log::assert_found(found, personal, "personal data was changed", "personal data");
    let invented = "INSERT INTO audit_personal SELECT workspace_id, seq, '', '{}' FROM audit_log WHERE personal_hash IS NULL AND seq > 2 LIMIT 1";
    let found = log.after(invented).await;
    assert!(found.is_some_and(|(_, what)| what.contains("personal data was changed")), "data that never was there");
    assert_eq!(log.after(&format!("DELETE FROM audit_personal WHERE seq = {with}")).await, None, "erasing is allowed");
}

#[tokio::test]
async fn a_removed_added_or_reordered_row_is_named() {
    let mut log = Log::new().await;
    let renumbered = |from: i64, by: i64| {
        format!(
            "UPDATE audit_log SET seq = -seq WHERE seq >= {from}; UPDATE audit_log SET seq = {by} - seq WHERE seq < 0"
        )
    };
    let head = "UPDATE workspace_heads SET audit_seq = (SELECT max(seq) FROM audit_log)";
    for (sql, seq, words) in [
        ("DELETE FROM audit_log WHERE seq = 5".to_owned(), 5, "missing"),
        ("DELETE FROM audit_log WHERE seq = 1".to_owned(), 1, "missing"),
        (format!("DELETE FROM audit_log WHERE seq = 5; {}; {head}", renumbered(6, -1)), 5, "does not follow"),
        (
            format!(
                "{}; INSERT INTO audit_log SELECT (jsonb_populate_record(l, '{{\"seq\": 5}}')).* FROM audit_log l WHERE seq = 4; {head}",
                renumbered(5, 1)
            ),
            5,
            "does not follow",
        ),
        (
            "UPDATE audit_log SET seq = -seq WHERE seq IN (4, 6); UPDATE audit_log SET seq = 10 + seq WHERE seq < 0"
                .to_owned(),
            4,
            "does not follow",
        ),
    ] {
        let found = log.after(&sql).await;
        Log::assert_found(found, seq, words, &sql);
    }
}

#[tokio::test]
async fn a_tail_that_was_anchored_cannot_be_cut_off_or_rewritten() {
    let mut log = Log::new().await;
    let (anchored, rows) = (log.anchored, log.rows);
    let head_at = |seq: i64| {
        format!(
            "UPDATE workspace_heads SET audit_seq = {seq}, audit_hash = (SELECT hash FROM audit_log WHERE seq = {seq})"
        )
    };
    let cut_after = |seq: i64| {
        let head = head_at(seq);
        format!("DELETE FROM audit_log WHERE seq > {seq}; DELETE FROM audit_personal WHERE seq > {seq}; {head}")
    };

    for left in [anchored - 1, anchored - 3, 1] {
        let found = log.after(&cut_after(left)).await;
        Log::assert_found(found, left + 1, "the end of the log was cut off", "cut, and the head moved back");
    }
    let found = log.after("TRUNCATE audit_log, audit_personal; UPDATE workspace_heads SET audit_seq = 0").await;
    Log::assert_found(found, 1, "the end of the log was cut off", "all of it");

    // Cut, and written anew by HYVVE itself: every hash fits, but not the anchored one.
    log.tamper(&format!("{}; SET session_replication_role = origin", cut_after(anchored - 2))).await;
    configure(&log.world).await;
    let found = log.found().await.map(|flaw| (flaw.seq, flaw.what));
    Log::assert_found(found, anchored, "not the one that was anchored", "rewritten");
    log.mend().await;

    // What is not anchored yet is covered by the database's own head only.
    let found = log.after(&format!("DELETE FROM audit_log WHERE seq > {}", rows - 1)).await;
    Log::assert_found(found, rows, "the workspace's head says that it was written", "cut, and the head forgotten");
    let found = log.after(&head_at(rows - 1)).await;
    Log::assert_found(found, rows, "the workspace's head does not know of it", "a row beyond the head");
    let found = log.after("UPDATE workspace_heads SET audit_hash = sha256('nothing')").await;
    Log::assert_found(found, rows, "not the one of the workspace's head", "another head");
    assert_eq!(log.after(&cut_after(anchored)).await, None, "nobody can tell, for at most a second after a commit");

    let shown = list(&log.world.services, &log.world.owner, None, 200).await.unwrap();
    assert!(shown.iter().all(|row| row.anchored == (row.seq <= anchored)), "each row says whether it is anchored");
    anchor_now(&log.world.services).await.unwrap();
    log.anchored = rows;
    let found = log.after(&cut_after(anchored)).await;
    Log::assert_found(found, anchored + 1, "the end of the log was cut off", "anchored now");
}

#[tokio::test]
async fn a_workspace_that_was_anchored_cannot_vanish_and_an_anchor_cannot_be_forged() {
    let mut log = Log::new().await;
    let (s, owner) = (log.world.services.clone(), log.world.owner);
    log.tamper("TRUNCATE audit_log, audit_personal, workspace_heads").await;
    let all = verify_all(&s).await.unwrap().verdicts;
    let [(name, Verdict { anchored, first_bad: Some(flaw), .. })] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((name, *anchored, flaw.seq), (&owner.workspace.to_string(), log.anchored, 1));
    log.mend().await;

    let path = log.world.folder.join("heads");
    let anchors = fs::read_to_string(&path).unwrap();
    fs::write(&path, anchors.replacen(r#""hash":""#, r#""hash":"00"#, 1)).unwrap();
    let flaw = verify(&s, &owner).await.unwrap().first_bad.unwrap();
    assert!(flaw.what.contains("the signature of line 1 does not verify"), "{flaw:?}");
}

#[tokio::test]
async fn a_workspace_that_hyvve_purged_is_no_loss_and_its_tombstone_cannot_be_forged() {
    let mut log = Log::new().await;
    let s = log.world.services.clone();
    log.tamper("UPDATE workspaces SET deleted_at = now() - interval '31 days'").await;
    assert_eq!(workspaces::service::purge(&s).await.unwrap(), 1);
    let after = verify_all(&s).await.unwrap();
    assert!(after.verdicts.is_empty() && after.purged == 1, "{:?}", after.verdicts);

    log.tamper("CREATE TABLE kept_tombstones AS TABLE audit_tombstones").await;
    for forged in [
        "DELETE FROM audit_tombstones".to_owned(),
        format!("UPDATE audit_tombstones SET seq = {}", log.anchored - 1),
        "UPDATE audit_tombstones SET seq = seq + 1".to_owned(),
        "UPDATE audit_tombstones SET hash = sha256('nothing')".to_owned(),
        "UPDATE audit_tombstones SET purged_at = purged_at + interval '1 day'".to_owned(),
        "UPDATE audit_tombstones SET signature = sha256('nothing') || sha256('nothing')".to_owned(),
    ] {
        log.tamper(&forged).await;
        let found = verify_all(&s).await.unwrap();
        let [(_, Verdict { first_bad: Some(flaw), .. })] = found.verdicts.as_slice() else { panic!("{forged}") };
        assert!(flaw.what.contains("the whole workspace is gone") && found.purged == 0, "{forged}: {flaw:?}");
        log.tamper("DELETE FROM audit_tombstones; INSERT INTO audit_tombstones TABLE kept_tombstones").await;
    }
    assert_eq!(verify_all(&s).await.unwrap().purged, 1);
}

#[tokio::test]
async fn a_log_that_is_being_written_is_whole() {
    let world = World::new().await;
    let over = AtomicBool::new(false);
    let write = async {
        for _ in 0..40 {
            configure(&world).await;
        }
        over.store(true, Ordering::Relaxed);
    };
    let read = async {
        while !over.load(Ordering::Relaxed) {
            anchor_now(&world.services).await.unwrap();
            assert_eq!(verify(&world.services, &world.owner).await.unwrap().first_bad, None);
        }
    };
    tokio::join!(write, read);
}

#[tokio::test]
async fn the_roles_that_serve_cannot_change_a_row() {
    let world = World::new().await;
    sign_in(&world).await;
    for role in ["hyvve_app", "hyvve_system"] {
        let mut conn = world.connect(role).await;
        let context = format!(
            "SET hyvve.workspace = '{}'; SET hyvve.kind = 'system'; SET hyvve.role = 'owner'",
            world.owner.workspace
        );
        conn.execute(AssertSqlSafe(context)).await.unwrap();
        for table in ["audit_log", "audit_personal"] {
            for sql in [
                format!("UPDATE {table} SET seq = seq"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table}"),
                format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
                format!("DROP TABLE {table}"),
            ] {
                let done = conn.execute(AssertSqlSafe(sql.clone())).await;
                if (role, sql.as_str()) == ("hyvve_system", "DELETE FROM audit_personal") {
                    assert_eq!(done.unwrap().rows_affected(), 0, "nothing of people who are there is erased");
                    continue;
                }
                let refused = done.err();
                let code =
                    refused.as_ref().and_then(|e| e.as_database_error()?.code()).map(std::borrow::Cow::into_owned);
                assert_eq!(code.as_deref(), Some("42501"), "{role}: {sql}");
            }
        }
    }
    assert_eq!(verify(&world.services, &world.owner).await.unwrap().first_bad, None);
}
