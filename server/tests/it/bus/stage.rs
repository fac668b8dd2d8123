//! Nodes on one database, with a Redis or without, and a consumer that writes down what it deals with.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use hyvve_domain::{
    Actor, Code, Error, Result, Role,
    auth::{self, Password},
    db::TenantTx,
    events::{
        DomainEvent, Draft, Event,
        bus::{Bus, Consumer, Pace},
        payload::PolicyChanged,
    },
    ids::WorkspaceId,
    services::Services,
    workspaces,
};
use hyvve_server::{
    config::Config,
    startup::{self, Started},
};
use sqlx::{Connection as _, PgConnection, Row as _, postgres::PgRow};
use tempfile::TempDir;
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

use crate::support::{Database, Redis, TestApp, cluster::superuser};

/// The consumer's name.
pub(super) const RECORDER: &str = "recorder";
/// A workspace's events happen this many at once.
const AT_ONCE: usize = 100;
/// What an event says with which the consumer can deal.
pub(super) const FINE: &str = "fine";

/// With which back end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Postgres,
    Redis,
}

/// Fast where a test would wait.
pub(super) fn pace() -> Pace {
    Pace {
        batch: 100,
        pauses: [20, 40, 60, 80].map(Duration::from_millis),
        patience: Duration::from_secs(20),
        look: Duration::from_millis(500),
        idle: Duration::from_millis(600),
    }
}

/// Nobody looks for what nobody was told of: what arrives was told.
pub(super) fn without_looking() -> Pace {
    Pace { look: Duration::from_hours(1), ..pace() }
}

/// A database, and a Redis if that is the back end.
pub(super) struct Stage {
    environment: BTreeMap<String, String>,
    pub(super) redis: Option<Redis>,
    folder: TempDir,
    root: PgConnection,
}

impl Stage {
    pub(super) async fn set(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = Database::make().await.environment(folder.path());
        let redis = match kind {
            Kind::Postgres => None,
            Kind::Redis => Some(Redis::start().await),
        };
        let mut stage = Self {
            root: PgConnection::connect(&superuser(&environment["DATABASE_URL"])).await.unwrap(),
            environment,
            redis,
            folder,
        };
        // The first node migrates.
        stage.node("set-up", pace()).await.die().await;
        let table = "CREATE TABLE recorded (n bigserial, workspace_id uuid, seq bigint, event_id uuid, node text);
                     GRANT SELECT, INSERT ON recorded TO hyvve_app; GRANT USAGE ON recorded_n_seq TO hyvve_app";
        sqlx::raw_sql(table).execute(&mut stage.root).await.unwrap();
        stage
    }

    pub(super) fn redis(&mut self) -> &mut Redis {
        self.redis.as_mut().expect("a Redis")
    }

    /// A node that tells and hears of events, but has no consumer yet.
    pub(super) async fn node(&self, name: &'static str, pace: Pace) -> Node {
        let mut environment = self.environment.clone();
        environment.insert("HYVVE_DATA_DIR".to_owned(), self.folder.path().join(name).display().to_string());
        environment.insert("HYVVE_MAX_CONNECTIONS".to_owned(), "8".to_owned());
        let started = Box::pin(startup::services(Config::read(environment, None).unwrap())).await.unwrap();
        let url = self.redis.as_ref().map(Redis::url);
        let bus = Bus::new(&self.environment["DATABASE_SYSTEM_URL"], url.as_deref()).unwrap().paced(pace);
        let mut tasks = JoinSet::new();
        let s = &started.services;
        tasks.spawn(bus.clone().relay(s.clone()));
        tasks.spawn(bus.clone().publish(s.clone(), vec![RECORDER]));
        Node { name, started, bus, tasks }
    }

    /// A whole server, with all that it does besides events.
    pub(super) async fn server(&self) -> TestApp {
        let (data, mut environment) = (tempfile::tempdir().unwrap(), self.environment.clone());
        environment.insert("HYVVE_DATA_DIR".to_owned(), data.path().display().to_string());
        environment.extend(self.redis.as_ref().map(|redis| ("REDIS_URL".to_owned(), redis.url())));
        TestApp::start_in(environment, data).await
    }

    /// All that the consumer has done, in the order in which it was done: workspace, event's number, node.
    pub(super) async fn recorded(&mut self) -> Vec<(Uuid, i64, String)> {
        let rows = sqlx::query("SELECT workspace_id, seq, node FROM recorded ORDER BY n");
        let rows: Vec<PgRow> = rows.fetch_all(&mut self.root).await.unwrap();
        rows.into_iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }

    /// One number out of the database.
    pub(super) async fn count(&mut self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.root).await.unwrap()
    }

    /// Changes the database as nobody else may; answers how many rows.
    pub(super) async fn change(&mut self, sql: &'static str) -> u64 {
        sqlx::query(sql).execute(&mut self.root).await.unwrap().rows_affected()
    }

    /// The numbers of all events of a workspace.
    async fn happened(&mut self, workspace: WorkspaceId) -> Vec<i64> {
        let seqs = sqlx::query_scalar("SELECT seq FROM events WHERE workspace_id = $1 ORDER BY seq").bind(workspace.0);
        seqs.fetch_all(&mut self.root).await.unwrap()
    }

    /// Waits until every event of these workspaces was dealt with, but for some, and checks that each was once, and in order.
    pub(super) async fn all_recorded_but(&mut self, workspaces: &[Actor], missing: &[i64]) {
        for actor in workspaces {
            let mut expected = self.happened(actor.workspace).await;
            expected.retain(|seq| !missing.contains(seq));
            let (since, mut found) = (Instant::now(), Vec::new());
            while found.len() < expected.len() && since.elapsed() < Duration::from_secs(30) {
                sleep(Duration::from_millis(50)).await;
                let all = self.recorded().await;
                found = all.into_iter().filter(|(id, ..)| *id == actor.workspace.0).map(|(_, seq, _)| seq).collect();
            }
            assert_eq!(found, expected, "what was dealt with is what happened, once and in order");
        }
    }

    pub(super) async fn all_recorded(&mut self, workspaces: &[Actor]) {
        self.all_recorded_but(workspaces, &[]).await;
    }
}

/// How the consumer behaves on a node.
#[derive(Clone, Default)]
pub(super) struct Manner {
    /// How long it takes, for whatever it is given.
    pub(super) slow: Duration,
    /// It does not end.
    pub(super) hangs: bool,
    /// Events that it cannot deal with are none any more.
    pub(super) cured: Arc<AtomicBool>,
    /// How often it was asked.
    pub(super) asked: Arc<AtomicUsize>,
}

/// One of several servers, as far as events go.
pub(super) struct Node {
    name: &'static str,
    started: Started,
    bus: Bus,
    tasks: JoinSet<()>,
}

impl Node {
    pub(super) fn services(&self) -> &Services {
        &self.started.services
    }

    /// Lets the consumer work here; answers once it does.
    pub(super) async fn consume(&mut self, stage: &mut Stage, manner: &Manner) {
        let (node, manner) = (self.name, manner.clone());
        let consumer = Consumer::new(RECORDER, move |_, tx, events| {
            let manner = manner.clone();
            async move { record(node, &manner, tx, events).await }.boxed()
        });
        self.tasks.spawn(self.bus.clone().consume(self.services().clone(), consumer));
        let since = Instant::now();
        while stage.count("SELECT count(*) FROM event_groups").await == 0 {
            assert!(since.elapsed() < Duration::from_secs(10), "the consumer does not begin");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends at once, with all that it had in hand.
    pub(super) async fn die(mut self) {
        self.tasks.shutdown().await;
        self.started.stop().await.unwrap();
    }

    /// A workspace with its owner.
    pub(super) async fn workspace(&self, email: &str) -> Actor {
        let s = self.services();
        let password = Password("correct horse".into());
        let user = auth::service::create_account(s, "Ada Lovelace", email, &password).await.unwrap();
        let workspace = workspaces::service::create_first(s, &user).await.unwrap();
        Actor::user(workspace.id, user.id, Role::Owner)
    }

    /// So many things happen.
    pub(super) async fn happen(&self, actor: &Actor, many: usize) {
        for from in (0..many).step_by(AT_ONCE) {
            self.happen_with(actor, &vec![FINE; many.min(from + AT_ONCE) - from]).await;
        }
    }

    /// Things happen in one transaction: each says one of these texts, as the tool of which it tells. It need not be one.
    pub(super) async fn happen_with(&self, actor: &Actor, texts: &[&str]) {
        let mut tx = self.services().db.tenant(&Actor::system(actor.workspace)).await.unwrap();
        for text in texts {
            let changed = PolicyChanged { tool: (*text).to_owned(), version: 1 };
            tx.emit(Draft::new(DomainEvent::ApprovalPolicyChanged(changed), actor.workspace));
        }
        tx.commit().await.unwrap();
    }
}

async fn record(node: &'static str, manner: &Manner, tx: &mut TenantTx, events: &[Event]) -> Result<()> {
    manner.asked.fetch_add(1, Ordering::SeqCst);
    if manner.hangs {
        std::future::pending::<()>().await;
    }
    let rows: Vec<(i64, Uuid)> = events.iter().map(|event| (event.seq, event.id)).collect();
    let (seqs, ids): (Vec<i64>, Vec<Uuid>) = rows.into_iter().unzip();
    let insert = "INSERT INTO recorded (workspace_id, seq, event_id, node)
                  SELECT $1, e.seq, e.id, $4 FROM unnest($2::bigint[], $3::uuid[]) AS e (seq, id) ORDER BY e.seq";
    let workspace = tx.workspace().0;
    sqlx::query(insert).bind(workspace).bind(seqs).bind(ids).bind(node).execute(tx.conn()).await?;
    sleep(manner.slow).await;
    for event in events.iter().filter(|_| !manner.cured.load(Ordering::SeqCst)) {
        match event.payload["tool"].as_str() {
            Some("refused") => return Err(Error::new(Code::Unprocessable, "This cannot be dealt with.")),
            Some("breaks the transaction") => {
                sqlx::query("SELECT 1 / 0").execute(tx.conn()).await?;
            }
            Some("panics") => panic!("a consumer that is broken"),
            _ => {}
        }
    }
    Ok(())
}
