//! When something is done again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use croner::{
    Cron,
    errors::CronError,
    parser::{CronParser, Seconds},
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
    /// Tells whether it can be kept.
    ///
    /// # Errors
    /// When the cron expression can't be read.
    pub fn check(&self) -> Result<(), CronError> {
        match self {
            Self::Every(_) => Ok(()),
            Self::Cron(expression) => parse(expression).map(drop),
        }
    }

    /// The next time after an instant; `None` if there is none.
    pub fn next_after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Every(period) => instant.checked_add_signed(TimeDelta::from_std(*period).ok()?),
            Self::Cron(expression) => {
                parse(expression).ok()?.find_next_occurrence(&instant, false).ok()
            }
        }
    }

    /// How long it is from `now` to the next time; `None` if there is none.
    pub fn time_to_next(&self, now: DateTime<Utc>) -> Option<Duration> {
        (self.next_after(now)? - now).to_std().ok()
    }
}

/// As the scheduler does.
fn parse(expression: &str) -> Result<Cron, CronError> {
    let parser = CronParser::builder().seconds(Seconds::Required).dom_and_dow(true).build();
    parser.parse(expression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time_is_after_the_instant() {
        for (schedule, instant, expected) in [
            (
                Schedule::Every(Duration::from_secs(30)),
                "2026-11-23T12:00:00Z",
                "2026-11-23T12:00:30Z",
            ),
            (
                Schedule::Cron("0 */10 * * * *".into()),
                "2026-11-23T12:00:00Z",
                "2026-11-23T12:10:00Z",
            ),
            (
                Schedule::Cron("0 */10 * * * *".into()),
                "2026-11-23T12:09:59Z",
                "2026-11-23T12:10:00Z",
            ),
            // Both the thirteenth and a Friday, as the scheduler has it.
            (
                Schedule::Cron("0 0 3 13 * Fri".into()),
                "2026-11-23T12:00:00Z",
                "2027-08-13T03:00:00Z",
            ),
        ] {
            let next = schedule.next_after(instant.parse().unwrap()).unwrap();
            assert_eq!(next, expected.parse::<DateTime<Utc>>().unwrap(), "{schedule:?} {instant}");
        }
        assert_eq!(Schedule::Every(Duration::MAX).next_after(Utc::now()), None);
        assert!(Schedule::Cron("*/10 * * * *".into()).check().is_err(), "without seconds");
    }
}
