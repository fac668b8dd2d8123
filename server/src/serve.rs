//! `hyvve serve`: from settings to a server that answers, and back to nothing.

use std::{
    future::IntoFuture,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use axum::serve::ListenerExt;
use hyvve_domain::{Timestamp, audit, crash, events::bus, keys};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    demo, pages, router,
    startup::{self, Started},
    state::AppState,
    workers::{self, Workers},
};

/// How long requests and streams may take to end once the server is to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that is ready to answer.
pub struct Server {
    started: Started,
    listener: TcpListener,
    router: axum::Router,
    workers: Workers,
    stopping: CancellationToken,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts everything but answering.
    pub async fn start(config: Config) -> Result<Self> {
        let began = Instant::now();
        if let Some((point, visit)) = &config.crash_at {
            crash::arm(point, *visit);
        }
        let listener = listen(config.address).await?;
        let address = listener.local_addr().context("asking for our own address")?;
        let (leptos, public_url, demo) =
            (pages::options(&config.site, address), config.public_url.clone(), config.demo);
        let is_reached = config.is_reached();
        let data_dir = config.data_dir.clone();
        let trusted_proxies = Arc::new(config.trusted_proxies.clone());
        let agentos_origins = config.agentos_origins.clone();
        let started = startup::services(config).await?;
        // From here on nobody lets a master key seal that this server does not know.
        keys::settle(&started.services, true).await?;
        // Before anything happens that they are to hear of.
        bus::register(&started.services, &workers::consumer_names()).await?;
        if demo {
            demo::seed(&started.services).await?;
        } else if is_reached {
            demo::refuse_known(&started.services).await?;
        }
        started.plan_well().await;
        let stopping = CancellationToken::new();
        let (services, since) = (started.services.clone(), Timestamp::now());
        let is_local = address.ip().is_loopback();
        let stop = stopping.clone();
        let state = AppState { services, leptos, public_url, is_local, trusted_proxies, stopping: stop, since };
        let router = router::router(state, &agentos_origins);
        let workers = Workers::start(&started.services, &started.bus, data_dir);
        tracing::info!(ms = began.elapsed().as_millis() as u64, %address, "ready");
        Ok(Self { started, listener, router, workers, stopping, address })
    }

    /// Answers until `stop` ends; then lets requests finish, ends streams, stops workers, anchors the audit heads, and
    /// closes the database.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let Self { started, listener, router, workers, stopping, .. } = self;
        let told = stopping.clone();
        tokio::spawn(async move {
            stop.await;
            told.cancel();
        });
        // A stream's small frames are not to wait for each other.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let mut serving =
            axum::serve(listener, service).with_graceful_shutdown(stopping.clone().cancelled_owned()).into_future();
        let served = tokio::select! {
            served = &mut serving => served,
            () = stopping.cancelled() => timeout(PATIENCE, serving).await.unwrap_or_else(|_| {
                tracing::warn!("some requests did not end in time; leaving them");
                Ok(())
            }),
        };
        workers.stop().await;
        // What the last second brought is not to wait for the next start.
        if let Err(error) = audit::anchor::anchor_now(&started.services).await {
            tracing::warn!(error.message = %error, "the newest audit entries are anchored at the next start");
        }
        if let Err(error) = keys::leave(&started.services).await {
            tracing::warn!(error.message = %error, "whoever rotates the master key waits a while for this server");
        }
        started.stop().await?;
        served.context("serving")
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("{address} is taken by another program: stop that one, or set HYVVE_ADDRESS to another address")
        }
        Err(e) => Err(e).with_context(|| format!("listening on {address}")),
    }
}
