//! The settings of a running server, read once at the start: from the environment, else from `Leptos.toml`, else defaults.
//!
//! With no settings at all HYVVE runs embedded: its own PostgreSQL, generated secrets, a demo workspace, on loopback.
//! With `DATABASE_URL` it is production: nothing is generated, and a missing secret stops the start.

mod address;
mod keys;
mod openid;
mod origins;
mod proxies;
mod source;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, env, fs, io, net::SocketAddr, path::PathBuf, time::Duration};

use hyvve_domain::{
    auth::access_tokens::jws::LIFETIME_MAX, crash, db::DbUrls, jobs::Operators, limits::Rates, mail::SmtpSettings,
    services::Settings,
};

pub(crate) use self::address::{host_of, is_loopback};
use self::source::Source;
pub use self::{address::PublicUrl, keys::Key, origins::Origins, proxies::TrustedProxies};
use crate::demo;
pub use crate::telemetry::{Format, Logs, Traces};

/// The variable that names the settings file.
const FILE: &str = "HYVVE_CONFIG";
/// The settings file where none is named.
const DEFAULT_FILE: &str = "Leptos.toml";

/// A setting that cannot be used: which one, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{name}: {why}")]
pub struct Error {
    name: String,
    why: String,
}

impl Error {
    fn new(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), why: why.into() }
    }
}

/// Everything that can be set.
pub struct Config {
    /// Where the server listens.
    pub address: SocketAddr,
    /// How browsers reach it, where that is not the address itself: behind a proxy that speaks https.
    pub public_url: Option<PublicUrl>,
    /// Whose word on where a request comes from is taken.
    pub trusted_proxies: TrustedProxies,
    /// Which other sites' pages may call AgentOS's addresses.
    pub agentos_origins: Origins,
    /// What HYVVE keeps on this machine: anchored audit heads; embedded, also the database and the secrets.
    pub data_dir: PathBuf,
    /// Where the data is.
    pub database: Database,
    /// Where several nodes count together; without, a node counts by itself.
    pub redis_url: Option<String>,
    /// How mail leaves; without, it stays on the mailbox page.
    pub smtp: Option<SmtpSettings>,
    /// The demo workspace and its account.
    pub demo: bool,
    /// What the log says, and how.
    pub logs: Logs,
    /// Where the spans of model calls go; without, nowhere.
    pub traces: Option<Traces>,
    /// The browser's side.
    pub site: Site,
    /// Settings that rules depend on.
    pub rules: Settings,
    /// Tests only: the point at which the process kills itself, and at which visit.
    pub crash_at: Option<(String, u32)>,
}

/// Where the data is, and what its secrets are sealed and signed with.
pub enum Database {
    /// A PostgreSQL of our own in the data folder, with generated secrets beside it.
    Embedded {
        /// Connections of the serving pool.
        max_connections: u32,
    },
    /// One that somebody runs for us.
    Given {
        /// Where, for serving.
        urls: DbUrls,
        /// Where, as the owner, for migrations; `None`: somebody else migrates.
        owner: Option<String>,
        /// Master keys with their numbers. The first one seals in a new database.
        encryption: Vec<(u32, Key)>,
        /// The key that signs audit heads.
        audit: Key,
    },
}

/// Where the browser's side was built to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// What is served.
    pub root: String,
    /// The list of hashes in file names.
    pub hashes: String,
}

impl Config {
    /// Reads the environment and the settings file.
    pub fn load() -> Result<Self, Error> {
        let environment: BTreeMap<_, _> = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .collect();
        let named = environment.get(FILE).filter(|path| !path.is_empty());
        let path = named.map_or(DEFAULT_FILE, String::as_str);
        let file = match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(e) if e.kind() == io::ErrorKind::NotFound && named.is_none() => None,
            Err(e) => {
                return Err(Error::new(if named.is_some() { FILE } else { DEFAULT_FILE }, format!("{path}: {e}")));
            }
        };
        Self::read(environment, file.as_deref())
    }

    /// Whether others than this machine may reach the server. One behind a proxy listens on this machine as well.
    pub fn is_reached(&self) -> bool {
        !self.address.ip().is_loopback()
            || self.public_url.as_ref().is_some_and(|url| !url.is_loopback())
            || self.trusted_proxies != TrustedProxies::default()
    }

    /// The settings in an environment and in the text of a settings file.
    pub fn read(environment: BTreeMap<String, String>, file: Option<&str>) -> Result<Self, Error> {
        let mut from = Source::new(environment, file)?;
        let config = Self::of(&mut from)?;
        from.finish()?;
        Ok(config)
    }

    fn of(from: &mut Source) -> Result<Self, Error> {
        from.get::<String>("config", &[])?;
        let address = from.get("address", &[])?.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000)));
        let public_url: Option<PublicUrl> = from.get("public_url", &[])?;
        let trusted_proxies: TrustedProxies = from.get("trusted_proxies", &[])?.unwrap_or_default();
        let data_dir: PathBuf = from.get("data_dir", &[])?.unwrap_or_else(|| ".hyvve".into());
        let database = database(from)?;
        let embedded = matches!(database, Database::Embedded { .. });
        let demo = demo(from, embedded, address, public_url.as_ref(), &trusted_proxies)?;
        let smtp = smtp(from)?;
        let operators = operators(from, demo)?;
        let rules = rules(from, embedded, operators, address, public_url.as_ref())?;
        if rules.signing_lead >= rules.signing_key {
            return Err(Error::new("signing_lead_seconds", "a key is published for less time than another one signs"));
        }
        if rules.verify_email && smtp.is_none() && rules.mail_folder.is_none() {
            let why = "without mail nobody could prove an address; set SMTP_URL and SMTP_FROM, or verify_email = false";
            return Err(Error::new("verify_email", why));
        }
        if !rules.openid.is_empty() && public_url.is_none() && !address.ip().is_loopback() {
            let why = "missing: providers send browsers back to it, and have to know it beforehand";
            return Err(Error::new("public_url", why));
        }
        Ok(Self {
            address,
            trusted_proxies,
            agentos_origins: from.get("agentos_origins", &[])?.unwrap_or_default(),
            redis_url: redis(from)?,
            demo,
            smtp,
            logs: logs(from)?,
            traces: traces(from)?,
            site: site(from)?,
            rules,
            crash_at: crash_at(from)?,
            public_url,
            data_dir,
            database,
        })
    }
}

fn database(from: &mut Source) -> Result<Database, Error> {
    let max_connections = from.number("max_connections", 2..=1000)?.unwrap_or(24) as u32;
    let app = from.secret(&["DATABASE_URL"])?;
    let system = from.secret(&["DATABASE_SYSTEM_URL"])?;
    let owner = from.secret(&["DATABASE_DIRECT_URL", "DIRECT_URL"])?;
    let encryption = keys::encryption(from)?;
    let audit = keys::audit(from)?;
    match (app, system, encryption, audit) {
        (None, None, None, None) if owner.is_none() => Ok(Database::Embedded { max_connections }),
        (Some(app), Some(system), Some(encryption), Some(audit)) => {
            Ok(Database::Given { urls: DbUrls { app, system, max_connections }, owner, encryption, audit })
        }
        (app, system, encryption, audit) => {
            let needed = [
                ("DATABASE_URL", app.is_none()),
                ("DATABASE_SYSTEM_URL", system.is_none()),
                ("ENCRYPTION_KEY", encryption.is_none()),
                ("HYVVE_AUDIT_KEY", audit.is_none()),
            ];
            let missing: Vec<_> = needed.into_iter().filter_map(|(name, missing)| missing.then_some(name)).collect();
            Err(Error::new(missing.join(", "), "missing; a database of your own needs all four, the embedded one none"))
        }
    }
}

/// Whether there is the demo. Everybody knows its password, and its account operates the server: so it is offered where nobody but
/// this machine comes. A server behind a proxy listens on this machine as well.
fn demo(
    from: &mut Source,
    embedded: bool,
    address: SocketAddr,
    public_url: Option<&PublicUrl>,
    trusted_proxies: &TrustedProxies,
) -> Result<bool, Error> {
    let elsewhere = public_url.filter(|url| !url.is_loopback());
    let is_ours_alone = elsewhere.is_none() && *trusted_proxies == TrustedProxies::default();
    let demo = from.get("demo", &[])?.unwrap_or(embedded && is_ours_alone);
    let place = elsewhere.map(ToString::to_string);
    match place.or_else(|| (!address.ip().is_loopback()).then(|| address.to_string())) {
        Some(place) if demo => {
            let why = format!("its password is known, so it cannot be offered on {place}; set demo = false");
            Err(Error::new("demo", why))
        }
        _ => Ok(demo),
    }
}

fn redis(from: &mut Source) -> Result<Option<String>, Error> {
    const NAME: &str = "REDIS_URL";
    let url = from.secret(&[NAME])?;
    if url.as_ref().is_some_and(|url| !["redis://", "rediss://"].iter().any(|scheme| url.starts_with(scheme))) {
        return Err(Error::new(NAME, "it should look like redis://user:password@host:6379, or rediss:// for TLS"));
    }
    Ok(url)
}

fn smtp(from: &mut Source) -> Result<Option<SmtpSettings>, Error> {
    let sender = from.get("smtp_from", &["SMTP_FROM"])?;
    match (from.secret(&["SMTP_URL"])?, sender) {
        (Some(url), Some(from)) => Ok(Some(SmtpSettings { url, from })),
        (Some(_), None) => {
            Err(Error::new("SMTP_FROM", "missing: mail needs a sender, for example HYVVE <hyvve@example.com>"))
        }
        (None, _) => Ok(None),
    }
}

fn logs(from: &mut Source) -> Result<Logs, Error> {
    let defaults = Logs::default();
    Ok(Logs {
        filter: from.get("log", &["RUST_LOG"])?.unwrap_or(defaults.filter),
        format: from.get("log_format", &[])?.unwrap_or(defaults.format),
    })
}

fn traces(from: &mut Source) -> Result<Option<Traces>, Error> {
    let collector = from.get("otlp_endpoint", &["OTEL_EXPORTER_OTLP_ENDPOINT"])?;
    let service = from.get("otlp_service", &["OTEL_SERVICE_NAME"])?.unwrap_or_else(|| "hyvve".to_owned());
    Ok(collector.map(|collector| Traces { collector, service }))
}

fn site(from: &mut Source) -> Result<Site, Error> {
    let root: String = from.get("site_root", &["LEPTOS_SITE_ROOT"])?.unwrap_or_else(|| "target/site".to_owned());
    let hashes = from.get("site_hashes", &["LEPTOS_HASH_FILE_NAME"])?.unwrap_or_else(|| format!("{root}.hashes"));
    Ok(Site { root, hashes })
}

fn rules(
    from: &mut Source,
    embedded: bool,
    operators: Operators,
    address: SocketAddr,
    public_url: Option<&PublicUrl>,
) -> Result<Settings, Error> {
    let defaults = Settings::default();
    let seconds = |n: Option<u64>, default: Duration| n.map_or(default, Duration::from_secs);
    Ok(Settings {
        undo: seconds(from.number("undo_seconds", 0..=600)?, defaults.undo),
        remind_after: match from.number("remind_seconds", 0..=604_800)? {
            None => defaults.remind_after,
            Some(0) => None,
            Some(n) => Some(Duration::from_secs(n)),
        },
        lease: seconds(from.number("lease_seconds", 1..=3600)?, defaults.lease),
        stall: seconds(from.number("stall_seconds", 1..=3600)?, defaults.stall),
        sandbox_pace: from.number("sandbox_pace_ms", 0..=1000)?.map_or(defaults.sandbox_pace, Duration::from_millis),
        max_runs: from.number("max_runs", 1..=100_000)?.map_or(defaults.max_runs, |n| n as usize),
        sample_data: from.get("sample_data", &[])?.unwrap_or(embedded),
        sign_up: from.get("sign_up", &[])?.unwrap_or(true),
        verify_email: from.get("verify_email", &[])?.unwrap_or(false),
        openid: openid::providers(from)?,
        secure_cookies: public_url.is_some_and(PublicUrl::is_https),
        public_url: public_url.map_or_else(|| format!("http://{address}"), ToString::to_string),
        access_token: seconds(from.number("access_token_seconds", 1..=LIFETIME_MAX)?, defaults.access_token),
        signing_key: seconds(from.number("signing_key_seconds", 1..=31_536_000)?, defaults.signing_key),
        signing_lead: seconds(from.number("signing_lead_seconds", 1..=86_400)?, defaults.signing_lead),
        mail_folder: from.get("mail_folder", &[])?,
        allowed_hosts: from.get("allowed_hosts", &[])?.unwrap_or_default(),
        operators,
        limits: limits(from)?,
    })
}

fn operators(from: &mut Source, demo: bool) -> Result<Operators, Error> {
    match from.get("operators", &[])? {
        Some(operators) => Ok(operators),
        // Whoever tries HYVVE out runs it.
        None if demo => demo::EMAIL.parse().map_err(|why| Error::new("operators", why)),
        None => Ok(Operators::default()),
    }
}

fn limits(from: &mut Source) -> Result<Rates, Error> {
    let defaults = Rates::default();
    let mut rate = |key, default| Ok(from.get(key, &[])?.unwrap_or(default));
    Ok(Rates {
        sign_in: rate("limit_sign_in", defaults.sign_in)?,
        sign_in_network: rate("limit_sign_in_network", defaults.sign_in_network)?,
        sign_up: rate("limit_sign_up", defaults.sign_up)?,
        forgot_password: rate("limit_forgot_password", defaults.forgot_password)?,
        links: rate("limit_links", defaults.links)?,
        api: rate("limit_api", defaults.api)?,
        ai_providers: rate("limit_ai_providers", defaults.ai_providers)?,
        mentions: rate("limit_mentions", defaults.mentions)?,
        invitations: rate("limit_invitations", defaults.invitations)?,
    })
}

/// `HYVVE_CRASH_AT=point` or `point:visit`.
fn crash_at(from: &mut Source) -> Result<Option<(String, u32)>, Error> {
    const NAME: &str = "HYVVE_CRASH_AT";
    let Some(text) = from.secret(&[NAME])? else { return Ok(None) };
    let (point, visit) = text.split_once(':').unwrap_or((&text, "1"));
    if !crash::POINTS.iter().chain(crash::BESIDE).any(|known| *known == point) {
        return Err(Error::new(NAME, format!("{point:?} is none of {}", crash::POINTS.join(", "))));
    }
    let visit = visit.parse().map_err(|_| Error::new(NAME, format!("{visit:?} is not a number")))?;
    Ok(Some((point.to_owned(), visit)))
}
