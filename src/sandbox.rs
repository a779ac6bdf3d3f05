//! An Airtable-compatible server, for trying, testing and offline work.
//!
//! It speaks Airtable's protocol well enough that clients written for Airtable can't tell, limits
//! and faults included. It knows nothing of Locadocs: what it serves is a [`seed::BaseSeed`].
//! `src/sandbox/README.md` says how to run it and what is left out.

pub mod attachment;
pub mod base;
pub mod calls;
pub mod cell;
pub mod comments;
mod computed;
pub mod config;
pub mod demo;
pub mod edit;
pub mod error;
pub mod faults;
mod fetch;
pub mod formula;
mod handle;
mod http;
pub mod ids;
pub mod limits;
pub mod list;
mod net;
pub mod persist;
pub mod schema;
pub mod seed;
mod state;
pub mod webhook;

use std::{io, path::PathBuf, sync::Arc};

use axum::{ServiceExt, extract::Request};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::DropGuard;
use url::Url;

use calls::CallLog;
use config::Config;
use faults::Faults;
use net::{Cutter, Listener};
use persist::DataError;
use seed::{BaseSeed, Lookup, SeedError};
use state::{Shared, World};

/// A running sandbox. It ends when it is stopped or dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    server: JoinHandle<io::Result<()>>,
    keeper: Option<JoinHandle<()>>,
    _stop: DropGuard,
}

/// Why a sandbox can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address can't be listened on.
    #[error("the sandbox can't listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The data file can't be used. It was not touched.
    #[error("the data file {path} can't be used")]
    Data {
        /// The file.
        path: PathBuf,
        /// Why.
        source: DataError,
    },
    /// A base to start with is not right.
    #[error("the base {base} can't be loaded")]
    Seed {
        /// Its id.
        base: String,
        /// Why.
        source: SeedError,
    },
    /// The client for pings and attachments can't be made.
    #[error("the HTTP client can't be made")]
    Client(#[from] reqwest::Error),
}

impl Sandbox {
    /// Starts a sandbox with these bases; those that the data file holds are taken from there.
    /// Attachments of the seeds must hold their content; see
    /// [`Sandbox::start_with_files`].
    ///
    /// # Errors
    /// When a seed is not right or the address can't be listened on.
    pub async fn start(config: Config, seeds: &[BaseSeed]) -> Result<Self, StartError> {
        Self::start_with_files(config, seeds, &|_| None).await
    }

    /// Starts a sandbox; `lookup` finds the files that attachments of the seeds name.
    ///
    /// # Errors
    /// When a seed is not right or the address can't be listened on.
    pub async fn start_with_files(
        config: Config,
        seeds: &[BaseSeed],
        lookup: Lookup<'_>,
    ) -> Result<Self, StartError> {
        let mut world = World::default();
        let now = config.clock.now();
        let kept = match &config.data {
            Some(path) => persist::read(path)
                .map_err(|source| StartError::Data { path: path.clone(), source })?
                .unwrap_or_default(),
            None => Vec::new(),
        };
        let is_new = |seed: &&BaseSeed| !kept.iter().any(|kept| kept.id == seed.id);
        for seed in kept.iter().chain(seeds.iter().filter(is_new)) {
            let base = seed::load(seed, &mut world.files, lookup, now)
                .map_err(|source| StartError::Seed { base: seed.id.clone(), source })?;
            world.bases.insert(base.id.clone(), base);
        }
        let failed = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let mut root = Url::parse("http://127.0.0.1/").map_err(|e| failed(io::Error::other(e)))?;
        let host = if address.ip().is_unspecified() { [127, 0, 0, 1].into() } else { address.ip() };
        // Both setters accept every address and port of an http URL.
        let _ = root.set_ip_host(host);
        let _ = root.set_port(Some(address.port()));
        let shared = Arc::new(Shared::new(config, root, world, net::client()?));
        let service = http::service(shared.clone());
        let stop = shared.shutdown.clone();
        let server = tokio::spawn(
            axum::serve(
                Listener(listener),
                ServiceExt::<Request>::into_make_service_with_connect_info::<Cutter>(service),
            )
            .with_graceful_shutdown(stop.cancelled_owned())
            .into_future(),
        );
        let keeper = shared.config.data.clone().map(|path| {
            shared.changed.notify_one();
            tokio::spawn(persist::keep(shared.clone(), path))
        });
        let stop = shared.shutdown.clone().drop_guard();
        Ok(Self { shared, server, keeper, _stop: stop })
    }

    /// Ends the sandbox: saves, closes idle connections, breaks off what hangs.
    pub async fn stop(self) {
        /// How long calls under way may take.
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
        let Self { shared, mut server, keeper, _stop } = self;
        shared.shutdown.cancel();
        if tokio::time::timeout(PATIENCE, &mut server).await.is_err() {
            server.abort();
        }
        if let Some(Err(error)) = futures::future::OptionFuture::from(keeper).await {
            tracing::error!(%error, "the sandbox's last save was broken off");
        }
    }

    /// Address of the sandbox; the API is below `v0/`.
    pub fn url(&self) -> &Url {
        &self.shared.root
    }

    /// The faults at work.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The calls that came in.
    pub fn calls(&self) -> &CallLog {
        &self.shared.calls
    }
}
