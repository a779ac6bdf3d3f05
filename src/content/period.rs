//! Periods as archivists write them, and as days once the day of the question is known.

use std::ops::RangeInclusive;

use chrono::{Datelike, Months, NaiveDate};
use minicbor::{Decode, Decoder, Encode, decode};

use super::stored;

/// One end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(flat)]
pub enum Bound {
    /// No limit on this side.
    #[n(0)]
    Open,
    /// This day, included.
    #[n(1)]
    Day(#[cbor(n(0), with = "stored::foreign")] NaiveDate),
    /// So many years before the day of the question.
    ///
    /// As an end, the last day that is that old: a deed of 75 years ago today is 75 years old. As a
    /// start, the day after, so that « jusqu'à 75 ans » and « depuis 75 ans » meet without overlap.
    #[n(2)]
    YearsAgo(#[cbor(n(0), decode_with = "decode_years_ago")] u16),
}

/// The side of a period that a text stands for: a year means its first day in *Du*, its last in
/// *Au*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// *Du*.
    From,
    /// *Au*.
    Until,
}

/// A text that is no date as archivists write them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a date such as 1908, 1908-07, 1908-07-01, 01/07/1908 or « 75 ans »")]
pub struct InvalidBound {
    /// The text as found, cut to 60 characters.
    pub found: String,
}

/// Oldest and newest years believed: outside, it is a slip of the keyboard.
const YEARS: RangeInclusive<i32> = 500..=2200;

/// Ages believed, in years.
const YEARS_AGO: RangeInclusive<u16> = 1..=500;

/// Whether a day may be that of a document, or of a check made by an archivist.
pub fn is_believable(day: NaiveDate) -> bool {
    YEARS.contains(&day.year())
}

fn decode_years_ago<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<u16, decode::Error> {
    let at = d.position();
    let years = d.u16()?;
    if YEARS_AGO.contains(&years) {
        return Ok(years);
    }
    Err(decode::Error::message(format_args!("an age of {years} years")).at(at))
}

impl Bound {
    /// Reads what an archivist typed.
    ///
    /// Accepts `1908`, `1908-07`, `1908-07-01`, `01/07/1908`, `75 ans` and the empty text (open).
    ///
    /// # Errors
    /// When the text is none of these, or no real day.
    pub fn parse(text: &str, side: Side) -> Result<Self, InvalidBound> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Open);
        }
        rolling(text)
            .or_else(|| calendar(text, side).map(Self::Day))
            .ok_or_else(|| InvalidBound { found: text.chars().take(60).collect() })
    }

    /// The first day of a period that starts here; `None` is the beginning of time.
    pub fn first_day(self, today: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Open => None,
            Self::Day(day) => Some(day),
            Self::YearsAgo(years) => years_before(today, years).and_then(|day| day.succ_opt()),
        }
    }

    /// The last day of a period that ends here; `None` is the end of time.
    pub fn last_day(self, today: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Open => None,
            Self::Day(day) => Some(day),
            Self::YearsAgo(years) => years_before(today, years),
        }
    }
}

/// The same day so many years earlier; the 29th of February becomes the 28th.
fn years_before(today: NaiveDate, years: u16) -> Option<NaiveDate> {
    today.checked_sub_months(Months::new(u32::from(years) * 12))
}

/// The first day on which something of that day is so many years old. After a 29th of February, that
/// is the 1st of March of a common year.
pub fn day_of_age(day: NaiveDate, years: u16) -> Option<NaiveDate> {
    let anniversary = day.checked_add_months(Months::new(u32::from(years) * 12))?;
    match years_before(anniversary, years) {
        Some(then) if then < day => anniversary.succ_opt(),
        _ => Some(anniversary),
    }
}

fn rolling(text: &str) -> Option<Bound> {
    let number = text.strip_suffix("ans").or_else(|| text.strip_suffix("an"))?;
    number.trim().parse().ok().filter(|years| YEARS_AGO.contains(years)).map(Bound::YearsAgo)
}

fn calendar(text: &str, side: Side) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !parts.iter().all(is_number) {
        return None;
    }
    let day = match (parts.as_slice(), text.contains('/')) {
        ([year], false) => match side {
            Side::From => day(year, "1", "1"),
            Side::Until => day(year, "12", "31"),
        },
        ([year, month], false) => edge_of_month(year, month, side),
        ([month, year], true) => edge_of_month(year, month, side),
        ([year, month, date], false) => day(year, month, date),
        ([date, month, year], true) => day(year, month, date),
        _ => None,
    }?;
    Some(day)
}

fn edge_of_month(year: &str, month: &str, side: Side) -> Option<NaiveDate> {
    let first = day(year, month, "1")?;
    match side {
        Side::From => Some(first),
        Side::Until => first.checked_add_months(Months::new(1))?.pred_opt(),
    }
}

fn day(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let year = year.parse().ok().filter(|year| YEARS.contains(year))?;
    NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
}

/// From one bound to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Period {
    /// *Du*.
    #[n(0)]
    pub from: Bound,
    /// *Au*.
    #[n(1)]
    pub until: Bound,
}

impl Period {
    /// Every day there is.
    pub const ALWAYS: Self = Self { from: Bound::Open, until: Bound::Open };

    /// The period in days; `None` when it is empty on that day.
    pub fn resolve(self, today: NaiveDate) -> Option<Days> {
        Days::new(self.from.first_day(today), self.until.last_day(today))
    }

    /// Whether the answer drawn from it changes from one day to the next.
    pub fn is_rolling(self) -> bool {
        matches!(self.from, Bound::YearsAgo(_)) || matches!(self.until, Bound::YearsAgo(_))
    }

    /// Whether it is empty on every day: both ends are days, or ages, in the wrong order.
    pub fn is_reversed(self) -> bool {
        match (self.from, self.until) {
            (Bound::Day(from), Bound::Day(until)) => from > until,
            (Bound::YearsAgo(from), Bound::YearsAgo(until)) => from <= until,
            _ => false,
        }
    }
}

/// A run of days, both ends included, never empty. `None` is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Days {
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

impl Days {
    /// Every day there is.
    pub const ALL: Self = Self { from: None, until: None };

    /// `None` when the end comes before the start.
    pub fn new(from: Option<NaiveDate>, until: Option<NaiveDate>) -> Option<Self> {
        let is_empty = matches!((from, until), (Some(from), Some(until)) if from > until);
        (!is_empty).then_some(Self { from, until })
    }

    /// A single day.
    pub fn only(day: NaiveDate) -> Self {
        Self { from: Some(day), until: Some(day) }
    }

    /// First day, unless open.
    pub fn from(self) -> Option<NaiveDate> {
        self.from
    }

    /// Last day, unless open.
    pub fn until(self) -> Option<NaiveDate> {
        self.until
    }

    /// Whether the day is one of them.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// The days in both.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let from = match (self.from, other.from) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self::new(from, until)
    }

    /// Whether every day of the other is one of these.
    pub fn covers(self, other: Self) -> bool {
        self.intersection(other) == Some(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_archivists_write() {
        let day = |text| Some(Bound::Day(date(text)));
        for (text, from, until) in [
            ("", Some(Bound::Open), Some(Bound::Open)),
            ("  ", Some(Bound::Open), Some(Bound::Open)),
            ("1908", day("1908-01-01"), day("1908-12-31")),
            ("1908-07", day("1908-07-01"), day("1908-07-31")),
            ("02/1908", day("1908-02-01"), day("1908-02-29")),
            ("1908-07-01", day("1908-07-01"), day("1908-07-01")),
            ("01/07/2015", day("2015-07-01"), day("2015-07-01")),
            ("1/7/2015", day("2015-07-01"), day("2015-07-01")),
            (" 75 ans ", Some(Bound::YearsAgo(75)), Some(Bound::YearsAgo(75))),
            ("75ans", Some(Bound::YearsAgo(75)), Some(Bound::YearsAgo(75))),
            ("1 an", Some(Bound::YearsAgo(1)), Some(Bound::YearsAgo(1))),
            ("0 ans", None, None),
            ("31/02/1950", None, None),
            ("1908-13", None, None),
            ("08", None, None),
            ("19088", None, None),
            ("0001", None, None),
            ("vers 1908", None, None),
            ("1908-", None, None),
            ("1908-07-01-02", None, None),
            ("٣٠/٠٦/٢٠١٥", None, None),
            ("+1908", None, None),
            ("99999999999999 ans", None, None),
        ] {
            assert_eq!(Bound::parse(text, Side::From).ok(), from, "Du {text:?}");
            assert_eq!(Bound::parse(text, Side::Until).ok(), until, "Au {text:?}");
        }
    }

    #[test]
    fn an_error_shows_the_text_and_what_is_accepted() {
        let error = Bound::parse("vers 1908", Side::From).unwrap_err().to_string();
        assert!(error.starts_with("\"vers 1908\" is not a date such as 1908"), "{error}");
    }

    #[test]
    fn rolling_bounds_meet_without_overlap_or_gap() {
        for today in ["2026-11-23", "2024-02-29", "2025-03-01"] {
            let today = date(today);
            let old = Period { from: Bound::Open, until: Bound::YearsAgo(75) };
            let recent = Period { from: Bound::YearsAgo(75), until: Bound::Open };
            let (old, recent) = (old.resolve(today).unwrap(), recent.resolve(today).unwrap());
            assert_eq!(old.until().unwrap().succ_opt(), recent.from());
            assert_eq!(old.intersection(recent), None);
        }
    }

    #[test]
    fn ages_in_the_wrong_order_are_reversed() {
        let ages =
            |from, until| Period { from: Bound::YearsAgo(from), until: Bound::YearsAgo(until) };
        assert!(ages(75, 100).is_reversed() && ages(75, 75).is_reversed());
        assert!(!ages(100, 75).is_reversed());
    }

    #[test]
    fn a_day_of_age_is_the_first_on_which_the_age_is_reached() {
        for day in ["1952-02-29", "1952-02-28", "1952-03-01", "1951-12-31"] {
            for years in [25, 50, 75, 100] {
                let opens = day_of_age(date(day), years).unwrap();
                let reached = |today: NaiveDate| years_before(today, years) >= Some(date(day));
                assert!(reached(opens) && !reached(opens.pred_opt().unwrap()), "{day} + {years}");
            }
        }
    }

    #[test]
    fn a_period_may_be_empty_only_on_some_days() {
        let period = Period { from: Bound::Day(date("1950-01-01")), until: Bound::YearsAgo(75) };
        assert_eq!(period.resolve(date("2020-01-01")), None);
        assert!(period.resolve(date("2026-01-01")).is_some());
        assert!(!period.is_reversed());
        assert!(period.is_rolling());
    }
}
