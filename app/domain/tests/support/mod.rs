//! A real database with everything that a use case stands on, and no worker: nothing happens that the test does not do.

use std::{env, path::PathBuf, sync::Arc};

use hyvve_domain::{
    Actor, Role,
    audit::anchor::Anchor,
    auth::{self, Password, password::Hasher},
    db::{self, Db, DbUrls},
    events::Hub,
    limits::{Limits, Rates},
    mail::Mailer,
    outward::Outward,
    seal::Sealer,
    services::{Services, Settings},
    workspaces,
};
use hyvve_postgres::{Cluster, Options};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

const DATABASE: &str = "hyvve_domain";

/// The owner's password.
pub(crate) const PASSWORD: &str = "correct horse";

/// A database, services on it, and a workspace with its owner, `ada@example.com`.
pub(crate) struct World {
    cluster: Cluster,
    pub(crate) services: Services,
    pub(crate) folder: PathBuf,
    pub(crate) owner: Actor,
}

impl World {
    pub(crate) async fn new() -> Self {
        let cluster = Cluster::start(&Options::throw_away()).unwrap();
        db::bootstrap(&cluster.superuser_url("postgres"), DATABASE).await.unwrap();
        db::migrate(&cluster.url("hyvve_owner", DATABASE)).await.unwrap();
        let urls = DbUrls {
            app: cluster.url("hyvve_app", DATABASE),
            system: cluster.url("hyvve_system", DATABASE),
            max_connections: 4,
        };
        let folder = env::temp_dir().join(format!("hyvve-domain-{}", Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        let hub = Arc::new(Hub::default());
        let sealer = Arc::new(Sealer::new([(1, [7; 32].as_slice())]).unwrap());
        // Tests have no time to come too rarely.
        let rates = Rates { ai_providers: "1000000/1s".parse().unwrap(), ..Rates::default() };
        let services = Services {
            db: Db::connect(&urls, Arc::clone(&hub)).await.unwrap(),
            hub,
            limits: Arc::new(Limits::alone(rates, Arc::clone(&sealer))),
            sealer,
            anchor: Arc::new(Anchor::open(&folder.join("heads"), &[9; 32]).unwrap()),
            passwords: Arc::new(Hasher::new(1).unwrap()),
            familiar: Arc::default(),
            sessions: Arc::default(),
            api_keys: Arc::default(),
            signing_keys: Arc::default(),
            memberships: Arc::default(),
            resolved: Arc::default(),
            turnstiles: Arc::default(),
            openid: Arc::default(),
            http: Outward::new("127.0.0.1, localhost".parse().unwrap()).unwrap(),
            mailer: Arc::new(Mailer::new(None, None).unwrap()),
            driving: Arc::new(tokio::sync::Semaphore::new(1)),
            settings: Arc::new(Settings::default()),
            node: Uuid::now_v7(),
        };
        let owner = member_of_a_new_workspace(&services, "ada@example.com").await;
        Self { cluster, services, folder, owner }
    }

    /// A connection as the superuser, who is bound by nothing.
    pub(crate) async fn root(&self) -> PgConnection {
        self.connect("postgres").await
    }

    /// A connection as one of the roles.
    pub(crate) async fn connect(&self, role: &str) -> PgConnection {
        PgConnection::connect(&self.url(role)).await.unwrap()
    }

    /// Where one of the roles connects to.
    pub(crate) fn url(&self, role: &str) -> String {
        self.cluster.url(role, DATABASE)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The owner of a workspace that nobody else is in.
pub(crate) async fn member_of_a_new_workspace(s: &Services, email: &str) -> Actor {
    let user = auth::service::create_account(s, "Ada Lovelace", email, &Password(PASSWORD.into())).await.unwrap();
    let workspace = workspaces::service::create_first(s, &user).await.unwrap();
    Actor::user(workspace.id, user.id, Role::Owner)
}
