//! Noticing a schedule that no longer ticks.

use std::time::Duration;

use tokio::{sync::Notify, time::timeout};

/// How late a tick may come before it is missed: the scheduler looks twice a second, and waits while
/// a large release is built.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends when a tick is overdue. After each tick, `time_to_next` tells when the next one is due;
/// `None` is never.
pub(super) async fn overdue(ticked: &Notify, time_to_next: impl Fn() -> Option<Duration>) {
    loop {
        let Some(due) = time_to_next() else { return std::future::pending().await };
        if timeout(due.saturating_add(PATIENCE), ticked.notified()).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::{Instant, sleep};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// How long it takes until a tick is overdue, when so many come at this interval.
    async fn noticed_after(ticks: u32, interval: Duration) -> Duration {
        let started = Instant::now();
        let ticked = Arc::new(Notify::new());
        let ticking = Arc::clone(&ticked);
        tokio::spawn(async move {
            for _ in 0..ticks {
                sleep(interval).await;
                ticking.notify_one();
            }
        });
        overdue(&ticked, || Some(10 * MINUTE)).await;
        started.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_is_overdue_a_minute_after_it_was_due() {
        for (ticks, interval, minutes) in [
            (0, MINUTE, 11),
            (3, 10 * MINUTE, 41),
            // Each a little late, and then none.
            (3, 10 * MINUTE + MINUTE / 2, 42),
            // Too late: the first is missed.
            (3, 12 * MINUTE, 11),
        ] {
            let found = noticed_after(ticks, interval).await;
            assert_eq!(found.as_secs() / 60, minutes, "{ticks} ticks at {interval:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_schedule_without_a_next_time_is_never_overdue() {
        let ticked = Notify::new();
        assert!(timeout(10_000 * MINUTE, overdue(&ticked, || None)).await.is_err());
    }
}
