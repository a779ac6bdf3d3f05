//! The service as a whole: rounds in the background, the API in front.

use std::{future::Future, sync::Arc, time::Duration};

use anyhow::Context as _;
use backon::{ExponentialBuilder, Retryable as _};
use chrono::Utc;
use tokio::{net::TcpListener, runtime::Builder, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    airtable::{self, Client},
    api,
    config::Config,
    media::{self, Library},
    reference::Reference,
    sync::{
        engine::Engine,
        jobs::{Jobs, Schedule},
        live::Live,
    },
};

/// A service that is ready to run.
pub(super) struct Service {
    engine: Arc<Engine>,
    schedule: Schedule,
    api: api::State,
}

impl Service {
    pub(super) fn new(config: &Config, airtable: airtable::Settings) -> anyhow::Result<Self> {
        let reference = Reference::embedded().context("the embedded reference data")?;
        let client = Client::new(airtable)?;
        let live = Arc::new(Live::default());
        let engine = Engine::new(client, config.engine(), reference, Arc::clone(&live), Utc::now);
        let api = api::State {
            live,
            reference,
            media: Library::in_memory(media::Settings::default()),
            clock: Utc::now,
            settings: api::Settings {
                public_url: config.http.public_url.clone(),
                stale_after: config.schedule().longest_silence(),
                ..api::Settings::default()
            },
        };
        Ok(Self { engine: Arc::new(engine), schedule: config.schedule(), api })
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Serves until `shutdown`, then lets requests under way end.
    pub(super) async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let stopping = CancellationToken::new();
        let mut rounds = rounds_apart(self.engine, self.schedule, stopping.clone())?;
        let stop_with_us = stopping.drop_guard();
        tokio::select! {
            served = api::serve(listener, api::router(self.api), shutdown) => {
                served.context("the API")?;
                drop(stop_with_us);
                rounds.await?
            }
            // Without rounds the content would grow old in silence: better to be started anew.
            ended = &mut rounds => {
                ended.context("the rounds")??;
                anyhow::bail!("the rounds ended before the service")
            }
        }
    }
}

/// Runs the rounds on a thread of their own: building a large release takes none of the API's time,
/// and what one round frees is at hand for the next, which halves the memory that rounds add.
fn rounds_apart(
    engine: Arc<Engine>,
    schedule: Schedule,
    stopping: CancellationToken,
) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    let runtime = Builder::new_current_thread().enable_all().build().context("the rounds")?;
    let rounds = rounds(engine, schedule, stopping);
    Ok(tokio::task::spawn_blocking(move || runtime.block_on(rounds)))
}

/// A first round, tried again until one succeeds, then rounds on schedule.
async fn rounds(
    engine: Arc<Engine>,
    schedule: Schedule,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(5))
        .with_max_delay(Duration::from_secs(300))
        .with_jitter()
        .without_max_times();
    // What trying again can't help waits for the schedule.
    let first = (|| engine.sync_once()).retry(backoff).when(|error| !error.is_final());
    tokio::select! {
        // The engine tells of failures itself.
        _ = first => {}
        () = stopping.cancelled() => return Ok(()),
    }
    let jobs = Jobs::start(engine, &schedule).await.context("the schedule of rounds")?;
    stopping.cancelled().await;
    Ok(jobs.stop().await?)
}

/// Ends on Ctrl-C or SIGTERM.
pub(super) async fn shutdown_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
    tracing::info!("stopping");
}
