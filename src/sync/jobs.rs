//! The jobs: rounds on a schedule and at a ping, each when the budget lets it be.

use std::{pin::Pin, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinHandle;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use super::{
    budget::Meter,
    engine::Engine,
    plan::{Due, FullWanted, due},
};

/// When something is done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// So long after the start of the time before; what is still under way is not doubled.
    Every(Duration),
    /// By a cron expression with seconds, in UTC: `0 */10 * * * *`.
    Cron(String),
}

/// When rounds are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedules {
    /// Looking for what changed.
    pub look: Schedule,
    /// Reading the whole base.
    pub full: Schedule,
}

impl Schedule {
    /// The longest time without a round that is no cause for concern: three periods, and no less
    /// than an hour. A cron expression is taken to be daily at the least.
    pub fn longest_silence(&self) -> Duration {
        const HOUR: Duration = Duration::from_secs(3_600);
        match self {
            Self::Every(period) => HOUR.max(period.saturating_mul(3)),
            Self::Cron(_) => 25 * HOUR,
        }
    }

    /// Tells whether it can be kept.
    ///
    /// # Errors
    /// When the cron expression can't be read.
    pub fn check(&self) -> Result<(), JobSchedulerError> {
        match self {
            Self::Every(_) => Ok(()),
            Self::Cron(expression) => Job::new(expression.as_str(), |_, _| {}).map(drop),
        }
    }
}

/// Rounds that run on a schedule and at pings until they are stopped.
pub struct Jobs {
    scheduler: JobScheduler,
    pinged: JoinHandle<()>,
    media: JoinHandle<()>,
}

/// Between two rounds that pings ask for: a flood of them costs no more than this allows.
const BETWEEN_PINGS: Duration = Duration::from_secs(1);

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Jobs {
    /// Starts the schedules. The first round is the caller's to run.
    ///
    /// # Errors
    /// When a cron expression can't be read, or the scheduler doesn't start.
    pub async fn start(
        engine: Arc<Engine>,
        schedules: &Schedules,
    ) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let wanted = Arc::new(ArcSwap::from_pointee(match &schedules.full {
            Schedule::Every(period) => FullWanted::Every(delta(*period)),
            Schedule::Cron(_) => FullWanted::Later,
        }));
        if let Schedule::Cron(expression) = &schedules.full {
            let (engine, wanted) = (Arc::clone(&engine), Arc::clone(&wanted));
            let ask = move |_, _| wanted.store(Arc::new(FullWanted::Since(engine.now())));
            scheduler.add(Job::new(expression.as_str(), ask)?).await?;
        }
        let ticked = Arc::clone(&engine);
        let tick = move |_, _| -> Running {
            let (engine, wanted) = (Arc::clone(&ticked), Arc::clone(&wanted));
            Box::pin(async move { tick(engine, **wanted.load()).await })
        };
        let job = match &schedules.look {
            Schedule::Every(period) => Job::new_repeated_async(*period, tick)?,
            Schedule::Cron(expression) => Job::new_async(expression.as_str(), tick)?,
        };
        scheduler.add(job).await?;
        scheduler.start().await?;
        let media = tokio::spawn(tend_media(Arc::clone(&engine)));
        Ok(Self { scheduler, pinged: tokio::spawn(answer_pings(engine)), media })
    }

    /// Starts no further round.
    ///
    /// # Errors
    /// When the scheduler is no longer there.
    pub async fn stop(mut self) -> Result<(), JobSchedulerError> {
        self.pinged.abort();
        self.media.abort();
        self.scheduler.shutdown().await
    }
}

/// One tick of the schedule: the round that is due, if one is.
async fn tick(engine: Arc<Engine>, wanted: FullWanted) {
    if engine.is_busy() {
        tracing::debug!("a round is still under way");
        return;
    }
    let means = engine.meter().map(Meter::means);
    let standing = engine.standing().await;
    match due(engine.now(), &standing, wanted, means.as_ref()) {
        Some(due) => round(engine, due).await,
        None => tracing::trace!("the budget has this round wait"),
    }
}

/// A round whenever a ping says that there is something to read.
async fn answer_pings(engine: Arc<Engine>) {
    loop {
        engine.wake().woken().await;
        let standing = engine.standing().await;
        let now = engine.now();
        let last = standing.last_look.unwrap_or(DateTime::<Utc>::MIN_UTC);
        // The payloads, and the rows that changed.
        const COST: u64 = 2;
        let means = engine.meter().map(Meter::means);
        let next = means.map_or(last, |means| means.next_edit(now, last, COST));
        let wait = (next - now).to_std().unwrap_or_default();
        if !wait.is_zero() {
            tracing::info!(?wait, "the budget has a ping wait");
            tokio::time::sleep(wait).await;
        }
        round(Arc::clone(&engine), Due::News).await;
        tokio::time::sleep(BETWEEN_PINGS).await;
    }
}

/// Fetches and removes files whenever a round leaves some to be, beside the rounds.
async fn tend_media(engine: Arc<Engine>) {
    loop {
        engine.media_due().await;
        // In a task of its own, so that a panic ends it and not what comes after.
        let tending = Arc::clone(&engine);
        let tended = tokio::spawn(async move {
            if let Err(error) = tending.fetch_media().await {
                tracing::warn!(%error, "files can't be fetched yet");
            }
            tokio::task::spawn_blocking(move || tending.sweep_media()).await
        });
        if let Err(error) = tended.await.flatten() {
            tracing::error!(%error, "the care of files ended before its time");
        }
    }
}

/// One round. In a task of its own, so that a panic ends the round and not the schedule.
async fn round(engine: Arc<Engine>, due: Due) {
    // Both results are told: the engine logs its own, and the status shows it.
    let round = tokio::spawn(async move {
        match due {
            Due::Everything => engine.sync_once().await.is_ok(),
            Due::News => engine.look().await.is_ok(),
        }
    });
    if let Err(error) = round.await {
        tracing::error!(%error, "a round ended before its time");
    }
}

fn delta(period: Duration) -> TimeDelta {
    TimeDelta::from_std(period).unwrap_or(TimeDelta::MAX)
}
