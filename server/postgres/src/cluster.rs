//! A running cluster: started, connected to, stopped.

use std::fs;
use std::path::PathBuf;
use std::process::Child;

use crate::home::Home;
use crate::watchdog::Watchdog;
use crate::{Binaries, Error, Options, access, initdb, launch, postmaster, socket};

/// The cluster's superuser: makes roles and databases, serves nothing.
pub const SUPERUSER: &str = "postgres";

/// A running PostgreSQL of our own. It stops when this is dropped, and when this process ends in any way.
#[derive(Debug)]
pub struct Cluster {
    home: Home,
    binaries: Binaries,
    socket: PathBuf,
    server: Child,
    watchdog: Option<Watchdog>,
}

impl Cluster {
    /// Starts PostgreSQL, making the cluster first when there is none, and returns when it accepts connections.
    ///
    /// Blocks for about a second the first time, a fifth of that later: async callers use a blocking thread.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let home = Home::open(&options.place)?;
        postmaster::stop_leftover(&home.data())?;
        let binaries = match &options.binaries {
            Some(binaries) => binaries.clone(),
            None => choose(&home)?,
        };
        initdb::ensure(&home, &binaries)?;
        access::write(&home.directory, &home.account.caller, options)?;
        let socket = socket::make(&home)?;
        let server = launch::launch(&home, &binaries, &socket)?;
        let mut cluster = Self { home, binaries, socket, server, watchdog: None };
        cluster.watch()?;
        Ok(cluster)
    }

    /// A URL that connects to `database` as `role`, which must be the superuser or one of [`Options::roles`].
    pub fn url(&self, role: &str, database: &str) -> String {
        socket::url(&self.socket, role, database)
    }

    /// A URL that connects as the superuser. `postgres` is the database that always exists.
    pub fn superuser_url(&self, database: &str) -> String {
        self.url(SUPERUSER, database)
    }

    /// The programs that it was started with.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The process id of PostgreSQL's main process.
    pub fn pid(&self) -> u32 {
        self.server.id()
    }

    /// What PostgreSQL logs.
    pub fn log(&self) -> PathBuf {
        self.home.log()
    }

    /// Stops and starts it again, at the same URLs; also after the server itself died.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.end()?;
        self.server = launch::launch(&self.home, &self.binaries, &self.socket)?;
        self.watch()
    }

    /// Shuts down: connections are closed, open transactions rolled back.
    pub fn stop(mut self) -> Result<(), Error> {
        self.end()
    }

    fn watch(&mut self) -> Result<(), Error> {
        let Home { account, throw_away, .. } = &self.home;
        self.watchdog = Some(Watchdog::start(account, self.server.id(), &self.home.data(), *throw_away)?);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let server = &mut self.server;
        if !launch::is_over(server) {
            postmaster::stop(server.id().cast_signed(), self.home.throw_away, || launch::is_over(server))?;
        }
        self.watchdog = None;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.end());
        socket::remove(&self.socket, &self.home);
        if self.home.throw_away {
            drop(fs::remove_dir_all(&self.home.directory));
        }
    }
}

/// Binaries that can run this cluster: of the version that wrote its data, else the newest.
fn choose(home: &Home) -> Result<Binaries, Error> {
    let major = initdb::major(&home.data());
    let found = Binaries::find(major, &home.account);
    #[cfg(feature = "download")]
    if matches!(found, Err(Error::NotInstalled { .. })) {
        return crate::download::install(major, &home.account);
    }
    found
}
