//! Rounds: fetch, parse, build, swap, report.
//!
//! [`Engine::sync_once`] is an ordinary async function that start-up, the schedule and the tests
//! call. It never overlaps itself, and a round that fails leaves everything as it was.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::{
    guards::{check_not_emptied, mass_removal, next_month},
    live::{Failure, Live, Publication, SyncStatus},
    mapping::{Mapping, Names, resolve},
    mirror::Mirror,
};
use crate::{
    airtable::{self, Client, Record},
    catalog::{self, Built, Release, ReleaseId},
    content::{problem::Counts, tables::TableKey},
    paris,
    reference::Reference,
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
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            names: Names::default(),
            verification_max_age_days: Some(730),
            hold: TimeDelta::hours(1),
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
    state: Mutex<State>,
}

/// What one round leaves to the next.
#[derive(Debug, Default)]
struct State {
    /// The base as last seen.
    mirror: Mirror,
    /// What the last build leaves to the next.
    memo: catalog::Memo,
    /// The same, for the checks that depend on the day.
    checks: catalog::checks::Memo,
    /// Which ids the names had at first sight.
    pins: Mapping,
    /// Rows of each table in the last round that was published.
    row_counts: BTreeMap<TableKey, usize>,
    /// The release that is held because it would remove much, and since when.
    held: Option<(ReleaseId, DateTime<Utc>)>,
    /// Airtable's monthly quota is spent: no call before this instant.
    quiet_until: Option<DateTime<Utc>>,
}

/// What a round did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether readers see something new.
    pub outcome: Outcome,
    /// Rows read.
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

/// Why a round left everything as it was.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// Airtable could not be read to the end.
    #[error("the base could not be read")]
    Airtable(#[from] airtable::Error),
    /// A required table or field is missing or retyped.
    #[error("the base lacks what publishing needs: {0}")]
    Schema(String),
    /// A table that had rows has none.
    #[error("table {} had {before} rows and has none", table.def().name)]
    Emptied {
        /// The table.
        table: TableKey,
        /// Rows in the last published round.
        before: usize,
    },
    /// Much of what is public would go at once.
    #[error("{before} {what} are public, and only {left} would stay")]
    Shrunk {
        /// What would go.
        what: &'static str,
        /// How many are public.
        before: usize,
        /// How many would stay.
        left: usize,
    },
    /// The month's calls are spent, as Airtable said earlier.
    #[error("the month's quota of API calls is spent; no call before {until}")]
    Quiet {
        /// When the next month starts.
        until: DateTime<Utc>,
    },
    /// The build was interrupted: a bug, or the service is stopping.
    #[error("the build did not finish")]
    Build(#[from] tokio::task::JoinError),
}

impl RoundError {
    /// Whether trying again soon can't help: someone has to act first, or the month to end.
    pub fn is_final(&self) -> bool {
        use airtable::Error as E;
        match self {
            Self::Airtable(error) => matches!(
                error,
                E::Unauthorized { .. }
                    | E::Forbidden { .. }
                    | E::NotFound { .. }
                    | E::BillingLimit { .. }
                    | E::BudgetSpent { .. }
            ),
            Self::Quiet { .. } => true,
            Self::Schema(_) | Self::Emptied { .. } | Self::Shrunk { .. } | Self::Build(_) => false,
        }
    }

    /// What the public may know.
    fn failure(&self) -> Failure {
        use airtable::Error as E;
        let code = match self {
            Self::Airtable(E::Unauthorized { .. }) => "unauthorized",
            Self::Airtable(E::Forbidden { .. } | E::NotFound { .. }) => "forbidden",
            Self::Airtable(E::BillingLimit { .. } | E::BudgetSpent { .. }) | Self::Quiet { .. } => {
                "quota-spent"
            }
            Self::Airtable(E::RateLimited { .. }) => "rate-limited",
            Self::Airtable(_) => "unreachable",
            Self::Schema(_) => "schema",
            Self::Emptied { .. } => "emptied-table",
            Self::Shrunk { .. } => "mass-removal",
            Self::Build(_) => "internal",
        };
        let message = match self {
            Self::Airtable(error) => format!("{self}: {error}"),
            _ => self.to_string(),
        };
        Failure { code, message }
    }
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
        Self { client, settings, reference, live, clock, state: Mutex::default() }
    }

    /// What is live.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// The client, to replace its token.
    pub fn client(&self) -> &Client {
        &self.client
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
        let mut state = self.state.lock().await;
        let started = Instant::now();
        let attempt = (self.clock)();
        let mut status = SyncStatus::clone(&self.live.status());
        status.last_attempt = Some(attempt);
        let result = match state.quiet_until.filter(|until| attempt < *until) {
            Some(until) => Err(RoundError::Quiet { until }),
            None => self.round(&mut state, &mut status).await,
        };
        if let Err(RoundError::Airtable(airtable::Error::BillingLimit { .. })) = result {
            state.quiet_until = next_month(attempt);
        }
        status.calls = self.client.calls().total();
        let result = match result {
            Ok((outcome, rows)) => {
                status.last_success = Some(attempt);
                status.failure = None;
                status.rows = rows;
                let problems = Counts::of(&status.problems);
                let duration = started.elapsed();
                let duration_ms = duration.as_millis();
                let Counts { errors, warnings, infos } = problems;
                tracing::info!(
                    ?outcome,
                    rows,
                    errors,
                    warnings,
                    remarks = infos,
                    duration_ms,
                    "the base was read"
                );
                Ok(Report { outcome, rows, problems, duration })
            }
            Err(error) => {
                status.failure = Some(error.failure());
                let cause = anyhow::Chain::new(&error).map(ToString::to_string);
                let cause = cause.collect::<Vec<_>>().join(": ");
                match self.live.publication() {
                    Some(_) => {
                        tracing::warn!(%cause, "a round failed; the last good release stays")
                    }
                    None => tracing::warn!(%cause, "a round failed, and nothing is public yet"),
                }
                Err(error)
            }
        };
        self.live.report(status);
        result
    }

    async fn round(
        &self,
        state: &mut State,
        status: &mut SyncStatus,
    ) -> Result<(Outcome, usize), RoundError> {
        let schema = self.client.schema().await?;
        let resolution = resolve(&schema, &self.settings.names, &state.pins);
        let found = resolution.mapping.tables.iter();
        status.tables = found.map(|(key, table)| (*key, table.id.clone())).collect();
        let obstacles: Vec<_> =
            resolution.obstacles().map(|problem| problem.place.to_string()).collect();
        if !obstacles.is_empty() {
            status.problems = resolution.problems.into();
            return Err(RoundError::Schema(obstacles.join(", ")));
        }
        let records = self.fetch(&resolution.mapping).await?;
        let row_counts = records.iter().map(|(key, records)| (*key, records.len())).collect();
        check_not_emptied(&state.row_counts, &row_counts)?;
        if schema != state.mirror.schema || resolution.mapping != state.mirror.mapping {
            state.mirror = Mirror::new(schema, resolution.mapping.clone());
        }
        for (table, records) in &records {
            state.mirror.replace(*table, records, self.reference);
        }
        let rows = row_counts.values().sum();
        let built = self.build(state);
        let mut problems = resolution.problems;
        problems.extend(built.problems);
        let max_age = self.settings.verification_max_age_days;
        problems.extend(catalog::checks::dated(
            &built.release,
            self.today(),
            max_age,
            &mut state.checks,
        ));
        problems.sort();
        status.problems = problems.into();
        self.check_not_shrunk(state, &built.release)?;
        state.pins = resolution.mapping;
        state.row_counts = row_counts;
        Ok((self.swap(built.release), rows))
    }

    /// Every mapped table but *Retours*, which is written and never read.
    async fn fetch(
        &self,
        mapping: &Mapping,
    ) -> Result<BTreeMap<TableKey, Vec<Record>>, RoundError> {
        let wanted: Vec<_> =
            mapping.tables.iter().filter(|(key, _)| **key != TableKey::Feedback).collect();
        let tables: Vec<_> = wanted
            .iter()
            .map(|(_, table)| (table.id.clone(), table.fields.keys().cloned().collect()))
            .collect();
        let listed = self.client.all_tables(&tables).await;
        let keyed = wanted.iter().zip(listed).map(|((key, _), (_, rows))| Ok((**key, rows?)));
        keyed.collect()
    }

    fn build(&self, state: &mut State) -> Built {
        let previous = self.live.publication();
        let previous = previous.as_deref().map(|publication| &publication.release);
        catalog::build(&state.mirror.rows, self.reference, previous, &mut state.memo)
    }

    /// Holds a release that would remove much, until it has stayed the same for the set time: an
    /// emptied column or a renamed option may hide every row at a click.
    fn check_not_shrunk(&self, state: &mut State, release: &Release) -> Result<(), RoundError> {
        let now = (self.clock)();
        let current = self.live.publication();
        let loss = current.and_then(|current| mass_removal(&current.release, release));
        let Some(error) = loss else {
            state.held = None;
            return Ok(());
        };
        match &state.held {
            Some((id, since)) if id == release.id() => {
                if now - *since < self.settings.hold {
                    return Err(error);
                }
                state.held = None;
                Ok(())
            }
            _ => {
                state.held = Some((release.id().clone(), now));
                Err(error)
            }
        }
    }

    /// Swaps in a release even if it says the same: it may fall back to other versions of a guide.
    fn swap(&self, release: Release) -> Outcome {
        let current = self.live.publication();
        let unchanged = current.filter(|current| current.release.id() == release.id());
        let outcome = if unchanged.is_some() { Outcome::Unchanged } else { Outcome::Published };
        let published_at = unchanged.map_or_else(self.clock, |current| current.published_at);
        self.live.publish(Publication { release, published_at });
        outcome
    }

    fn today(&self) -> NaiveDate {
        paris::day((self.clock)())
    }
}
