//! The only ways to the database: a transaction inside one tenant, one for a person's own memberships, and one, logged
//! with a reason, for HYVVE itself. Pools never leave this file.

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use std::{str::FromStr, sync::Arc, time::Duration};

use crate::{
    Actor, Result, Who,
    audit::{Entry, Source},
    events::{Draft, Hub},
    heads,
    idempotency::Claim,
    ids::{UserId, WorkspaceId},
};

/// How long a request waits for a connection before it is answered with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that was used so lately is used again without asking whether it still stands: that would be a round trip
/// more for every transaction.
const BELIEVE: Duration = Duration::from_secs(1);

/// Where the database is, by role. See `migrations/roles.sql`.
#[derive(Clone)]
pub struct DbUrls {
    /// As `hyvve_app`. May be PgBouncer in transaction mode.
    pub app: String,
    /// As `hyvve_system`.
    pub system: String,
    /// Connections of the serving pool; the system pool has a quarter of them, at least two.
    pub max_connections: u32,
}

/// The two pools and the hub that learns of every commit.
#[derive(Clone)]
pub struct Db {
    app: PgPool,
    system: PgPool,
    hub: Arc<Hub>,
    source: Option<Arc<Source>>,
    claim: Option<Arc<Claim>>,
}

impl Db {
    /// Connects both pools, or says why not.
    pub async fn connect(urls: &DbUrls, hub: Arc<Hub>) -> Result<Self, sqlx::Error> {
        let pool = |max: u32| {
            let options = PgPoolOptions::new().max_connections(max).acquire_timeout(ACQUIRE_TIMEOUT);
            options.test_before_acquire(false).before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > BELIEVE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
        };
        let options = |url: &str, name: &str| PgConnectOptions::from_str(url).map(|o| o.application_name(name));
        let (app, system) = (options(&urls.app, "hyvve")?, options(&urls.system, "hyvve-system")?);
        for options in [&app, &system] {
            reach(options).await?;
        }
        let app = pool(urls.max_connections.max(1)).connect_with(app).await?;
        let system = pool((urls.max_connections / 4).max(2)).connect_with(system).await?;
        Ok(Self { app, system, hub, source: None, claim: None })
    }

    /// The same, for what one request asks for: audit entries of its person say where the request came from.
    #[must_use]
    pub fn asked_from(&self, source: Source) -> Self {
        Self { source: Some(Arc::new(source)), ..self.clone() }
    }

    /// The network address that the request comes from, if it is known.
    pub(crate) fn address(&self) -> Option<&str> {
        self.source.as_ref()?.ip.as_deref()
    }

    /// The same, for a request that came with an idempotency key: what it commits, it commits under the claim.
    #[must_use]
    pub fn asked_once(&self, claim: Arc<Claim>) -> Self {
        Self { claim: Some(claim), ..self.clone() }
    }

    /// A transaction inside the actor's workspace. Policies see workspace, kind, person and role, all set in the same
    /// round trip as BEGIN.
    pub async fn tenant(&self, actor: &Actor) -> Result<TenantTx> {
        // Every value is a typed uuid or a word of ours, so there is nothing to inject.
        let begin = format!(
            "BEGIN; SET LOCAL hyvve.workspace = '{}'; SET LOCAL hyvve.kind = '{}'; SET LOCAL hyvve.user_id = '{}'; SET LOCAL hyvve.role = '{}'",
            actor.workspace,
            actor.kind(),
            actor.user_id().map(|u| u.to_string()).unwrap_or_default(),
            actor.role().map_or("", crate::Role::as_str),
        );
        let tx = begun(&self.app, begin).await?;
        Ok(TenantTx {
            tx,
            actor: *actor,
            asked_by: None,
            source: self.source.clone(),
            claim: self.claim.clone(),
            audit: Vec::new(),
            events: Vec::new(),
            hub: Arc::clone(&self.hub),
        })
    }

    /// A transaction in which a person sees his or her own memberships, across workspaces, and nothing else.
    pub async fn user(&self, user: UserId) -> Result<UserTx> {
        let begin = format!("BEGIN READ ONLY; SET LOCAL hyvve.user_id = '{user}'");
        Ok(UserTx { tx: begun(&self.app, begin).await?, user })
    }

    /// HYVVE itself, outside any tenant: sign-in, claims, relays, purges. The reason is logged.
    pub async fn system(&self, reason: &'static str) -> Result<SystemTx> {
        tracing::trace!(reason, "a system transaction");
        Ok(SystemTx { tx: begun(&self.system, "BEGIN".to_owned()).await?, claim: self.claim.clone() })
    }

    /// The database as HYVVE itself, for the library that keeps jobs: it has no other way to its own tables.
    pub(crate) fn jobs(&self) -> graphile_worker::Database {
        self.system.clone().into()
    }

    /// Answers when both pools do.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.app).await?;
        sqlx::query("SELECT 1").execute(&self.system).await?;
        Ok(())
    }

    /// Closes both pools, after what is under way.
    pub async fn close(&self) {
        tokio::join!(self.app.close(), self.system.close());
    }
}

/// Begins a transaction, and does so to the end even if whoever asked is gone by then, as when a browser leaves a page. sqlx
/// knows of a transaction only once BEGIN was answered: given up in between, the connection would go back to the pool with
/// the transaction open, and somebody else would go on in it.
async fn begun(pool: &PgPool, begin: String) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let task = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(begin)).await });
    task.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// Connects once, outside any pool: a pool keeps trying, and in the end says only that time ran out.
async fn reach(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let connecting = async { PgConnection::connect_with(options).await?.close().await };
    tokio::time::timeout(ACQUIRE_TIMEOUT, connecting).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// A transaction inside one tenant. Audit entries and events that are added to it get their numbers at commit, with the
/// workspace's head locked last, so that numbers commit in order.
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    actor: Actor,
    /// Whom the audit log names, where that is not the actor.
    asked_by: Option<Actor>,
    source: Option<Arc<Source>>,
    claim: Option<Arc<Claim>>,
    audit: Vec<Entry>,
    events: Vec<Draft>,
    hub: Arc<Hub>,
}

impl TenantTx {
    /// The connection, for a store's queries.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// The tenant, for the explicit filter that every query carries besides the policy.
    pub fn workspace(&self) -> WorkspaceId {
        self.actor.workspace
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// HYVVE acts here because this person asked; the audit log names the person. For what somebody may ask for without a
    /// role that allows it: to join, to leave.
    pub(crate) fn asked_by(&mut self, person: Actor) {
        self.asked_by = Some(person);
    }

    /// Adds an audit entry to this transaction.
    pub fn audit(&mut self, entry: Entry) {
        self.audit.push(entry);
    }

    /// Adds an event to this transaction's outbox.
    pub fn emit(&mut self, event: Draft) {
        self.events.push(event);
    }

    /// Numbers and writes what was added, commits, and wakes whoever follows this workspace.
    ///
    /// # Errors
    /// `CONFLICT` when the request came with an idempotency key and its claim was taken over: nothing is committed.
    pub async fn commit(mut self) -> Result<()> {
        if let Some(claim) = &self.claim {
            claim.mark(&mut self.tx).await?;
        }
        if self.audit.is_empty() && self.events.is_empty() {
            return Ok(self.tx.commit().await?);
        }
        let actor = self.asked_by.unwrap_or(self.actor);
        if let (Who::User { .. }, Some(source)) = (actor.who, &self.source) {
            for entry in &mut self.audit {
                source.sign(entry);
            }
        }
        let append = heads::append(&actor, &self.audit, &self.events)?;
        // One message: everybody else who writes in this workspace waits from the first of these to the second, and must not
        // wait for the way to this node and back as well. The third is for `tx`, which ends in the background what it began.
        sqlx::raw_sql(AssertSqlSafe(format!("{append}; COMMIT; BEGIN"))).execute(&mut *self.tx).await?;
        if !self.events.is_empty() {
            self.hub.poke_workspace(self.actor.workspace);
        }
        Ok(())
    }

    /// Undoes everything, and waits until the database has.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.tx.rollback().await?)
    }
}

/// A read-only transaction over a person's own memberships.
pub struct UserTx {
    tx: Transaction<'static, Postgres>,
    user: UserId,
}

impl UserTx {
    /// The connection, for a store's queries.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// The person.
    pub fn user(&self) -> UserId {
        self.user
    }
}

/// A transaction of HYVVE itself, outside any tenant.
pub struct SystemTx {
    tx: Transaction<'static, Postgres>,
    claim: Option<Arc<Claim>>,
}

impl SystemTx {
    /// The connection, for a store's queries.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Writes an audit entry of the actor's workspace in this transaction; the workspace's head stays locked until it ends, so
    /// this comes after everything that others may have locked.
    pub(crate) async fn audit(&mut self, actor: &Actor, entry: Entry) -> Result<()> {
        let append = heads::append(actor, &[entry], &[])?;
        sqlx::raw_sql(AssertSqlSafe(append)).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Commits; errors as for [`TenantTx::commit`].
    pub async fn commit(mut self) -> Result<()> {
        if let Some(claim) = &self.claim {
            claim.mark(&mut self.tx).await?;
        }
        Ok(self.tx.commit().await?)
    }
}

/// The name of the unique or check constraint that a write ran into.
pub fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}

/// Migrates as the owner, first what the library that keeps jobs needs. Run before [`Db::connect`]; safe when several nodes start
/// at once.
pub async fn migrate(owner_url: &str) -> Result<(), sqlx::migrate::MigrateError> {
    let mut conn = PgConnection::connect(owner_url).await.map_err(sqlx::migrate::MigrateError::Execute)?;
    hyvve_jobs::migrate(owner_url).await?;
    sqlx::migrate!("../../migrations").run(&mut conn).await?;
    conn.close().await.map_err(sqlx::migrate::MigrateError::Execute)
}

/// Gathers the planner's statistics of tables that hold rows and never had any, as the owner: those that were filled just now.
/// PostgreSQL does so by itself about a minute later, and for tables of less than 50 rows never. Answers how many there were.
pub async fn analyze(owner_url: &str) -> Result<usize, sqlx::Error> {
    let mut conn = PgConnection::connect(owner_url).await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.reltuples < 0 AND pg_relation_size(c.oid) > 0",
    )
    .fetch_all(&mut conn)
    .await?;
    if !tables.is_empty() {
        // What somebody else is analysing, or changing, has no need of it.
        sqlx::raw_sql(AssertSqlSafe(format!("ANALYZE (SKIP_LOCKED) {}", tables.join(", ")))).execute(&mut conn).await?;
    }
    conn.close().await?;
    Ok(tables.len())
}

/// Creates the roles and, when missing, the database, as a superuser: the embedded database's start, and tests. Safe when
/// several processes do it at once.
pub async fn bootstrap(superuser_url: &str, database: &str) -> Result<(), sqlx::Error> {
    use sqlx::Executor;
    if !database.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err(sqlx::Error::Protocol(format!("{database:?} is no name for a database")));
    }
    let options = PgConnectOptions::from_str(superuser_url)?;
    let mut conn = PgConnection::connect_with(&options).await?;
    conn.execute(include_str!("../../../migrations/roles.sql")).await?;
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(database)
        .fetch_one(&mut conn)
        .await?;
    if !exists {
        conn.execute(AssertSqlSafe(format!("CREATE DATABASE {database} OWNER hyvve_owner"))).await?;
    }
    conn.close().await?;
    let mut conn = PgConnection::connect_with(&options.database(database)).await?;
    conn.execute("ALTER SCHEMA public OWNER TO hyvve_owner").await?;
    conn.close().await
}
