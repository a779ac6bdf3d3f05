//! The service that follows a base: what each round costs, what a restart goes on from, and what
//! is held.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use locadocs::{
    airtable::{self, Client, gate::Gate},
    content::tables::TableKey,
    sandbox::{
        config::DEFAULT_TOKEN,
        faults::{Fault, FaultRule},
    },
    store::{Opened, Store, ValueKey},
    sync::{
        budget::{Budget, Meter},
        engine::{self, Engine, Follow, Outcome, RoundError, acceptance::accept},
        metrics::{RoundKind, SyncMetrics},
    },
};
use prometheus_client::registry::Registry;
use tempfile::TempDir;

use crate::{feed::harness::World, fixture};

/// A base, a folder, and the service that was started last on both.
struct Bench {
    world: World,
    folder: TempDir,
}

struct Service {
    engine: Engine,
    metrics: Arc<SyncMetrics>,
}

/// Seconds that the clock of a test is ahead.
static AHEAD: AtomicI64 = AtomicI64::new(0);

fn later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(AHEAD.load(Ordering::Relaxed))
}

impl Bench {
    async fn start() -> Self {
        Self { world: World::start().await, folder: TempDir::new().unwrap() }
    }

    fn store(&self) -> Store {
        let Opened { store, notices } = Store::open(self.folder.path()).unwrap();
        assert!(notices.is_empty(), "{notices:?}");
        store
    }

    /// A service that goes on from what is in the folder.
    fn service(&self) -> Service {
        self.service_at(Utc::now)
    }

    fn service_at(&self, clock: fn() -> DateTime<Utc>) -> Service {
        let live = Arc::default();
        let meter = Arc::new(Meter::forgetful(Budget::default(), clock));
        let gate: Arc<dyn Gate> = meter.clone();
        let settings = airtable::Settings {
            requests_per_second: None,
            gate: Some(gate),
            ..airtable::Settings::new(
                self.world.sandbox.url().clone(),
                self.world.base().parse().unwrap(),
                DEFAULT_TOKEN.into(),
            )
        };
        let client = Client::new(settings).unwrap();
        let settings = engine::Settings { follow: Follow::Polling, ..Default::default() };
        let metrics = Arc::new(SyncMetrics::default());
        let engine = Engine::new(client, settings, fixture::reference(), live, clock)
            .keeping(self.store())
            .measured(Arc::clone(&metrics), meter);
        engine.restore();
        Service { engine, metrics }
    }

    /// What `work` led to, and the calls that it took.
    async fn calls<T>(&self, work: impl Future<Output = T>) -> (T, usize) {
        let before = self.world.sandbox.calls().all().len();
        let result = work.await;
        (result, self.world.sandbox.calls().all().len() - before)
    }
}

impl Service {
    fn release(&self) -> Option<String> {
        let publication = self.engine.live().publication()?;
        Some(publication.release.id().to_string())
    }

    fn drift(&self) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        self.metrics.register(&mut registry);
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let line = text.lines().find(|line| line.starts_with("drift_rows_total"));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_round_costs_what_changed() {
    let bench = Bench::start().await;
    let service = bench.service();
    let first = service.engine.look().await.unwrap();
    assert_eq!((first.kind, first.outcome), (RoundKind::Full, Outcome::Published));

    let (idle, calls) = bench.calls(service.engine.look()).await;
    assert_eq!((idle.unwrap().kind, calls), (RoundKind::Idle, 1));

    let guide = bench.world.rows(TableKey::Guides).remove(0);
    bench.world.retitle(TableKey::Guides, &guide, "Autre titre");
    let (edit, calls) = bench.calls(service.engine.look()).await;
    let edit = edit.unwrap();
    assert_eq!((edit.kind, edit.outcome), (RoundKind::Incremental, Outcome::Published));
    assert_eq!(calls, 2);
    let publication = service.engine.live().publication().unwrap();
    let titles: Vec<_> =
        publication.release.content().guides.values().map(|guide| guide.title.as_str()).collect();
    assert_eq!(titles, ["Autre titre"]);

    let full = service.engine.sync_once().await.unwrap();
    assert_eq!(full.outcome, Outcome::Unchanged);
    assert_eq!(service.drift(), "0");
}

#[tokio::test]
async fn a_restart_answers_before_any_call_and_goes_on_from_the_cursor() {
    let bench = Bench::start().await;
    let service = bench.service();
    service.engine.look().await.unwrap();
    let before = service.release();
    drop(service);
    let guide = bench.world.rows(TableKey::Guides).remove(0);
    bench.world.retitle(TableKey::Guides, &guide, "Pendant l'arrêt");

    let (service, calls) = bench.calls(async { bench.service() }).await;
    assert_eq!((service.release(), calls), (before, 0));
    let (round, calls) = bench.calls(service.engine.look()).await;
    let round = round.unwrap();
    assert_eq!((round.kind, round.outcome), (RoundKind::Incremental, Outcome::Published));
    assert_eq!(calls, 2);
    let cold = Engine::new(
        bench.world.client.clone(),
        engine::Settings::default(),
        fixture::reference(),
        Arc::default(),
        Utc::now,
    );
    cold.sync_once().await.unwrap();
    let cold = cold.live().publication().unwrap();
    assert_eq!(service.release().as_deref(), Some(cold.release.id().as_str()));
}

#[tokio::test]
async fn what_is_kept_of_another_base_or_under_other_names_is_not_used() {
    let bench = Bench::start().await;
    let service = bench.service();
    service.engine.look().await.unwrap();
    drop(service);
    let store = bench.store();
    let kept = store.value(ValueKey::new("base")).unwrap().unwrap();
    let other = kept.replace(bench.world.base(), "appOther000000001");
    store.put_value(ValueKey::new("base"), Some(&other)).unwrap();
    drop(store);
    let service = bench.service();
    assert_eq!(service.release(), None);
    assert_eq!(service.engine.look().await.unwrap().kind, RoundKind::Full);
}

#[tokio::test]
async fn rows_that_airtable_fails_to_list_are_asked_for_and_stay() {
    let bench = Bench::start().await;
    let service = bench.service();
    service.engine.look().await.unwrap();
    let before = service.release();
    let short = FaultRule::new(Fault::Short { records: 3 }).on_path("/v0/app*/tbl*");
    // Each table once: what is then asked for by its id comes.
    bench.world.sandbox.faults().add(short.times(7));
    assert_eq!(service.engine.sync_once().await.unwrap().outcome, Outcome::Unchanged);
    assert_eq!(service.release(), before);
    assert_eq!(service.drift(), "0");
}

#[tokio::test]
async fn what_would_remove_much_is_held_through_restarts_until_a_full_round_finds_it_again() {
    let bench = Bench::start().await;
    let service = bench.service_at(later);
    service.engine.look().await.unwrap();
    let before = service.release();
    for row in bench.world.rows(TableKey::Holdings) {
        bench.world.delete(TableKey::Holdings, &row);
    }
    let held = service.engine.look().await.unwrap_err();
    assert!(matches!(held, RoundError::Held(_)), "{held:?}");
    assert_eq!(service.release(), before);
    drop(service);

    let service = bench.service_at(later);
    assert_eq!(service.release(), before, "held over a restart");
    assert!(matches!(service.engine.look().await, Err(RoundError::Held(_))));
    assert!(matches!(service.engine.sync_once().await, Err(RoundError::Held(_))));
    AHEAD.store(3_700, Ordering::Relaxed);
    assert!(matches!(service.engine.look().await, Err(RoundError::Held(_))), "not proved again");
    assert_eq!(service.engine.sync_once().await.unwrap().outcome, Outcome::Published);
    assert_ne!(service.release(), before);
}

#[tokio::test]
async fn what_is_held_goes_out_when_it_is_accepted() {
    let bench = Bench::start().await;
    let service = bench.service();
    service.engine.look().await.unwrap();
    for row in bench.world.rows(TableKey::Holdings) {
        bench.world.delete(TableKey::Holdings, &row);
    }
    let Err(RoundError::Held(held)) = service.engine.look().await else { panic!("not held") };
    let beside = Store::open_beside(bench.folder.path()).unwrap();
    accept(&beside, Some("0123456789abcdef")).unwrap_err();
    assert!(matches!(service.engine.look().await, Err(RoundError::Held(_))), "another one");
    accept(&beside, None).unwrap();
    assert_eq!(service.engine.look().await.unwrap().outcome, Outcome::Published);
    assert_eq!(service.release(), Some(held.release));
}
