//! Rounds: fetch, parse, build, swap, keep, report.
//!
//! [`Engine::sync_once`] reads the whole base; [`Engine::look`] reads what changed, as the webhook
//! tells it. Both are ordinary async functions that start-up, the schedule and the tests call. They
//! never overlap, and a round that fails leaves everything as it was.

pub mod acceptance;
mod files;
mod full;
mod keep;
mod news;
mod publish;
mod state;
mod status;
mod webhook;

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::sync::Mutex;
use url::Url;

use self::{files::Files, state::State};
pub use super::failure::RoundError;
use super::{
    budget::{FullRounds, Meter},
    live::{Live, SyncStatus},
    mapping::Names,
    metrics::{RoundEnd, RoundKind, SyncMetrics},
    wake::Wake,
};
use crate::{
    airtable::{Client, download::Downloader},
    content::problem::Counts,
    media::Library,
    paris,
    reference::Reference,
    store::Store,
};

/// What the engine is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names of tables and fields, where they are not the default ones.
    pub names: Names,
    /// Days after which a verification is called old; `None` never. Default: 730.
    pub verification_max_age_days: Option<u32>,
    /// How long a release that would remove much is held before it is believed. Default: 1 hour.
    pub hold: TimeDelta,
    /// Share of what is public of a kind, in percent, of which a removal at once is held. Default: 30.
    pub hold_percent: u8,
    /// How changes are heard of. Default: by reading the whole base.
    pub follow: Follow,
    /// How many releases are kept, the current one included. Default: 30.
    pub releases: NonZeroUsize,
}

/// How changes are heard of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Follow {
    /// By reading the whole base: for a single round.
    #[default]
    Listing,
    /// By the payloads of a webhook, that are asked for.
    Polling,
    /// By the payloads of a webhook that pings this address.
    Pings(Url),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            names: Names::default(),
            verification_max_age_days: Some(730),
            hold: TimeDelta::hours(1),
            hold_percent: 30,
            follow: Follow::default(),
            releases: const { NonZeroUsize::new(30).unwrap() },
        }
    }
}

/// Reads a base and keeps what is live in step with it. The only writer of both.
#[derive(Debug)]
pub struct Engine {
    client: Client,
    settings: Settings,
    reference: &'static Reference,
    live: Arc<Live>,
    clock: fn() -> DateTime<Utc>,
    store: Option<Store>,
    wake: Arc<Wake>,
    meter: Option<Arc<Meter>>,
    metrics: Arc<SyncMetrics>,
    files: Option<Files>,
    state: Mutex<State>,
}

/// What a round did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it read.
    pub kind: RoundKind,
    /// Whether readers see something new.
    pub outcome: Outcome,
    /// Rows of the base.
    pub rows: usize,
    /// Problems by severity.
    pub problems: Counts,
    /// How long it took.
    pub duration: Duration,
}

/// How a round that was read to the end ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new release is live.
    Published,
    /// The content is what it was.
    Unchanged,
}

/// What a round is to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The whole base.
    Everything,
    /// What changed, if that can be known.
    News,
}

/// What a round read, and what came of it.
struct Done {
    kind: RoundKind,
    outcome: Outcome,
}

impl Engine {
    /// An engine that has read nothing yet.
    pub fn new(
        client: Client,
        settings: Settings,
        reference: &'static Reference,
        live: Arc<Live>,
        clock: fn() -> DateTime<Utc>,
    ) -> Self {
        Self {
            client,
            settings,
            reference,
            live,
            clock,
            store: None,
            wake: Arc::default(),
            meter: None,
            metrics: Arc::default(),
            files: None,
            state: Mutex::default(),
        }
    }

    /// Goes on from what an earlier run kept, and keeps what rounds lead to.
    #[must_use]
    pub fn keeping(self, store: Store) -> Self {
        Self { store: Some(store), ..self }
    }

    /// Tells whose pings to take.
    #[must_use]
    pub fn waking(self, wake: Arc<Wake>) -> Self {
        Self { wake, ..self }
    }

    /// Counts what rounds do, and paces them by a budget.
    #[must_use]
    pub fn measured(self, metrics: Arc<SyncMetrics>, meter: Arc<Meter>) -> Self {
        Self { metrics, meter: Some(meter), ..self }
    }

    /// Publishes the files of rows too, as copies that this library keeps.
    #[must_use]
    pub fn illustrated(self, library: Library, downloader: Downloader) -> Self {
        Self { files: Some(Files::new(library, downloader)), ..self }
    }

    /// What is live.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// The client, to replace its token.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Who may wake the rounds.
    pub fn wake(&self) -> &Arc<Wake> {
        &self.wake
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The budget, if rounds are paced by one.
    pub fn meter(&self) -> Option<&Meter> {
        self.meter.as_deref()
    }

    /// Whether a round is under way.
    pub fn is_busy(&self) -> bool {
        self.state.try_lock().is_err()
    }

    /// Reads the whole base and publishes what changed.
    ///
    /// Waits for a round that is under way. Whatever the result, the status tells it.
    ///
    /// # Errors
    /// When the base can't be read to the end or is not fit to be published; readers then keep the
    /// last good release.
    pub async fn sync_once(&self) -> Result<Report, RoundError> {
        self.run(Wanted::Everything).await
    }

    /// Reads what changed, in one call if nothing did, and publishes it. Where that can't be known,
    /// reads the whole base.
    ///
    /// # Errors
    /// As [`Self::sync_once`].
    pub async fn look(&self) -> Result<Report, RoundError> {
        self.run(Wanted::News).await
    }

    /// When rounds were made, and what they cost.
    pub async fn standing(&self) -> Standing {
        let state = self.state.lock().await;
        let progress = &state.progress;
        // What lies ahead was noted before the clock was put back.
        let now = self.now();
        let last_look = progress.last_look.filter(|at| *at <= now);
        let held_until = progress.held.as_ref().map(|held| held.since + self.settings.hold);
        Standing {
            last_look,
            last_full: progress.last_full.min(Some(now)),
            full_calls: progress.full_calls,
            is_fed: state.feed.as_ref().is_some_and(|feed| feed.follows_listing),
            held_until,
        }
    }

    async fn run(&self, wanted: Wanted) -> Result<Report, RoundError> {
        let mut state = self.state.lock().await;
        let started = Instant::now();
        let attempt = self.now();
        let mut status = SyncStatus::clone(&self.live.status());
        status.last_attempt = Some(attempt);
        state.progress.last_look = Some(attempt);
        // A round that was given up midway may have left the mirror torn.
        if std::mem::replace(&mut state.is_in_round, true) {
            state.forget();
        }
        self.remember(&mut state);
        state.put_back(attempt);
        let result = match wanted {
            Wanted::Everything => self.read_everything(&mut state, &mut status).await,
            Wanted::News => self.read_news(&mut state, &mut status).await,
        };
        state.is_in_round = false;
        self.describe(&state, &mut status);
        let duration = started.elapsed();
        let kind = result.as_ref().map_or(wanted.kind(), |done| done.kind);
        let end = match &result {
            Ok(Done { outcome: Outcome::Published, .. }) => RoundEnd::Published,
            Ok(_) => RoundEnd::Unchanged,
            Err(_) => RoundEnd::Failed,
        };
        self.metrics.record_round(kind, end, duration);
        let result = match result {
            Ok(Done { kind, outcome }) => {
                status.last_success = Some(attempt);
                status.failure = None;
                status.rows = state.rows();
                let problems = Counts::of(&status.problems);
                let report = Report { kind, outcome, rows: status.rows, problems, duration };
                report.log();
                self.ask_for_files(&state);
                Ok(report)
            }
            Err(error) => {
                self.tell_failure(&error, &mut status);
                Err(error)
            }
        };
        self.live.report(status);
        result
    }

    fn today(&self) -> NaiveDate {
        paris::day(self.now())
    }
}

impl Wanted {
    fn kind(self) -> RoundKind {
        match self {
            Self::Everything => RoundKind::Full,
            Self::News => RoundKind::Idle,
        }
    }
}

impl Report {
    fn log(&self) {
        let Self { kind, outcome, rows, problems, duration } = self;
        let Counts { errors, warnings, infos } = problems;
        let duration_ms = duration.as_millis();
        match kind {
            RoundKind::Idle => tracing::debug!(duration_ms, "nothing changed"),
            RoundKind::Incremental | RoundKind::Full | RoundKind::Media => tracing::info!(
                kind = kind.as_str(),
                ?outcome,
                rows,
                errors,
                warnings,
                remarks = infos,
                duration_ms,
                "the base was read"
            ),
        }
    }
}

/// Where rounds stand, from which the next one is planned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// When a round last started; `None` before the first, or when that lies ahead of the clock.
    pub last_look: Option<DateTime<Utc>>,
    /// When the whole base was last read to the end.
    pub last_full: Option<DateTime<Utc>>,
    /// Calls that this took; 0 before the first.
    pub full_calls: u64,
    /// Whether a webhook tells what changed, so that a round without news costs one call.
    pub is_fed: bool,
    /// From when on reading the whole base would let a held release out.
    pub held_until: Option<DateTime<Utc>>,
}

impl Standing {
    /// Calls that a round takes that finds nothing new.
    pub fn idle_cost(&self) -> u64 {
        if self.is_fed { 1 } else { self.full_calls.max(1) }
    }

    /// The full rounds that are wanted, to be set aside from the budget.
    pub fn full_rounds(&self, every: TimeDelta) -> Option<FullRounds> {
        (self.is_fed && self.full_calls > 0).then_some(FullRounds { cost: self.full_calls, every })
    }
}
