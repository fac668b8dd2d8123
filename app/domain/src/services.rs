//! What every use case stands on: the database, keys, the network, and the settings that rules depend on.

use std::{path::PathBuf, sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{
    api_keys::{By, Presented},
    audit::anchor::Anchor,
    auth::{
        access_tokens::keys::KeyRing,
        familiar::Familiar,
        openid::{Providers, Registration},
        password::Hasher,
        sessions::SessionCache,
    },
    db::Db,
    events::Hub,
    ids::{ProviderId, UserId, WorkspaceId},
    jobs::Operators,
    lately::Lately,
    limits::{Limits, Rates},
    mail::Mailer,
    outward::{AllowedHosts, Outward},
    providers::{Turnstiles, route::Route},
    seal::Sealer,
    workspaces::service::Standing,
};

/// Settings that rules depend on; the server reads them from its configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a decision in the browser can be taken back before its effect starts.
    pub undo: Duration,
    /// How long something waits for a decision before those who decide get a letter; `None`: they get none.
    pub remind_after: Option<Duration>,
    /// How long a node may go without renewing a lease before another takes its work over.
    pub lease: Duration,
    /// How long a provider may send nothing before the run ends as an error.
    pub stall: Duration,
    /// Pause between two pieces of the sandbox's text.
    pub sandbox_pace: Duration,
    /// How many runs this node drives at once.
    pub max_runs: usize,
    /// New workspaces get sample customers and invoices.
    pub sample_data: bool,
    /// Anyone may sign up.
    pub sign_up: bool,
    /// An account can be used once its address is proved.
    pub verify_email: bool,
    /// Who else may say who somebody is.
    pub openid: Vec<Registration>,
    /// The session cookie is only sent over https.
    pub secure_cookies: bool,
    /// How people reach this server, without a slash at the end: links in letters begin with it.
    pub public_url: String,
    /// How long an access token lasts.
    pub access_token: Duration,
    /// How long a key signs access tokens before the next one does.
    pub signing_key: Duration,
    /// For how long a key is published before it signs.
    pub signing_lead: Duration,
    /// Where sent mail is also written as `.eml` files.
    pub mail_folder: Option<PathBuf>,
    /// Private hosts, and hosts without https, that workspaces may reach.
    pub allowed_hosts: AllowedHosts,
    /// Who runs the installation.
    pub operators: Operators,
    /// How often is too often.
    pub limits: Rates,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            undo: Duration::from_secs(6),
            remind_after: Some(Duration::from_mins(10)),
            lease: Duration::from_secs(15),
            stall: Duration::from_mins(1),
            sandbox_pace: Duration::from_millis(12),
            max_runs: 1024,
            sample_data: false,
            sign_up: true,
            verify_email: false,
            openid: Vec::new(),
            secure_cookies: true,
            public_url: "http://localhost:3000".to_owned(),
            access_token: Duration::from_mins(10),
            signing_key: Duration::from_hours(30 * 24),
            signing_lead: Duration::from_mins(15),
            mail_folder: None,
            allowed_hosts: AllowedHosts::default(),
            operators: Operators::default(),
            limits: Rates::default(),
        }
    }
}

/// Whom agents ask, by their workspace and their own provider.
pub type Routes = Lately<(WorkspaceId, Option<ProviderId>), Arc<Route>>;

/// Everything that a use case needs; cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// Wake-ups and the fast path of run events.
    pub hub: Arc<Hub>,
    /// Seals what is secret at rest.
    pub sealer: Arc<Sealer>,
    /// Signs audit heads and keeps them outside the database.
    pub anchor: Arc<Anchor>,
    /// Hashes passwords, a bounded number at once.
    pub passwords: Arc<Hasher>,
    /// Counts who comes too often.
    pub limits: Arc<Limits>,
    /// Sessions and keys that were good before.
    pub familiar: Arc<Familiar>,
    /// Sessions seen lately.
    pub sessions: Arc<SessionCache>,
    /// The keys that sign access tokens.
    pub signing_keys: Arc<KeyRing>,
    /// API keys seen lately.
    pub api_keys: Arc<Lately<By, Presented>>,
    /// How members seen lately stand in their workspaces.
    pub memberships: Arc<Lately<(UserId, WorkspaceId), Standing>>,
    /// Providers that runs were driven on lately, with their keys opened. `None` asked for the workspace's default.
    pub resolved: Arc<Routes>,
    /// Let calls of models pass as their keys allow.
    pub turnstiles: Arc<Turnstiles>,
    /// Asks others on a workspace's behalf, where they may be asked.
    pub http: Outward,
    /// Who else says who somebody is.
    pub openid: Arc<Providers>,
    /// Sends mail, or keeps it for the mailbox page.
    pub mailer: Arc<Mailer>,
    /// Rules' settings.
    pub settings: Arc<Settings>,
    /// How many more runs this node may drive at once.
    pub driving: Arc<tokio::sync::Semaphore>,
    /// This process, among the nodes of one installation.
    pub node: Uuid,
}
