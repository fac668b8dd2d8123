//! One PostgreSQL for all tests, thrown away afterwards; a database of its own for each.

use std::{collections::BTreeMap, env, path::Path, sync::LazyLock};

use hyvve_domain::db;
use hyvve_postgres::{Cluster, Options};
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// Names a running PostgreSQL to use instead, as its superuser.
const OTHER: &str = "HYVVE_TEST_DATABASE_SUPERUSER_URL";

/// Ends with the process that runs the tests: its watchdog sees to that.
static SHARED: LazyLock<Option<Cluster>> = LazyLock::new(|| match env::var_os(OTHER) {
    Some(_) => None,
    None => Some(Cluster::start(&Options::throw_away()).expect("a PostgreSQL for the tests")),
});

/// Tests have no time to come too rarely. Those of the limits themselves set what HYVVE ships with.
const LIMITS: [&str; 9] = [
    "SIGN_IN",
    "SIGN_IN_NETWORK",
    "SIGN_UP",
    "FORGOT_PASSWORD",
    "LINKS",
    "API",
    "AI_PROVIDERS",
    "MENTIONS",
    "INVITATIONS",
];

/// A fresh database: where it is, by role.
pub(crate) struct Database {
    app: String,
    system: String,
    owner: String,
}

impl Database {
    /// In the shared cluster.
    pub(crate) async fn make() -> Self {
        spawn_blocking(|| LazyLock::force(&SHARED)).await.expect("a cluster");
        Self::with(&shared).await
    }

    /// In a cluster of the test's own.
    pub(crate) async fn make_in(cluster: &Cluster) -> Self {
        Self::with(&|role, database| cluster.url(role, database)).await
    }

    /// Settings of a server on it, by name.
    pub(crate) fn environment(self, data: &Path) -> BTreeMap<String, String> {
        let key = |digit: &str| digit.repeat(64);
        [
            ("DATABASE_URL", self.app),
            ("DATABASE_SYSTEM_URL", self.system),
            ("DATABASE_DIRECT_URL", self.owner),
            ("ENCRYPTION_KEY", key("a")),
            ("HYVVE_AUDIT_KEY", key("b")),
            ("HYVVE_ADDRESS", "127.0.0.1:0".to_owned()),
            ("HYVVE_DATA_DIR", data.display().to_string()),
            ("HYVVE_MAX_CONNECTIONS", "16".to_owned()),
            // Providers of tests are on this machine.
            ("HYVVE_ALLOWED_HOSTS", "127.0.0.1".to_owned()),
            ("HYVVE_SAMPLE_DATA", "true".to_owned()),
            ("HYVVE_SANDBOX_PACE_MS", "0".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .chain(LIMITS.map(|door| (format!("HYVVE_LIMIT_{door}"), "1000000/1s".to_owned())))
        .collect()
    }

    async fn with(url: &impl Fn(&str, &str) -> String) -> Self {
        let name = format!("it_{}", Uuid::now_v7().simple());
        db::bootstrap(&url("postgres", "postgres"), &name).await.expect("a database of its own");
        let [app, system, owner] = ["hyvve_app", "hyvve_system", "hyvve_owner"].map(|role| url(role, &name));
        Self { app, system, owner }
    }
}

/// The database of this address, as its superuser.
pub(crate) fn superuser(url: &str) -> String {
    let (place, _) = url.split_once('?').unwrap_or((url, ""));
    shared("postgres", place.rsplit('/').next().expect("a database in the URL"))
}

fn shared(role: &str, database: &str) -> String {
    if let Some(cluster) = SHARED.as_ref() {
        return cluster.url(role, database);
    }
    let other = env::var(OTHER).expect("a URL");
    let (_, rest) = other.split_once('@').expect("user@host in the URL");
    let (place, _) = rest.split_once('/').expect("a database in the URL");
    format!("postgres://{role}@{place}/{database}")
}
