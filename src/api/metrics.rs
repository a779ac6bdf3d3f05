//! `/metrics`: what those who run the service watch, as Prometheus reads it
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//!
//! Nothing here is a second account: events are counted where they happen ([`SyncMetrics`],
//! [`requests`]), and the rest is read from its owner at the moment of the scrape ([`snapshots`]).
//! It holds neither secrets nor what readers ask for.

use std::{fmt, sync::Arc};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use prometheus_client::{encoding::text::encode, metrics::info::Info, registry::Registry};

use super::{
    App,
    params::{NoParams, Query},
    problem::{Code, Problem},
};
use crate::{
    airtable::Client,
    purge::PurgeMetrics,
    sync::{budget::Meter, live::Live, metrics::SyncMetrics, wake::Wake},
};
use requests::Requests;
pub(super) use requests::{Route, tell_route};
use snapshots::Snapshots;

mod requests;
mod snapshots;

/// Where `/metrics` is.
pub const PATH: &str = "/metrics";

/// The version of the format that is written.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whom to ask at a scrape. What is absent is left out of the answer.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The client, for its calls.
    pub client: Option<Client>,
    /// The month's budget.
    pub meter: Option<Arc<Meter>>,
    /// What the sync counts.
    pub sync: Arc<SyncMetrics>,
    /// What is counted of telling caches.
    pub purges: Arc<PurgeMetrics>,
}

/// All metrics by name.
pub(super) struct Metrics {
    registry: Registry,
    /// Requests answered.
    pub requests: Requests,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Names them all.
    pub fn new(
        sources: Sources,
        live: Arc<Live>,
        wake: Arc<Wake>,
        clock: fn() -> DateTime<Utc>,
    ) -> Self {
        let mut registry = Registry::with_prefix("locadocs");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that runs", version);
        sources.sync.register(&mut registry);
        sources.purges.register(&mut registry);
        let requests = Requests::default();
        requests.register(&mut registry);
        let Sources { client, meter, sync: _, purges: _ } = sources;
        registry.register_collector(Box::new(Snapshots { live, wake, client, meter, clock }));
        Self { registry, requests }
    }
}

/// Tells every metric.
pub(super) async fn get_metrics(State(app): State<App>, _: Query<NoParams>) -> Response {
    let mut text = String::new();
    if let Err(error) = encode(&mut text, &app.metrics.registry) {
        tracing::error!(%error, "the metrics can't be written");
        return Problem::of(Code::Internal).into_response();
    }
    let headers = [(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")];
    (headers, text).into_response()
}
