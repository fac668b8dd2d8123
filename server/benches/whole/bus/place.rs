//! Where events happen: a database that keeps every commit, a Redis or none, and nodes, of which one has a consumer.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use hyvve_domain::{
    Actor, Result,
    auth::{self, Password},
    db::{self, TenantTx},
    events::{
        DomainEvent, Draft, Event,
        bus::{Bus, Consumer},
        payload::PolicyChanged,
    },
    ids::WorkspaceId,
    services::Services,
    workspaces,
};
use hyvve_postgres::Cluster;
use hyvve_server::{
    config::Config,
    startup::{self, Started},
};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::{
    task::{AbortHandle, JoinSet},
    time::sleep,
};
use uuid::Uuid;

use crate::redis::Redis;

const DATABASE: &str = "hyvve";
/// The consumer's name.
const CONSUMER: &str = "bench";
/// As many as a node's transactions at once and its consumer need.
const CONNECTIONS: usize = 32;
/// How long anything may take for which nobody but this bench waits.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often it is asked whether it is so.
const GLANCE: Duration = Duration::from_millis(5);

/// Events that the consumer is not done with.
const BEHIND: &str = "SELECT coalesce(sum(h.event_seq - coalesce(c.done_seq, 0)), 0)::bigint FROM workspace_heads h
     LEFT JOIN event_consumers c ON c.workspace_id = h.workspace_id AND c.consumer = 'bench'";

/// A database, and a Redis if that is the back end.
pub(super) struct Place {
    cluster: Cluster,
    redis: Option<Redis>,
    root: PgConnection,
    folder: TempDir,
}

impl Place {
    pub(super) async fn set(redis: Option<Redis>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Cluster::start(&crate::durable(folder.path())).expect("PostgreSQL starts");
        db::bootstrap(&cluster.superuser_url("postgres"), DATABASE).await.unwrap();
        let root = PgConnection::connect(&cluster.superuser_url(DATABASE)).await.unwrap();
        let place = Self { cluster, redis, root, folder };
        // The first node migrates.
        place.node("set-up").await.end().await;
        place
    }

    /// A node that tells and hears of events, but has no consumer yet.
    pub(super) async fn node(&self, name: &str) -> Node {
        let url = |role: &str| self.cluster.url(role, DATABASE);
        let environment: BTreeMap<String, String> = [
            ("DATABASE_URL", url("hyvve_app")),
            ("DATABASE_SYSTEM_URL", url("hyvve_system")),
            ("DATABASE_DIRECT_URL", url("hyvve_owner")),
            ("ENCRYPTION_KEY", "a".repeat(64)),
            ("HYVVE_AUDIT_KEY", "b".repeat(64)),
            ("HYVVE_DATA_DIR", self.folder.path().join(name).display().to_string()),
            ("HYVVE_MAX_CONNECTIONS", CONNECTIONS.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        let started = Box::pin(startup::services(Config::read(environment, None).unwrap())).await.unwrap();
        let redis = self.redis.as_ref().map(Redis::url);
        let bus = Bus::new(&url("hyvve_system"), redis.as_deref()).unwrap();
        let (mut tasks, s) = (JoinSet::new(), &started.services);
        tasks.spawn(bus.clone().relay(s.clone()));
        tasks.spawn(bus.clone().publish(s.clone(), vec![CONSUMER]));
        Node { started, bus, tasks }
    }

    /// The table in which the consumer has its effects.
    pub(super) async fn table(&mut self) {
        let table = "CREATE TABLE bus_effects (workspace_id uuid NOT NULL, event_id uuid NOT NULL);
                     GRANT INSERT ON bus_effects TO hyvve_app";
        sqlx::raw_sql(table).execute(&mut self.root).await.unwrap();
    }

    /// One number out of the database.
    pub(super) async fn count(&mut self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.root).await.unwrap()
    }

    /// What PostgreSQL does by itself a minute later.
    pub(super) async fn analyze(&mut self) {
        sqlx::raw_sql("ANALYZE").execute(&mut self.root).await.unwrap();
    }

    /// How many events the consumer is not done with.
    pub(super) async fn behind(&mut self) -> i64 {
        self.count(BEHIND).await
    }

    /// Waits until the consumer is known: it hears of what happens from then on.
    pub(super) async fn registered(&mut self) {
        until("the consumer begins", async || self.count("SELECT count(*) FROM event_groups").await > 0).await;
    }

    /// Waits until the consumer is done with everything.
    pub(super) async fn done(&mut self) {
        until("the consumer is done", async || self.behind().await == 0).await;
    }

    /// Waits until everything that has happened is in Redis's stream. Without Redis an event needs nothing but its number, which it got
    /// when it was committed.
    pub(super) async fn published(&mut self) {
        let Some(redis) = &self.redis else { return };
        let heads = "SELECT workspace_id, event_seq FROM workspace_heads WHERE event_seq > 0";
        let heads: Vec<(Uuid, i64)> = sqlx::query_as(heads).fetch_all(&mut self.root).await.unwrap();
        let keys: Vec<String> = heads.iter().map(|(workspace, _)| format!("hyvve:events:{workspace}")).collect();
        let numbers: Vec<String> = heads.iter().map(|(_, seq)| seq.to_string()).collect();
        // Up to where each workspace is published.
        let marks = format!("MGET {}", keys.join(" "));
        until("everything is published", async || redis.answer(&marks) == numbers).await;
    }

    /// Waits until Redis, if there is one, has nothing more to tell the consumer, and knows that it is done.
    pub(super) async fn quiet(&self) {
        let Some(redis) = &self.redis else { return };
        let field = |ask: &str, name: &str| {
            let said = redis.answer(ask);
            said.iter().position(|word| word == name).and_then(|at| said.get(at + 1).cloned())
        };
        let is_quiet = async || {
            let told = field("XINFO GROUPS hyvve:events", "last-delivered-id");
            told.is_some()
                && told == field("XINFO STREAM hyvve:events", "last-generated-id")
                && redis.answer(&format!("XPENDING hyvve:events {CONSUMER}")) == [":0"]
        };
        until("the stream is read", is_quiet).await;
    }
}

/// When which event was in the consumer's hands, by the number that it says.
pub(super) type Handled = Arc<Mutex<Vec<(usize, Instant)>>>;

/// One of several servers, as far as events go.
pub(super) struct Node {
    started: Started,
    bus: Bus,
    tasks: JoinSet<()>,
}

impl Node {
    pub(super) fn services(&self) -> &Services {
        &self.started.services
    }

    /// Lets the consumer work here, until it is aborted.
    pub(super) fn consume(&mut self, handled: &Handled) -> AbortHandle {
        let handled = Arc::clone(handled);
        let consumer = Consumer::new(CONSUMER, move |_, tx, events| {
            let handled = Arc::clone(&handled);
            async move { take_effect(&handled, tx, events).await }.boxed()
        });
        let services = self.services().clone();
        self.tasks.spawn(self.bus.clone().consume(services, consumer))
    }

    /// So many workspaces, each of a person of its own.
    pub(super) async fn workspaces(&self, count: usize) -> Vec<WorkspaceId> {
        let (s, password) = (self.services(), Password("long enough for this".to_owned()));
        let mut made = Vec::with_capacity(count);
        for n in 0..count {
            let email = format!("person{n}@example.com");
            let user = auth::service::create_account(s, "Test Person", &email, &password).await.unwrap();
            made.push(workspaces::service::create_first(s, &user).await.unwrap().id);
        }
        made
    }

    /// Things happen in one transaction, as they do in a use case; each says this text.
    pub(super) async fn happen(&self, workspace: WorkspaceId, many: usize, text: &str) {
        let mut tx = self.services().db.tenant(&Actor::system(workspace)).await.unwrap();
        for _ in 0..many {
            let changed = PolicyChanged { tool: text.to_owned(), version: 1 };
            tx.emit(Draft::new(DomainEvent::ApprovalPolicyChanged(changed), workspace));
        }
        tx.commit().await.unwrap();
    }

    pub(super) async fn end(mut self) {
        self.tasks.shutdown().await;
        self.started.stop().await.unwrap();
    }
}

/// The consumer: one row for each event, in the transaction that says that they are done.
async fn take_effect(handled: &Mutex<Vec<(usize, Instant)>>, tx: &mut TenantTx, events: &[Event]) -> Result<()> {
    let now = Instant::now();
    let numbers = events.iter().filter_map(|event| event.payload["tool"].as_str()?.parse::<usize>().ok());
    handled.lock().unwrap().extend(numbers.map(|n| (n, now)));
    let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
    let insert = "INSERT INTO bus_effects (workspace_id, event_id) SELECT $1, id FROM unnest($2::uuid[]) AS id";
    let workspace = tx.workspace().0;
    sqlx::query(insert).bind(workspace).bind(ids).execute(tx.conn()).await?;
    Ok(())
}

/// Asks again and again, until it is so.
pub(super) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !is_so().await {
        assert!(since.elapsed() < PATIENCE, "it is waited in vain until {what}");
        sleep(GLANCE).await;
    }
}
