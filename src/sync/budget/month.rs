//! A calendar month in UTC.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

/// A calendar month in UTC, written `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    first: NaiveDate,
}

impl Month {
    /// The month in which an instant is.
    pub fn of(instant: DateTime<Utc>) -> Self {
        let day = instant.date_naive();
        Self { first: day.with_day(1).unwrap_or(day) }
    }

    /// Its first instant.
    pub fn start(self) -> DateTime<Utc> {
        self.first.and_time(NaiveTime::MIN).and_utc()
    }

    /// The first instant of the next one.
    pub fn end(self) -> DateTime<Utc> {
        let next = self.first.checked_add_months(Months::new(1));
        next.map_or(DateTime::<Utc>::MAX_UTC, |day| day.and_time(NaiveTime::MIN).and_utc())
    }

    /// How long it is from an instant to its end, in seconds; no more than the whole month.
    pub fn seconds_left(self, from: DateTime<Utc>) -> f64 {
        (self.end() - from.clamp(self.start(), self.end())).as_seconds_f64()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first.format("%Y-%m"))
    }
}

/// Not a month such as `2026-11`.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a month such as 2026-11")]
pub struct NotAMonth(String);

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let first = format!("{text}-01").parse().map_err(|_| NotAMonth(text.to_owned()))?;
        Ok(Self { first })
    }
}

impl TryFrom<String> for Month {
    type Error = NotAMonth;

    fn try_from(text: String) -> Result<Self, NotAMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_the_bounds_of_the_calendar_in_utc() {
        for (instant, month, end, days) in [
            ("2026-11-23T12:00:00Z", "2026-11", "2026-12-01T00:00:00Z", 30.0),
            ("2026-12-31T23:59:59.999Z", "2026-12", "2027-01-01T00:00:00Z", 31.0),
            ("2028-02-01T00:00:00Z", "2028-02", "2028-03-01T00:00:00Z", 29.0),
        ] {
            let found = Month::of(instant.parse().unwrap());
            assert_eq!(found, month.parse().unwrap());
            assert_eq!(found.to_string(), month);
            assert_eq!(found.end(), end.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(found.seconds_left(found.start()), days * 86_400.0);
            assert_eq!(found.seconds_left(DateTime::<Utc>::MIN_UTC), days * 86_400.0);
            assert_eq!(found.seconds_left(DateTime::<Utc>::MAX_UTC), 0.0);
        }
    }

    #[test]
    fn it_is_read_as_it_is_written_and_nothing_else_is() {
        let month: Month = "2026-02".parse().unwrap();
        let json = serde_json::to_string(&month).unwrap();
        assert_eq!(json, r#""2026-02""#);
        assert_eq!(serde_json::from_str::<Month>(&json).unwrap(), month);
        for text in ["", "2026", "2026-13", "2026-02-01", "février"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
