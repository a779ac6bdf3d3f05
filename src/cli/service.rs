//! The service as a whole: rounds in the background, the API in front.

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use backon::{ExponentialBuilder, Retryable as _};
use chrono::Utc;
use tokio::{net::TcpListener, runtime::Builder, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::token;
use crate::{
    airtable::{self, Client, download::Downloader, gate::Gate},
    api::{self, metrics::Sources},
    config::Config,
    media::Library,
    purge::{Couriers, Kept, PurgeMetrics},
    reference::Reference,
    store::{Opened, Store, ValueKey},
    sync::{
        archive::Archive,
        budget::Meter,
        engine::{self, Engine, Follow, RoundError},
        jobs::{Jobs, Schedules},
        live::Live,
        wake::Wake,
    },
};

/// A service that is ready to run.
pub(super) struct Service {
    engine: Arc<Engine>,
    schedules: Schedules,
    api: api::State,
    meter: Arc<Meter>,
    couriers: Option<Couriers>,
}

/// Where the count of calls is kept.
const CALLS: ValueKey = ValueKey::new("calls");

/// Where it is kept what receivers of purges know.
const PURGED: ValueKey = ValueKey::new("purged");

impl Service {
    /// Goes on from what an earlier run kept: what it last published is public when this returns.
    pub(super) fn new(
        config: &Config,
        airtable: airtable::Settings,
        follow: Follow,
    ) -> anyhow::Result<Self> {
        let reference = Reference::embedded().context("the embedded reference data")?;
        let store = open_store(config.data_dir())?;
        let meter = Arc::new(meter(config, &store));
        let gate: Arc<dyn Gate> = meter.clone();
        let downloader = Downloader::new(config.downloads(airtable.base_url.clone()))?;
        let client = Client::new(airtable::Settings { gate: Some(gate), ..airtable })?;
        let media = open_library(config);
        let (live, wake) = (Arc::new(Live::default()), Arc::new(Wake::default()));
        let metrics = Sources {
            client: Some(client.clone()),
            meter: Some(Arc::clone(&meter)),
            sync: Arc::default(),
            purges: Arc::default(),
        };
        let couriers = couriers(config, &store, &metrics.purges)?;
        let settings = engine::Settings { follow, ..config.engine() };
        let engine = Engine::new(client, settings, reference, Arc::clone(&live), Utc::now)
            .waking(Arc::clone(&wake))
            .illustrated(media.clone(), downloader)
            .measured(Arc::clone(&metrics.sync), Arc::clone(&meter))
            .keeping(store.clone());
        engine.restore();
        let schedules = Schedules { look: config.schedule(), full: config.full_schedule() };
        let api = api::State {
            live,
            archive: Archive::new(store, reference),
            wake,
            reference,
            media,
            clock: Utc::now,
            settings: api_settings(config)?,
            metrics,
            stopping: CancellationToken::new(),
        };
        Ok(Self { engine: Arc::new(engine), schedules, api, meter, couriers })
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
        let client = self.engine.client().clone();
        // They greet what is public when they start, so that it does not matter who is first.
        let couriers = self.couriers.map(|couriers| {
            tokio::spawn(couriers.run(Arc::clone(&self.api.live), stopping.clone()))
        });
        let mut rounds = rounds_apart(self.engine, self.schedules, stopping.clone())?;
        let stop_with_us = stopping.drop_guard();
        // Before the server waits for the requests under way: streams of events would never end.
        let streams = self.api.stopping.clone();
        let shutdown = async move {
            shutdown.await;
            streams.cancel();
        };
        tokio::select! {
            () = api::serve(listener, api::service(self.api), shutdown) => {
                drop(stop_with_us);
                let ended = rounds.await?;
                self.meter.settle();
                if let Some(couriers) = couriers {
                    couriers.await.context("the purges")?;
                }
                ended
            }
            never = token::reload_on_hangup(client) => never,
            // Without rounds the content would grow old in silence: better to be started anew.
            ended = &mut rounds => {
                ended.context("the rounds")??;
                anyhow::bail!("the rounds ended before the service")
            }
        }
    }
}

fn api_settings(config: &Config) -> anyhow::Result<api::Settings> {
    let http = &config.http;
    Ok(api::Settings {
        public_url: http.public_url.clone(),
        max_age: Duration::from_secs(http.max_age_seconds),
        reference_max_age: Duration::from_secs(http.reference_max_age_seconds),
        stale_while_revalidate: Duration::from_secs(http.stale_while_revalidate_seconds),
        stale_if_error: Duration::from_secs(http.stale_if_error_seconds),
        limits: config.limits()?,
        image_cache_bytes: config.media.cache_bytes,
        event_listeners: http.event_listeners,
        ..api::Settings::default()
    })
}

/// A store in the folder, or in memory where nothing is to outlive the process.
fn open_store(dir: Option<&Path>) -> anyhow::Result<Store> {
    let Some(dir) = dir else { return Store::in_memory().context("a store in memory") };
    let Opened { store, notices } = Store::open(dir).context("store.data_dir")?;
    for notice in notices {
        tracing::warn!(%notice, "something that was kept is left aside");
    }
    Ok(store)
}

/// Files stand beside the database, or in memory where nothing is kept.
fn open_library(config: &Config) -> Library {
    let in_memory = || Library::in_memory(config.library());
    let Some(dir) = config.data_dir() else { return in_memory() };
    match Library::open(&dir.join("media"), config.library()) {
        Ok((library, damages)) => {
            for damage in damages {
                tracing::warn!(%damage, "a kept file is left out until it is downloaded again");
            }
            library
        }
        // A full or read-only disk: everything can be downloaded again.
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::warn!(error = format!("{error:#}"), "files are kept in memory");
            in_memory()
        }
    }
}

/// Counts on from what an earlier run kept.
fn meter(config: &Config, store: &Store) -> Meter {
    let store = store.clone();
    let kept = store.value(CALLS).unwrap_or_else(|error| {
        tracing::warn!(%error, "the count of calls can't be read; it starts anew");
        None
    });
    let save = move |json: &str| store.put_value(CALLS, Some(json)).map_err(Into::into);
    Meter::new(config.budget(), kept.as_deref(), Utc::now, Box::new(save))
}

/// Tells caches on from what an earlier run told them.
fn couriers(
    config: &Config,
    store: &Store,
    metrics: &Arc<PurgeMetrics>,
) -> anyhow::Result<Option<Couriers>> {
    let Some(settings) = config.purges()? else { return Ok(None) };
    let saved = store.value(PURGED).unwrap_or_else(|error| {
        tracing::warn!(%error, "what receivers of purges know can't be read");
        None
    });
    let store = store.clone();
    let save = move |json: &str| store.put_value(PURGED, Some(json)).map_err(Into::into);
    let kept = Kept::new(saved.as_deref(), Box::new(save));
    let couriers = Couriers::new(settings, kept, Arc::clone(metrics), Utc::now);
    Ok(Some(couriers.context("the client of purges")?))
}

/// Runs the rounds on a thread of their own: building a large release takes none of the API's time,
/// and what one round frees is at hand for the next, which halves the memory that rounds add.
fn rounds_apart(
    engine: Arc<Engine>,
    schedules: Schedules,
    stopping: CancellationToken,
) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    let runtime = Builder::new_current_thread().enable_all().build().context("the rounds")?;
    let rounds = rounds(engine, schedules, stopping);
    Ok(tokio::task::spawn_blocking(move || runtime.block_on(rounds)))
}

/// A first round, tried again until one succeeds, then rounds on schedule.
async fn rounds(
    engine: Arc<Engine>,
    schedules: Schedules,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(5))
        .with_max_delay(Duration::from_secs(300))
        .with_jitter()
        .without_max_times();
    // What trying again can't help waits for the schedule, and so does all else once there is
    // something to read.
    let is_urgent = |error: &RoundError| !error.is_final() && engine.live().publication().is_none();
    let first = (|| engine.look()).retry(backoff).when(is_urgent);
    tokio::select! {
        // The engine tells of failures itself.
        _ = first => {}
        () = stopping.cancelled() => return Ok(()),
    }
    let jobs = Jobs::start(engine, &schedules).await.context("the schedule of rounds")?;
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
