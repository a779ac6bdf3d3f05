//! The schedule of rounds.

use std::{sync::Arc, time::Duration};

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use super::engine::Engine;

/// When a full round runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// So long after the start of the one before; a round that is still under way is not doubled.
    Every(Duration),
    /// By a cron expression with seconds, in UTC: `0 */10 * * * *`.
    Cron(String),
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

/// Rounds that run on a schedule until they are stopped.
pub struct Jobs {
    scheduler: JobScheduler,
}

impl Jobs {
    /// Starts the schedule. The first round is the caller's to run.
    ///
    /// # Errors
    /// When the cron expression can't be read, or the scheduler doesn't start.
    pub async fn start(
        engine: Arc<Engine>,
        schedule: &Schedule,
    ) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let run = move |_, _| -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
            let engine = Arc::clone(&engine);
            Box::pin(async move { round(engine).await })
        };
        let job = match schedule {
            Schedule::Every(period) => Job::new_repeated_async(*period, run)?,
            Schedule::Cron(expression) => Job::new_async(expression.as_str(), run)?,
        };
        scheduler.add(job).await?;
        scheduler.start().await?;
        Ok(Self { scheduler })
    }

    /// Starts no further round.
    ///
    /// # Errors
    /// When the scheduler is no longer there.
    pub async fn stop(mut self) -> Result<(), JobSchedulerError> {
        self.scheduler.shutdown().await
    }
}

/// One scheduled round. In a task of its own, so that a panic ends the round and not the schedule.
async fn round(engine: Arc<Engine>) {
    if engine.is_busy() {
        tracing::debug!("a round is still under way");
        return;
    }
    // Both results are told: the engine logs its own, and the status shows it.
    let round = tokio::spawn(async move { engine.sync_once().await.is_ok() });
    if let Err(error) = round.await {
        tracing::error!(%error, "a round ended before its time");
    }
}
