//! What was shown is what is decided on, and what was decided on is what happens: whoever changes it in the database in between,
//! at any stage and in any way, gets nothing done.

use std::time::Duration;

use futures::future::join_all;
use hyvve_domain::canonical;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::sleep,
};

use crate::{
    assignment::program,
    doors::Door,
    inbox::people,
    queue::detail,
    races::{all, ask_for_changes},
    support::{Caller, Database, MailServer, Story, TestApp, cluster::superuser, id, until},
};

/// As long as it can be: what is held is made due by the test.
const HELD: (&str, &str) = ("HYVVE_UNDO_SECONDS", "600");
const REFUSED: &str = "failed: What is stored is not what was approved. Nothing was done.";

/// When it is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// It stands in a list, and nobody has opened it.
    Listed,
    /// Somebody has it open.
    Shown,
    /// It is approved, and that can still be taken back.
    Held,
    /// It is due, and no server is there.
    Due,
    /// A server has it in hand, or its outside agent has.
    Claimed,
}

const STAGES: [Stage; 5] = [Stage::Listed, Stage::Shown, Stage::Held, Stage::Due, Stage::Claimed];

/// What is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    /// Another proposal's bytes.
    Bytes,
    /// Another proposal's hash.
    Hash,
    /// Both of them.
    Both,
    /// The tool beside the bytes.
    Tool,
    /// Its version beside the bytes.
    Version,
    /// Arguments inside the bytes.
    Arguments,
    /// The same, and the hash that goes with it.
    Resealed,
}

const CHANGES: [Change; 7] =
    [Change::Bytes, Change::Hash, Change::Both, Change::Tool, Change::Version, Change::Arguments, Change::Resealed];

impl Change {
    /// Whether what is stored still fits together, so that only whoever remembers what was shown can tell.
    fn fits(self) -> bool {
        matches!(self, Self::Both | Self::Resealed)
    }
}

struct Attempt {
    stage: Stage,
    change: Change,
    item: Value,
    /// One of the same sort that is left alone.
    other: String,
}

impl Attempt {
    /// Whether the outside agent has been told by now that it may.
    fn is_out(&self) -> bool {
        self.stage == Stage::Claimed && self.item["type"] == "external"
    }

    fn is_decided(&self) -> bool {
        !matches!(self.stage, Stage::Listed | Stage::Shown)
    }
}

/// Of each sort: one for each change, and one that is left alone.
fn next(stage: Stage, piles: &mut [Vec<Value>; 3]) -> (Vec<Attempt>, Vec<Value>) {
    let (mut attempts, mut beside) = (Vec::new(), Vec::new());
    for pile in piles {
        let other = pile.pop().unwrap();
        attempts.extend(CHANGES.map(|change| {
            let item = pile.pop().unwrap();
            Attempt { stage, change, item, other: id(&other).to_owned() }
        }));
        beside.push(other);
    }
    (attempts, beside)
}

/// Bytes, hash, tool and its version.
type Stored = (Vec<u8>, Vec<u8>, String, i32);

async fn stored(at: &mut PgConnection, item: &str) -> Stored {
    let sql = "SELECT canonical, hash, tool, tool_version FROM approval_items WHERE id = $1::uuid";
    sqlx::query_as(sql).bind(item).fetch_one(at).await.unwrap()
}

fn changed(change: Change, (bytes, hash, tool, version): Stored, other: Stored) -> Stored {
    match change {
        Change::Bytes => (other.0, hash, tool, version),
        Change::Hash => (bytes, other.1, tool, version),
        Change::Both => (other.0, other.1, tool, version),
        Change::Tool => {
            let another = if tool == "external" { "update_record" } else { "external" };
            (bytes, hash, another.to_owned(), version)
        }
        Change::Version => (bytes, hash, tool, version + 1),
        Change::Arguments => (with_other_arguments(&bytes), hash, tool, version),
        Change::Resealed => {
            let bytes = with_other_arguments(&bytes);
            let hash = canonical::sha256(&bytes).to_vec();
            (bytes, hash, tool, version)
        }
    }
}

fn with_other_arguments(bytes: &[u8]) -> Vec<u8> {
    let mut proposal: Value = serde_json::from_slice(bytes).unwrap();
    match proposal["tool"].as_str().unwrap() {
        "update_record" => proposal["arguments"]["changes"]["discount_percent"] = json!(99),
        "send_email" => proposal["arguments"]["to"] = json!("mallory@example.com"),
        _ => proposal["arguments"]["arguments"]["of"] = json!("Everything"),
    }
    let new = canonical::to_vec(&proposal).unwrap();
    assert_ne!(new, bytes);
    new
}

async fn make(at: &mut PgConnection, attempt: &Attempt) {
    let (item, other) = (id(&attempt.item), attempt.other.as_str());
    let (bytes, hash, tool, version) = changed(attempt.change, stored(at, item).await, stored(at, other).await);
    let sql = "UPDATE approval_items SET canonical = $2, hash = $3, tool = $4, tool_version = $5 WHERE id = $1::uuid";
    let made = sqlx::query(sql).bind(item).bind(bytes).bind(hash).bind(tool).bind(version).execute(at).await;
    assert_eq!(made.unwrap().rows_affected(), 1);
}

/// What was approved can be taken back no more.
async fn make_due(at: &mut PgConnection, item: &Value) {
    let sql = "UPDATE effects SET not_before = now() WHERE approval_id = $1::uuid AND state = 'intended'";
    assert_eq!(sqlx::query(sql).bind(id(item)).execute(at).await.unwrap().rows_affected(), 1);
}

/// Waits until a statement counts so many.
async fn counts(at: &mut PgConnection, sql: &'static str, wanted: i64) {
    let mut found = 0;
    for _ in 0..800 {
        found = sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *at).await.unwrap();
        if found == wanted {
            return;
        }
        sleep(Duration::from_millis(25)).await;
    }
    panic!("{found} instead of {wanted}: {sql}");
}

const DUE: &str = "SELECT count(*) FROM effects WHERE state = 'intended' AND not_before <= now()";

/// Two connections of the superuser's. Whoever has one may also switch triggers off, so for the first one they are.
async fn roots(app: &TestApp) -> (PgConnection, PgConnection) {
    let url = superuser(app.setting("DATABASE_URL"));
    let mut hands = PgConnection::connect(&url).await.unwrap();
    sqlx::query("SET session_replication_role = replica").execute(&mut hands).await.unwrap();
    (hands, PgConnection::connect(&url).await.unwrap())
}

struct World {
    owner: Caller,
    agent: Caller,
    /// Changes what is stored.
    hands: PgConnection,
    eyes: PgConnection,
    /// What was not refused.
    through: Vec<String>,
}

impl World {
    async fn begin(app: &TestApp) -> Self {
        let (owner, member) = people(app).await;
        let agent = program(&member).await;
        let (hands, eyes) = roots(app).await;
        Self { owner, agent, hands, eyes, through: Vec::new() }
    }

    /// Changes of records, mails and what an outside agent wants, each other than all others.
    async fn propose(&self) -> [Vec<Value>; 3] {
        let each = STAGES.len() * (CHANGES.len() + 1);
        ask_for_changes(&self.owner, each).await;
        let ask = async |n: usize| {
            let body = json!({ "action": "refund", "arguments": { "of": n }, "reversible": true });
            self.agent.post("/api/approvals", &body).await.expect(201);
        };
        join_all((0..each).map(ask)).await;
        let waiting = all(&self.owner, "/api/approvals?status=pending").await;
        let of = |tool: &str| waiting.iter().filter(|item| item["type"] == tool).cloned().collect::<Vec<_>>();
        let piles = ["update_record", "send_email", "external"].map(of);
        assert!(piles.iter().all(|pile| pile.len() == each), "{waiting:#?}");
        piles
    }

    fn note(&mut self, Attempt { stage, change, item, .. }: &Attempt, what: &str) {
        self.through.push(format!("{stage:?}, {change:?}, {}: {what}", item["type"]));
    }

    /// Opens each, as it stands in the list.
    async fn open(&self, attempts: &[Attempt]) {
        for item in attempts.iter().map(|attempt| &attempt.item) {
            assert_eq!(detail(&self.owner, id(item)).await["hash"], item["hash"]);
        }
    }

    /// Changed before anybody has decided: nobody can decide to do it.
    async fn before(&mut self, attempts: &[Attempt], beside: &[Value], door: Door) {
        for attempt in attempts {
            make(&mut self.hands, attempt).await;
        }
        for attempt in attempts {
            // Whoever says nothing of what was shown is refused as well, where what is stored does not fit together.
            let doors = [Some(door), (!attempt.change.fits()).then_some(Door::Approve)];
            for door in doors.into_iter().flatten() {
                let reply = door.press(&self.owner, &attempt.item).await;
                let told = !attempt.change.fits() || reply.text.contains("not what you were shown");
                if !door.refusal(&reply) || !told {
                    self.note(attempt, &format!("{door:?} answers {} {}", reply.status, reply.text));
                }
            }
        }
        for item in beside {
            let reply = door.press(&self.owner, item).await;
            assert!(!door.refusal(&reply), "{}", reply.text);
        }
    }

    /// Approved by whoever has it open, with the time in which that can be taken back.
    async fn approve(&self, attempts: &[Attempt], beside: &[Value]) {
        for item in attempts.iter().map(|attempt| &attempt.item).chain(beside) {
            Door::Form.press(&self.owner, item).await.expect(200);
        }
    }

    /// Changed before any server has it in hand.
    async fn meanwhile(&mut self, attempts: &[Attempt]) {
        for attempt in attempts {
            make(&mut self.hands, attempt).await;
        }
        for attempt in attempts {
            make_due(&mut self.eyes, &attempt.item).await;
        }
    }

    /// Changed while somebody has it in hand, or is about to.
    async fn claimed(&mut self, attempts: &[Attempt]) {
        let (out, own): (Vec<_>, Vec<_>) = attempts.iter().partition(|attempt| attempt.is_out());
        for attempt in out {
            self.out(attempt).await;
        }
        self.being_changed(&own).await;
    }

    /// Due while it is being changed: servers look at it, and pass it by until it is clear what it is to do.
    async fn being_changed(&mut self, attempts: &[&Attempt]) {
        let mut tx = self.hands.begin().await.unwrap();
        for attempt in attempts {
            make(&mut tx, attempt).await;
            make_due(&mut self.eyes, &attempt.item).await;
        }
        sleep(Duration::from_millis(1_500)).await;
        let due: i64 = sqlx::query_scalar(DUE).fetch_one(&mut self.eyes).await.unwrap();
        assert_eq!(due, attempts.len() as i64);
        tx.commit().await.unwrap();
    }

    /// Changed while the outside agent has it in hand: it is told nothing else, and nobody says that something else was done.
    async fn out(&mut self, attempt: &Attempt) {
        let path = format!("/api/approvals/{}", id(&attempt.item));
        make_due(&mut self.eyes, &attempt.item).await;
        until(&self.owner, &path, |body| body["data"]["effect"] == "executing").await;
        make(&mut self.hands, attempt).await;
        let told = self.agent.get(&format!("{path}/decision")).await;
        if told.status.is_success() {
            self.note(attempt, &format!("the agent is told {}", told.text));
        }
        let hash = hex::encode(stored(&mut self.hands, id(&attempt.item)).await.1);
        if attempt.item["hash"] != hash {
            let done = self.agent.post(&format!("{path}/outcome"), &json!({ "happened": true, "hash": hash })).await;
            if done.status.is_success() {
                self.note(attempt, &format!("the agent has done {}", done.text));
            }
        }
    }

    /// Everything that an attempt may have left behind.
    async fn look(&mut self, attempts: &[Attempt]) {
        let sql = "SELECT i.status,
             COALESCE((SELECT string_agg(e.state || ': ' || COALESCE(e.error, ''), '; ') FROM effects e WHERE e.approval_id = i.id), ''),
             (SELECT count(*) FROM approval_decisions d WHERE d.approval_id = i.id),
             (SELECT count(*) FROM mails m JOIN effects e ON e.id = m.effect_id WHERE e.approval_id = i.id)
               + (SELECT count(*) FROM record_versions v WHERE v.approval_id = i.id)
           FROM approval_items i WHERE i.id = $1::uuid";
        for attempt in attempts {
            let item = id(&attempt.item);
            let found: (String, String, i64, i64) =
                sqlx::query_as(sql).bind(item).fetch_one(&mut self.eyes).await.unwrap();
            let (status, effects, decisions, traces) = &found;
            let effect = if attempt.is_out() { "executing: " } else { REFUSED };
            let wanted = if attempt.is_decided() { ("approved", effect, 1, 0) } else { ("pending", "", 0, 0) };
            if (status.as_str(), effects.as_str(), *decisions, *traces) != wanted {
                self.note(attempt, &format!("{found:?}"));
            }
            let shown = self.owner.get(&format!("/api/approvals/{item}")).await;
            if shown.status.is_success() && (attempt.is_decided() || !attempt.change.fits()) {
                self.note(attempt, "it is shown as if nothing had happened");
            }
        }
    }

    /// What nobody has changed: one hash everywhere, and one effect.
    async fn happened_as_shown(&mut self, item: &Value) {
        let (path, hash) = (format!("/api/approvals/{}", id(item)), item["hash"].as_str().unwrap());
        if item["type"] == "external" {
            until(&self.owner, &path, |body| body["data"]["effect"] == "executing").await;
            let told = self.agent.get(&format!("{path}/decision")).await.expect(200).body["data"].clone();
            assert_eq!((&told["approved"], &told["hash"]), (&json!(true), &json!(hash)));
            let done = json!({ "happened": true, "hash": hash });
            self.agent.post(&format!("{path}/outcome"), &done).await.expect(200);
        }
        let shown = until(&self.owner, &path, |body| body["data"]["effect"] == "done").await;
        assert_eq!(shown["data"]["hash"], hash);
        one_hash(&mut self.eyes, id(item), hash).await;
    }
}

/// One hash in the item, of its bytes, in the decision and in the audit log, and one effect in the ledger.
async fn one_hash(at: &mut PgConnection, item: &str, hash: &str) {
    let sql = "WITH known AS (
         SELECT hash FROM approval_items WHERE id = $1::uuid UNION ALL SELECT sha256(canonical) FROM approval_items WHERE id = $1::uuid
         UNION ALL SELECT hash FROM approval_decisions WHERE approval_id = $1::uuid),
       told AS (SELECT seq, action, details->>'hash' AS hash FROM audit_log WHERE subject_id = $1::uuid AND details->>'hash' IS NOT NULL)
       SELECT (SELECT array_agg(DISTINCT encode(hash, 'hex')) FROM known), (SELECT array_agg(DISTINCT hash) FROM told),
              (SELECT array_agg(action ORDER BY seq) FROM told), (SELECT array_agg(state) FROM effects WHERE approval_id = $1::uuid)";
    let (known, told, mut actions, effects): (Vec<String>, Vec<String>, Vec<String>, Vec<String>) =
        sqlx::query_as(sql).bind(item).fetch_one(at).await.unwrap();
    assert_eq!((known, told), (vec![hash.to_owned()], vec![hash.to_owned()]));
    // What leaves HYVVE is on its way in between.
    actions.retain(|action| action != "effect.executing");
    assert_eq!(actions, ["approval.requested", "approval.approved", "effect.done"]);
    assert_eq!(effects, ["done"]);
}

#[tokio::test]
async fn whatever_is_changed_at_any_stage_is_refused_and_what_is_not_happens_as_it_was_shown() {
    let data = tempfile::tempdir().unwrap();
    let mut environment = Database::make().await.environment(data.path());
    environment.insert(HELD.0.to_owned(), HELD.1.to_owned());
    let mut app = TestApp::start_in(environment.clone(), data).await;
    let mut world = World::begin(&app).await;
    let mut piles = world.propose().await;
    let (mut tried, mut left_alone) = (0, Vec::new());
    for stage in STAGES {
        let (attempts, beside) = next(stage, &mut piles);
        if stage != Stage::Listed {
            world.open(&attempts).await;
        }
        match stage {
            Stage::Listed => world.before(&attempts, &beside, Door::FormBulk).await,
            Stage::Shown => world.before(&attempts, &beside, Door::Form).await,
            Stage::Held | Stage::Due | Stage::Claimed => world.approve(&attempts, &beside).await,
        }
        match stage {
            Stage::Listed | Stage::Shown => {}
            Stage::Held => world.meanwhile(&attempts).await,
            Stage::Due => {
                let data = app.stop().await;
                world.meanwhile(&attempts).await;
                app = TestApp::start_in(environment.clone(), data).await;
                world.owner = world.owner.at(&app);
                world.agent = world.agent.at(&app);
            }
            Stage::Claimed => world.claimed(&attempts).await,
        }
        for item in &beside {
            make_due(&mut world.eyes, item).await;
        }
        counts(&mut world.eyes, DUE, 0).await;
        world.look(&attempts).await;
        tried += attempts.len();
        left_alone.extend(beside);
    }
    let through = &world.through;
    assert!(through.is_empty(), "of {tried}, this was not refused: {through:#?}");
    assert_eq!((tried, left_alone.len()), (105, 15));
    for item in &left_alone {
        world.happened_as_shown(item).await;
    }
    // Of each of the two sorts that leave something here, what was left alone, once, and nothing else.
    counts(&mut world.eyes, "SELECT count(*) FROM records WHERE version > 1", 5).await;
    counts(&mut world.eyes, "SELECT count(*) FROM record_versions WHERE approval_id IS NOT NULL", 5).await;
    counts(&mut world.eyes, "SELECT count(*) FROM mails", 5).await;
    let verdict = world.owner.post("/api/audit-log/verify", &json!({})).await;
    assert_eq!(verdict.expect(200).body["data"]["firstBad"], Value::Null);
}

#[tokio::test]
async fn a_mail_on_its_way_is_the_one_that_was_approved_and_so_is_what_is_written_down() {
    let there = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("smtp://127.0.0.1:{}", there.local_addr().unwrap().port());
    let app = TestApp::start_with(&[("SMTP_URL", &url), ("SMTP_FROM", "HYVVE <hyvve@example.com>")]).await;
    let (mut hands, mut eyes) = roots(&app).await;
    let story = Story::begin(&app, "Grace").await;
    let item = detail(&story.user, id(&story.mail)).await;
    Door::Approve.press(&story.user, &item).await.expect(200);
    counts(&mut eyes, "SELECT count(*) FROM effects WHERE state = 'executing'", 1).await;
    let other = id(&story.change).to_owned();
    make(&mut hands, &Attempt { stage: Stage::Claimed, change: Change::Both, item: item.clone(), other }).await;

    // Only now does anybody answer at the mail server's door.
    let port = MailServer::start().await.port;
    tokio::spawn(async move {
        while let Ok((mut near, _)) = there.accept().await {
            tokio::spawn(async move {
                let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                drop(copy_bidirectional(&mut near, &mut far).await);
            });
        }
    });
    counts(&mut eyes, "SELECT count(*) FROM effects WHERE state = 'done'", 1).await;
    let left: Vec<(String, String)> =
        sqlx::query_as("SELECT recipient, body FROM mails").fetch_all(&mut eyes).await.unwrap();
    let [to, body] = ["to", "body"].map(|what| item["arguments"][what].as_str().unwrap().to_owned());
    assert_eq!(left, [(to, body)]);
    let written = "SELECT array_agg(DISTINCT details->>'hash') FROM audit_log WHERE subject_id = $1::uuid
                   AND action IN ('approval.approved', 'effect.done')";
    let written: Vec<String> = sqlx::query_scalar(written).bind(id(&item)).fetch_one(&mut eyes).await.unwrap();
    assert_eq!(written, [item["hash"].as_str().unwrap()]);
}

#[tokio::test]
async fn the_server_itself_could_not_change_what_was_proposed_decided_or_intended() {
    let app = TestApp::start().await;
    for role in ["DATABASE_URL", "DATABASE_SYSTEM_URL"] {
        let mut server = PgConnection::connect(app.setting(role)).await.unwrap();
        for sql in [
            "UPDATE approval_items SET canonical = canonical",
            "UPDATE approval_items SET hash = hash",
            "UPDATE approval_items SET tool = tool",
            "UPDATE approval_items SET tool_version = tool_version",
            "UPDATE approval_decisions SET hash = hash",
            "UPDATE effects SET approval_id = approval_id",
            "UPDATE effects SET tool = tool",
            "UPDATE effects SET hash = hash",
            "DELETE FROM effects",
        ] {
            let refused = sqlx::query(sql).execute(&mut server).await.unwrap_err();
            let code = refused.as_database_error().and_then(|error| error.code().map(String::from));
            assert_eq!(code.as_deref(), Some("42501"), "{role}: {sql}");
        }
    }
}

/// Somebody else's change of the same record, which happens at once.
async fn moves(user: &Caller, record: &str) {
    let another = Story::of(user.clone()).await;
    let change = detail(user, id(&another.change)).await;
    Door::Edit.press(user, &change).await.expect(200);
    let moved = until(user, record, |body| body["data"]["record"]["version"] == 2).await;
    assert_eq!(moved["data"]["record"]["data"]["discount_percent"], 3);
}

/// Nothing but that has happened to it.
async fn only_moved(user: &Caller, record: &str) {
    let record = user.get(record).await.expect(200).body["data"]["record"].clone();
    assert_eq!((&record["version"], &record["data"]["discount_percent"]), (&json!(2), &json!(3)));
}

#[tokio::test]
async fn a_record_that_moved_before_the_decision_ends_it_with_words_and_nothing_is_done() {
    let app = TestApp::start_with(&[HELD]).await;
    for door in [Door::Approve, Door::Form, Door::Edit] {
        let story = Story::of(app.sign_up(&format!("{door:?}")).await).await;
        let item = detail(&story.user, id(&story.change)).await;
        let record = format!("/api/records/{}", item["preview"]["recordId"].as_str().unwrap());
        moves(&story.user, &record).await;
        let refused = door.press(&story.user, &item).await;
        assert!(refused.expect(409).text.contains("has changed since it was proposed"), "{}", refused.text);
        let ended = detail(&story.user, id(&item)).await;
        assert_eq!(
            (&ended["status"], &ended["effectDetail"], &ended["decidedBy"], &ended["hash"]),
            (&json!("superseded"), &Value::Null, &Value::Null, &item["hash"])
        );
        door.press(&story.user, &item).await.expect(409);
        only_moved(&story.user, &record).await;
    }
}

#[tokio::test]
async fn a_record_that_moved_after_the_decision_is_left_as_it_is() {
    let app = TestApp::start_with(&[HELD]).await;
    let (_, mut eyes) = roots(&app).await;
    let Story { user, change, .. } = Story::begin(&app, "Grace").await;
    let (item, path) = (detail(&user, id(&change)).await, format!("/api/approvals/{}", id(&change)));
    let record = format!("/api/records/{}", item["preview"]["recordId"].as_str().unwrap());
    Door::Form.press(&user, &item).await.expect(200);
    moves(&user, &record).await;
    make_due(&mut eyes, &item).await;
    let ended = until(&user, &path, |body| body["data"]["status"] == "superseded").await["data"].clone();
    assert_eq!((&ended["effect"], &ended["hash"]), (&json!("failed"), &item["hash"]));
    let why = "What it would have changed has changed meanwhile. Nothing was done.";
    assert_eq!(ended["effectDetail"]["error"], why);
    Door::Form.press(&user, &item).await.expect(409);
    only_moved(&user, &record).await;
    assert_eq!(user.get("/api/mails").await.expect(200).body["meta"]["total"], 0);
}
