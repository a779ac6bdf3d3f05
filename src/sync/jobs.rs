//! The jobs: rounds on a schedule and at a ping, each when the budget lets it be.

mod schedule;
mod watchdog;

use std::{pin::Pin, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::CancellationToken;

pub use self::schedule::{Schedule, Schedules};
use self::watchdog::overdue;
use super::{
    budget::Meter,
    engine::Engine,
    plan::{Due, FullWanted, due, next_look},
};

/// Rounds that run on a schedule and at pings until they are stopped.
pub struct Jobs {
    stopping: CancellationToken,
    scheduled: JoinHandle<Result<(), JobSchedulerError>>,
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
        let wanted = match &schedules.full {
            Schedule::Every(period) => FullWanted::Every(delta(*period)),
            Schedule::Cron(_) => FullWanted::Later,
        };
        let ticker = Ticker {
            engine: Arc::clone(&engine),
            schedules: schedules.clone(),
            wanted: Arc::new(ArcSwap::from_pointee(wanted)),
            ticked: Arc::default(),
        };
        let scheduler = ticker.schedule().await?;
        let teller = ticker.clone();
        tokio::spawn(async move { teller.tell_next_round().await });
        let stopping = CancellationToken::new();
        let scheduled = tokio::spawn(ticker.keep_scheduled(scheduler, stopping.clone()));
        let media = tokio::spawn(tend_media(Arc::clone(&engine)));
        Ok(Self { stopping, scheduled, pinged: tokio::spawn(answer_pings(engine)), media })
    }

    /// Starts no further round.
    ///
    /// # Errors
    /// When the scheduler is no longer there.
    pub async fn stop(self) -> Result<(), JobSchedulerError> {
        self.pinged.abort();
        self.media.abort();
        self.stopping.cancel();
        self.scheduled.await.map_err(|_| JobSchedulerError::Shutdown)?
    }
}

/// What the schedule does, and what is needed to start it anew.
#[derive(Clone)]
struct Ticker {
    engine: Arc<Engine>,
    schedules: Schedules,
    wanted: Arc<ArcSwap<FullWanted>>,
    /// Told at each tick.
    ticked: Arc<Notify>,
}

impl Ticker {
    async fn schedule(&self) -> Result<JobScheduler, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        if let Schedule::Cron(expression) = &self.schedules.full {
            let (engine, wanted) = (Arc::clone(&self.engine), Arc::clone(&self.wanted));
            let ask = move |_, _| wanted.store(Arc::new(FullWanted::Since(engine.now())));
            scheduler.add(Job::new(expression.as_str(), ask)?).await?;
        }
        let ticker = self.clone();
        let tick = move |_, _| -> Running {
            let ticker = ticker.clone();
            Box::pin(async move { ticker.tick().await })
        };
        let job = match &self.schedules.look {
            Schedule::Every(period) => Job::new_repeated_async(*period, tick)?,
            Schedule::Cron(expression) => Job::new_async(expression.as_str(), tick)?,
        };
        scheduler.add(job).await?;
        scheduler.start().await?;
        Ok(scheduler)
    }

    /// Starts the schedule anew whenever it stops ticking: a repeated job is known to be dropped
    /// (<https://github.com/mvniekerk/tokio-cron-scheduler/issues/113>), and content would grow old in
    /// silence.
    async fn keep_scheduled(
        self,
        mut scheduler: JobScheduler,
        stopping: CancellationToken,
    ) -> Result<(), JobSchedulerError> {
        // By the system's clock, as the scheduler does.
        let next_tick = || self.schedules.look.time_to_next(Utc::now());
        loop {
            tokio::select! {
                () = stopping.cancelled() => return scheduler.shutdown().await,
                () = overdue(&self.ticked, next_tick) => {}
            }
            tracing::error!("a round was due and the schedule did not run it; it is started anew");
            match self.schedule().await {
                Ok(anew) => {
                    let mut stuck = std::mem::replace(&mut scheduler, anew);
                    if let Err(error) = stuck.shutdown().await {
                        tracing::warn!(%error, "the former schedule does not stop");
                    }
                }
                Err(error) => tracing::error!(%error, "the schedule can't be started anew yet"),
            }
            let late = self.clone();
            tokio::spawn(async move { late.tick().await });
        }
    }

    /// One tick of the schedule: the round that is due, if one is.
    async fn tick(&self) {
        self.ticked.notify_one();
        let engine = &self.engine;
        if engine.is_busy() {
            tracing::debug!("a round is still under way");
            return;
        }
        let means = engine.meter().map(Meter::means);
        let standing = engine.standing().await;
        match due(engine.now(), &standing, **self.wanted.load(), means.as_ref()) {
            Some(due) => round(Arc::clone(engine), due).await,
            None => tracing::trace!("the budget has this round wait"),
        }
        self.tell_next_round().await;
    }

    /// Tells by when a round is to be expected, so that one that doesn't come is noticed.
    async fn tell_next_round(&self) {
        let standing = self.engine.standing().await;
        let means = self.engine.meter().map(Meter::means);
        let affordable = means.and_then(|means| next_look(&standing, **self.wanted.load(), &means));
        let after = affordable.max(standing.last_look).max(Some(self.engine.now()));
        if let Some(next) = after.and_then(|after| self.schedules.look.next_after(after)) {
            self.engine.live().expect_round(next);
        }
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
