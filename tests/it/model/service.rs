//! The service, with its folder.

use std::{cell::Cell, future::poll_fn, path::Path, pin::pin, sync::Arc, task::Poll};

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use locadocs::{
    airtable::{self, Client, gate::Gate},
    api::{self, metrics::Sources},
    catalog::Release,
    store::{Notice, Opened, Store},
    sync::{
        budget::{Budget, Meter},
        engine::{Engine, Follow, Report, RoundError, Settings},
        live::Publication,
        metrics::SyncMetrics,
    },
};

use crate::{
    api::harness::{Service as Api, noon},
    fixture,
    harmless::harness::{GUIDE, LOCATE},
};

thread_local! {
    /// How far the day has gone: a test has its thread, and all that it runs.
    static PASSED: Cell<TimeDelta> = const { Cell::new(TimeDelta::zero()) };
}

/// The time of day, for the service and for Airtable.
pub fn now() -> DateTime<Utc> {
    noon() + PASSED.get()
}

/// Lets time pass.
pub fn wait(time: TimeDelta) {
    PASSED.set(PASSED.get() + time);
}

/// Begins the day anew.
pub fn begin() {
    PASSED.set(TimeDelta::zero());
}

/// What a round is to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    News,
    Everything,
}

/// The service in-process.
pub struct Service {
    pub engine: Engine,
    pub store: Store,
    pub metrics: Arc<SyncMetrics>,
    api: Api,
}

impl Service {
    /// Starts on a folder, and says what could not be used of it. What was kept is public.
    pub fn start(folder: &Path, client: airtable::Settings) -> (Self, Vec<Notice>) {
        let Opened { store, notices } = Store::open(folder).unwrap();
        let service = Self::on(store, client, Follow::Polling);
        service.engine.restore();
        (service, notices)
    }

    /// Starts on a store, with nothing public.
    pub fn on(store: Store, client: airtable::Settings, follow: Follow) -> Self {
        let meter = Arc::new(Meter::forgetful(Budget::default(), now));
        let gate: Arc<dyn Gate> = meter.clone();
        let client = Client::new(airtable::Settings { gate: Some(gate), ..client }).unwrap();
        let metrics = Arc::<SyncMetrics>::default();
        let sources = Sources {
            client: Some(client.clone()),
            meter: Some(Arc::clone(&meter)),
            sync: Arc::clone(&metrics),
            purges: Arc::default(),
        };
        let api = Api::measured(now, api::Settings::default(), sources);
        let settings = Settings { follow, ..Settings::default() };
        let live = Arc::clone(&api.live);
        let engine = Engine::new(client, settings, fixture::reference(), live, now)
            .keeping(store.clone())
            .waking(Arc::clone(&api.wake))
            .measured(Arc::clone(&metrics), meter);
        Self { engine, store, metrics, api }
    }

    pub fn publication(&self) -> Option<Arc<Publication>> {
        self.engine.live().publication()
    }

    /// The name of what is public.
    pub fn release(&self) -> Option<String> {
        self.publication().map(|it| it.release.id().to_string())
    }

    /// Makes a copy of another service's release public.
    pub fn publish_copy(&self, release: &Release) {
        let items = release.changes_since(None);
        let items = items.iter().map(|it| {
            (it.kind, it.key.as_str(), it.body.as_deref().expect("there is nothing to remove"))
        });
        let copy = Release::restore(release.id().as_str(), items, fixture::reference()).unwrap();
        self.engine.live().publish(Publication { release: copy, published_at: now() });
    }

    /// Calls made so far.
    pub fn calls(&self) -> u64 {
        self.engine.client().calls().total()
    }

    pub async fn round(&self, wanted: Wanted) -> Result<Report, RoundError> {
        match wanted {
            Wanted::News => self.engine.look().await,
            Wanted::Everything => self.engine.sync_once().await,
        }
    }

    /// A round that is dropped after so many polls, if it has not ended by then.
    pub async fn round_given_up(
        &self,
        wanted: Wanted,
        polls: usize,
    ) -> Option<Result<Report, RoundError>> {
        let mut round = pin!(self.round(wanted));
        let mut left = polls;
        poll_fn(|context| {
            let Some(less) = left.checked_sub(1) else { return Poll::Ready(None) };
            left = less;
            round.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Everything that is public can be had, and no answer is an error of ours.
    pub async fn assert_answers(&self, case: &str) {
        let Some(publication) = self.publication() else { return };
        let always = ["/v1", "/v1/guides", "/v1/documents", "/v1/services", "/readyz", "/metrics"];
        let guides = publication.release.content().guides.keys();
        let guides = guides.map(|guide| format!("/v1/guides/{guide}"));
        for target in always.map(str::to_owned).into_iter().chain(guides) {
            let answer = self.api.get(&target).await;
            assert_eq!(answer.status, StatusCode::OK, "{case}: {target}: {}", answer.text());
        }
        // They may be gone, or renamed.
        for target in [LOCATE, "/v1/guides/urbanisme/walk?commune=35238", GUIDE] {
            let answer = self.api.get(target).await;
            assert!(!answer.status.is_server_error(), "{case}: {target}: {}", answer.text());
        }
    }
}
