//! From settings to running services: the database, the keys, and what rules stand on.

use std::{
    error::Error,
    io,
    num::NonZero,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::{Context, Result, anyhow};
use hyvve_domain::{
    audit::anchor::Anchor,
    auth::{openid::Providers, password::Hasher, sessions::SessionCache},
    db::{self, Db, DbUrls},
    events::{Hub, bus::Bus},
    keys,
    limits::Limits,
    mail::{Mailer, SmtpSettings},
    outward::{self, Outward},
    seal::Sealer,
    services::{Services, Settings},
};
use hyvve_postgres::{Cluster, Options, Running};
use tokio::{sync::Semaphore, task::spawn_blocking};
use uuid::Uuid;

use crate::{
    config::{Config, Database, Key},
    secrets,
};

/// The embedded database's name.
const DATABASE: &str = "hyvve";
/// Where a server has its master keys from.
const KEYS: &str =
    "the master keys, from ENCRYPTION_KEY, ENCRYPTION_KEYS and secrets/encryption-key… in the data folder";
/// Passwords hashed at once, at most; each takes 19 MiB and a core.
const HASHES_AT_ONCE: usize = 8;

/// What was started, and the embedded database under it, which lives exactly as long.
pub struct Started {
    /// What every use case stands on.
    pub services: Services,
    /// How other nodes and consumers are told of events.
    pub(crate) bus: Bus,
    owner: Option<String>,
    cluster: Option<Cluster>,
}

impl Started {
    /// Lets queries be planned by what is there, where we may; without that they are only slower for a while.
    pub(crate) async fn plan_well(&self) {
        let Some(owner) = &self.owner else { return };
        match db::analyze(owner).await {
            Ok(tables) => tracing::debug!(tables, "statistics for the planner"),
            Err(error) => {
                tracing::warn!(error.message = %error, "tables could not be analysed; PostgreSQL will do so by itself");
            }
        }
    }

    /// Closes connections, then stops the embedded database.
    pub async fn stop(self) -> Result<()> {
        self.services.db.close().await;
        match self.cluster {
            Some(cluster) => spawn_blocking(move || cluster.stop()).await?.context("stopping the embedded PostgreSQL"),
            None => Ok(()),
        }
    }
}

/// Where the data is, ready to be connected to.
struct Place {
    urls: DbUrls,
    owner: Option<String>,
    encryption: Vec<(u32, Key)>,
    audit: Key,
    cluster: Option<Cluster>,
}

/// Connects, migrates where we may, and builds the services.
pub async fn services(config: Config) -> Result<Started> {
    let Config { data_dir, database, redis_url, smtp, rules, .. } = config;
    let place = place(&data_dir, database).await?;
    if let Some(owner) = &place.owner {
        migrate_as(owner).await?;
    }
    Box::pin(build(place, &data_dir, redis_url, smtp, rules)).await
}

/// The same for a command, which counts nothing. Where a server runs on the embedded database, the command works beside it, on
/// that one.
pub async fn services_beside(config: Config) -> Result<Started> {
    let config = Config { redis_url: None, ..config };
    let Database::Embedded { max_connections } = config.database else { return services(config).await };
    let Some(running) = Running::find(&postgres_in(&config.data_dir)) else { return services(config).await };
    let place = Place::embedded(&config.data_dir, max_connections, |role| running.url(role, DATABASE))?;
    Box::pin(build(place, &config.data_dir, None, config.smtp, config.rules)).await
}

async fn build(
    place: Place,
    data_dir: &Path,
    redis_url: Option<String>,
    smtp: Option<SmtpSettings>,
    rules: Settings,
) -> Result<Started> {
    let Place { urls, owner, encryption, audit, cluster } = place;
    let hub = Arc::new(Hub::default());
    let http = Outward::new(rules.allowed_hosts.clone())?;
    let keys = encryption.iter().map(|(id, key)| (*id, key.expose()));
    let sealer = Arc::new(Sealer::new(keys).context("ENCRYPTION_KEY is not a key")?);
    learn(&sealer, data_dir)?;
    let unusable = |why: String| {
        anyhow!("Redis cannot be used: {why}. Is it running, no replica and no cluster, and is REDIS_URL right?")
    };
    let bus = Bus::new(&urls.system, redis_url.as_deref()).map_err(unusable)?;
    let limits = match redis_url {
        None => Limits::alone(rules.limits, Arc::clone(&sealer)),
        Some(url) => Limits::shared(rules.limits, Arc::clone(&sealer), &url).await.map_err(unusable)?,
    };
    let services = Services {
        db: Db::connect(&urls, Arc::clone(&hub)).await.map_err(|e| unreachable(&e))?,
        hub,
        sealer,
        anchor: Arc::new(
            Anchor::open(&data_dir.join("audit-heads.jsonl"), audit.expose())
                .map_err(|e| anyhow!("the anchored audit heads: {e}"))?,
        ),
        passwords: Arc::new(Hasher::new(thread::available_parallelism().map_or(1, NonZero::get).min(HASHES_AT_ONCE))?),
        limits: Arc::new(limits),
        familiar: Arc::default(),
        sessions: Arc::new(SessionCache::default()),
        signing_keys: Arc::default(),
        memberships: Arc::default(),
        api_keys: Arc::default(),
        resolved: Arc::default(),
        turnstiles: Arc::default(),
        openid: Arc::new(Providers::new(&rules.openid, &outward::unguarded()?)),
        http,
        mailer: Arc::new(Mailer::new(smtp.as_ref(), rules.mail_folder.clone()).map_err(|e| anyhow!(e))?),
        driving: Arc::new(Semaphore::new(rules.max_runs)),
        settings: Arc::new(rules),
        node: Uuid::now_v7(),
    };
    keys::settle(&services, false).await.context(KEYS)?;
    Ok(Started { services, bus, owner, cluster })
}

/// Tells a sealer of the keys that stand in the data folder.
pub(crate) fn learn(sealer: &Sealer, data_dir: &Path) -> Result<()> {
    let further = secrets::further_keys(data_dir)?;
    sealer.learn(further.iter().map(|(id, key)| (*id, key.expose()))).context(KEYS)
}

/// Migrates, and nothing else: `hyvve migrate`.
pub async fn migrate(config: Config) -> Result<()> {
    let Place { owner, cluster, .. } = place(&config.data_dir, config.database).await?;
    let owner = owner.context("DATABASE_DIRECT_URL is missing: migrations run as the owner of the schema")?;
    migrate_as(&owner).await?;
    match cluster {
        Some(cluster) => spawn_blocking(move || cluster.stop()).await?.context("stopping the embedded PostgreSQL"),
        None => Ok(()),
    }
}

async fn place(data_dir: &Path, database: Database) -> Result<Place> {
    match database {
        Database::Given { urls, owner, encryption, audit } => {
            Ok(Place { urls, owner, encryption, audit, cluster: None })
        }
        Database::Embedded { max_connections } => embedded(data_dir, max_connections).await,
    }
}

/// Starts a PostgreSQL of our own.
async fn embedded(data_dir: &Path, max_connections: u32) -> Result<Place> {
    let options = Options::kept(postgres_in(data_dir));
    let cluster =
        spawn_blocking(move || Cluster::start(&options)).await?.context("starting the embedded PostgreSQL")?;
    db::bootstrap(&cluster.superuser_url("postgres"), DATABASE).await.context("making the database")?;
    let place = Place::embedded(data_dir, max_connections, |role| cluster.url(role, DATABASE))?;
    Ok(Place { cluster: Some(cluster), ..place })
}

fn postgres_in(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

impl Place {
    /// Its roles need no password: the kernel vouches for us.
    fn embedded(data_dir: &Path, max_connections: u32, url: impl Fn(&str) -> String) -> Result<Self> {
        Ok(Self {
            urls: DbUrls { app: url("hyvve_app"), system: url("hyvve_system"), max_connections },
            owner: Some(url("hyvve_owner")),
            encryption: vec![(1, secrets::keep(data_dir, "encryption-key")?)],
            audit: secrets::keep(data_dir, "audit-key")?,
            cluster: None,
        })
    }
}

async fn migrate_as(owner: &str) -> Result<()> {
    let Err(error) = db::migrate(owner).await else { return Ok(()) };
    if is_unreachable(&error) {
        Err(unreachable(&error))
    } else {
        Err(error).context("bringing the database's schema up to date")
    }
}

fn is_unreachable(error: &(dyn Error + 'static)) -> bool {
    anyhow::Chain::new(error).any(<dyn Error>::is::<io::Error>)
}

/// The cause's own words name no address, and so no password in one.
fn unreachable(cause: &dyn Error) -> anyhow::Error {
    anyhow!("PostgreSQL cannot be reached: {cause}. Is it running, and are the DATABASE_… variables right?")
}
