//! Dates in formulas: reading, writing with Moment's format letters, units.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};

use super::value::EvalError;

/// Reads ISO 8601, with or without time, seconds and zone (UTC when absent).
pub(crate) fn parse_iso(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Some(date.to_utc());
    }
    for format in
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    {
        if let Ok(date) = NaiveDateTime::parse_from_str(text, format) {
            return Some(date.and_utc());
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_time(chrono::NaiveTime::MIN).and_utc())
}

/// Moment's letters and chrono's, the longest first where one begins another.
const LETTERS: &[(&str, &str)] = &[
    ("YYYY", "%Y"),
    ("YY", "%y"),
    ("MMMM", "%B"),
    ("MMM", "%b"),
    ("MM", "%m"),
    ("M", "%-m"),
    ("DDDD", "%j"),
    ("DD", "%d"),
    ("D", "%-d"),
    ("dddd", "%A"),
    ("ddd", "%a"),
    ("HH", "%H"),
    ("H", "%-H"),
    ("hh", "%I"),
    ("h", "%-I"),
    ("mm", "%M"),
    ("m", "%-M"),
    ("ss", "%S"),
    ("s", "%-S"),
    ("SSS", "%3f"),
    ("A", "%p"),
    ("a", "%P"),
    ("X", "%s"),
    ("WW", "%V"),
    ("ZZ", "%z"),
    ("Z", "%:z"),
    ("LL", "%B %-d, %Y"),
    ("L", "%m/%d/%Y"),
];

/// Turns Moment's format into chrono's. Text in brackets stays as it is.
fn strftime(moment: &str) -> String {
    let mut out = String::new();
    let mut rest = moment;
    while let Some(first) = rest.chars().next() {
        if let Some((literal, after)) =
            rest.strip_prefix('[').and_then(|inner| inner.split_once(']'))
        {
            out.push_str(&literal.replace('%', "%%"));
            rest = after;
        } else if let Some((letters, format)) =
            LETTERS.iter().find(|(letters, _)| rest.starts_with(letters))
        {
            out.push_str(format);
            rest = &rest[letters.len()..];
        } else {
            out.push_str(if first == '%' { "%%" } else { "" });
            if first != '%' {
                out.push(first);
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

pub(crate) fn format(date: DateTime<Utc>, moment: &str) -> String {
    date.format(&strftime(moment)).to_string()
}

pub(crate) fn parse(text: &str, moment: &str) -> Option<DateTime<Utc>> {
    let format = strftime(moment);
    NaiveDateTime::parse_from_str(text, &format)
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, &format).ok()?.and_hms_opt(0, 0, 0))
        .map(|date| date.and_utc())
}

/// A unit of time, as the functions on dates take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Quarters,
    Years,
}

impl Unit {
    pub(crate) fn parse(text: &str) -> Result<Self, EvalError> {
        Ok(match text {
            "milliseconds" | "millisecond" | "ms" => Self::Milliseconds,
            "seconds" | "second" | "s" => Self::Seconds,
            "minutes" | "minute" | "m" => Self::Minutes,
            "hours" | "hour" | "h" => Self::Hours,
            "days" | "day" | "d" => Self::Days,
            "weeks" | "week" | "w" => Self::Weeks,
            "months" | "month" | "M" => Self::Months,
            "quarters" | "quarter" | "Q" => Self::Quarters,
            "years" | "year" | "y" => Self::Years,
            other => return Err(EvalError(format!("{other:?} is not a unit of time"))),
        })
    }

    fn fixed_ms(self) -> Option<i64> {
        Some(match self {
            Self::Milliseconds => 1,
            Self::Seconds => 1_000,
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
            Self::Weeks => 604_800_000,
            Self::Months | Self::Quarters | Self::Years => return None,
        })
    }

    fn months(self) -> i64 {
        match self {
            Self::Quarters => 3,
            Self::Years => 12,
            _ => 1,
        }
    }
}

pub(crate) fn add(date: DateTime<Utc>, count: i64, unit: Unit) -> Option<DateTime<Utc>> {
    match unit.fixed_ms() {
        Some(ms) => date.checked_add_signed(TimeDelta::try_milliseconds(count.checked_mul(ms)?)?),
        None => {
            let months = count.checked_mul(unit.months())?;
            let step = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
            if months < 0 { date.checked_sub_months(step) } else { date.checked_add_months(step) }
        }
    }
}

/// Whole units from `b` to `a`, towards zero.
pub(crate) fn difference(a: DateTime<Utc>, b: DateTime<Utc>, unit: Unit) -> i64 {
    if let Some(ms) = unit.fixed_ms() {
        return (a - b).num_milliseconds() / ms;
    }
    let (from, to, sign) = if a < b { (a, b, -1) } else { (b, a, 1) };
    let calendar =
        i64::from(to.year() - from.year()) * 12 + i64::from(to.month()) - i64::from(from.month());
    let reached = add(from, calendar, Unit::Months).is_some_and(|date| date <= to);
    sign * (calendar - i64::from(!reached)) / unit.months()
}

/// The start of the unit in which the instant falls.
pub(crate) fn floor(date: DateTime<Utc>, unit: Unit) -> (i32, u32, i64) {
    let month = date.month0();
    match unit {
        Unit::Years => (date.year(), 0, 0),
        Unit::Quarters => (date.year(), month / 3, 0),
        Unit::Months => (date.year(), month, 0),
        Unit::Weeks => {
            let week = date.date_naive().week(chrono::Weekday::Sun).first_day();
            (week.year(), week.ordinal(), 0)
        }
        Unit::Days => (date.year(), date.ordinal(), 0),
        Unit::Hours => (date.year(), date.ordinal(), i64::from(date.hour())),
        Unit::Minutes => {
            (date.year(), date.ordinal(), i64::from(date.num_seconds_from_midnight() / 60))
        }
        Unit::Seconds => (date.year(), date.ordinal(), i64::from(date.num_seconds_from_midnight())),
        Unit::Milliseconds => (date.year(), 0, date.timestamp_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_dates_are_read_with_and_without_time() {
        for text in
            ["2026-11-23", "2026-11-23T00:00:00Z", "2026-11-23 00:00", "2026-11-23T01:00:00+01:00"]
        {
            assert_eq!(parse_iso(text).unwrap().timestamp(), 1_795_392_000, "{text}");
        }
        assert_eq!(parse_iso("23/11/2026"), None);
    }

    #[test]
    fn moment_formats_write_and_read_back() {
        let date = parse_iso("2026-03-05T14:07:09Z").unwrap();
        for (moment, expected) in [
            ("YYYY-MM-DD", "2026-03-05"),
            ("D/M/YY H:mm", "5/3/26 14:07"),
            ("[le] DD MMMM YYYY", "le 05 March 2026"),
            ("h:mm a", "2:07 pm"),
            ("100%", "100%"),
        ] {
            assert_eq!(format(date, moment), expected);
        }
        assert_eq!(
            parse("05/03/2026", "DD/MM/YYYY").map(|d| d.to_rfc3339()).as_deref(),
            Some("2026-03-05T00:00:00+00:00")
        );
    }

    #[test]
    fn months_are_counted_by_the_calendar() {
        let day = |text| parse_iso(text).unwrap();
        assert_eq!(difference(day("2026-03-31"), day("2026-02-28"), Unit::Months), 1);
        assert_eq!(difference(day("2026-03-27"), day("2026-02-28"), Unit::Months), 0);
        assert_eq!(difference(day("2024-01-01"), day("2026-01-01"), Unit::Years), -2);
        assert_eq!(add(day("2026-01-31"), 1, Unit::Months), Some(day("2026-02-28")));
    }
}
