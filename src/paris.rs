//! The legal time of France: the day of a question, and when that day ends.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::Paris;

/// The day that it is in Paris.
pub fn day(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&Paris).date_naive()
}

/// The next midnight in Paris, when answers that depend on the day may change.
pub fn next_midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    day(now).checked_add_days(Days::new(1)).and_then(midnight).unwrap_or(now)
}

/// When a day starts in Paris; `None` at the end of the calendar.
pub fn midnight(day: NaiveDate) -> Option<DateTime<Utc>> {
    // Clocks change at two or three in the morning, so there is one midnight a day.
    let midnight = Paris.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest()?;
    Some(midnight.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_in_paris() {
        for (now, today, midnight) in [
            ("2026-11-23T12:00:00Z", "2026-11-23", "2026-11-23T23:00:00Z"),
            ("2026-11-23T23:00:00Z", "2026-11-24", "2026-11-24T23:00:00Z"),
            ("2026-07-01T21:59:59Z", "2026-07-01", "2026-07-01T22:00:00Z"),
            ("2026-07-01T22:00:00Z", "2026-07-02", "2026-07-02T22:00:00Z"),
            // The days on which clocks change have 23 and 25 hours.
            ("2026-03-28T23:30:00Z", "2026-03-29", "2026-03-29T22:00:00Z"),
            ("2026-10-24T22:30:00Z", "2026-10-25", "2026-10-25T23:00:00Z"),
        ] {
            let now: DateTime<Utc> = now.parse().unwrap();
            assert_eq!(day(now).to_string(), today);
            assert_eq!(super::midnight(day(now)).map(day), Some(day(now)));
            assert_eq!(next_midnight(now), midnight.parse::<DateTime<Utc>>().unwrap());
        }
    }
}
