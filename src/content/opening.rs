//! Opening hours: whether a service is open at some time, until when, and when it opens next.
//!
//! The rules are OpenStreetMap's, and `opening-hours` reads and applies them, one day at a time. What
//! they leave open is never guessed: it is [`State::Unknown`]. So are the hours of a public holiday
//! when the rules say nothing of public holidays: an archivist who writes « Mo-Fr 09:00-17:00 »
//! seldom means the first of May.

use std::{fmt, str::FromStr, sync::Arc};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use opening_hours::{Context, OpeningHours, RuleKind};
use opening_hours_syntax::rules::{
    OpeningHoursExpression,
    day::{HolidayKind, WeekDayRange},
};

mod locality;

pub use locality::Locality;

/// Opening hours in OpenStreetMap's format
/// (<https://wiki.openstreetmap.org/wiki/Key:opening_hours>).
#[derive(Clone)]
pub struct Hours {
    text: Box<str>,
    /// `None` when a later parser can't read what an earlier one could.
    rules: Option<OpeningHours>,
}

/// The text is not in OpenStreetMap's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these are no opening hours")]
pub struct InvalidHours;

/// Four times what OpenStreetMap itself keeps: longer ones aren't opening hours, and not worth the
/// parser's time.
const LONGEST: usize = 1_000;

/// How far ahead a change is looked for, in days.
const HORIZON: u64 = 366;

/// Whether a service is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is.
    Open,
    /// It is not.
    Closed,
    /// The hours don't tell.
    Unknown,
}

/// The time of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// An instant.
    Instant(DateTime<Utc>),
    /// What the clocks show where the service is.
    Local(NaiveDateTime),
}

/// What a service's hours say of some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The time of the question, where the service is.
    pub at: DateTime<Tz>,
    /// Whether it is open.
    pub state: State,
    /// When that ends; `None` when it doesn't within a year, or the state is not known.
    pub until: Option<DateTime<Tz>>,
    /// When it opens next; if it is open now, after it has closed. `None` when it doesn't within a
    /// year.
    pub next_opening: Option<DateTime<Tz>>,
    /// What the hours say in words of that time.
    pub comment: Option<Arc<str>>,
    /// The name of the public holiday that the day is, in French.
    pub holiday: Option<&'static str>,
    /// Since when all of this holds, at the earliest from the start of the day.
    pub holds_from: DateTime<Tz>,
    /// Until when all of this holds, at the latest to the end of the day.
    pub holds_until: DateTime<Tz>,
}

/// A part of a day in which nothing changes.
#[derive(Debug, Clone)]
struct Span {
    from: NaiveDateTime,
    until: NaiveDateTime,
    state: State,
    comment: Arc<str>,
}

impl Hours {
    /// As they were written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The rules, if all that they depend on is known here: the sun and school holidays are not.
    fn rules(&self) -> Option<&OpeningHours> {
        self.rules.as_ref().filter(|rules| {
            let expression = rules.get_expression();
            let of_school = |range: &WeekDayRange| {
                matches!(range, WeekDayRange::Holiday { kind: HolidayKind::School, .. })
            };
            let follows_sun =
                expression.rules.iter().flat_map(|rule| &rule.time_selector.spans).any(|span| {
                    [&span.range.start, &span.range.end].iter().any(|t| t.as_time_event().is_some())
                });
            !follows_sun && !weekdays(&expression).any(of_school)
        })
    }
}

impl Opening {
    /// From when until when it holds.
    pub fn validity(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (self.holds_from.to_utc(), self.holds_until.to_utc())
    }
}

fn weekdays(expression: &OpeningHoursExpression) -> impl Iterator<Item = &WeekDayRange> {
    expression.rules.iter().flat_map(|rule| &rule.day_selector.weekday)
}

/// Whether the rules say what holds on public holidays.
fn tell_of_holidays(rules: &OpeningHours) -> bool {
    let expression = rules.get_expression();
    let of_holiday = |range: &WeekDayRange| {
        matches!(range, WeekDayRange::Holiday { kind: HolidayKind::Public, .. })
    };
    expression.is_constant() || weekdays(&expression).any(of_holiday)
}

/// What hours say of a time, where the service is. Without hours, nothing is known.
pub fn opening(hours: Option<&Hours>, locality: Locality, when: When) -> Opening {
    let zone = locality.zone();
    let at = match when {
        When::Instant(instant) => instant.with_timezone(&zone),
        When::Local(local) => instant(zone, local),
    };
    let local = at.naive_local();
    let mut spans = hours
        .and_then(Hours::rules)
        .into_iter()
        .flat_map(|rules| spans(rules, locality, local.date()))
        .skip_while(|span| span.until <= local);
    let now = spans.next().unwrap_or_else(|| unknown_day(local.date()));
    let mut opening = Opening {
        holds_from: instant(zone, now.from),
        holds_until: instant(zone, now.until),
        comment: (!now.comment.is_empty()).then_some(now.comment),
        holiday: locality.holiday(local.date()),
        until: None,
        next_opening: None,
        state: now.state,
        at,
    };
    let Some(next) = spans.find(|span| span.state != now.state) else { return opening };
    opening.until = (now.state != State::Unknown).then(|| instant(zone, next.from));
    let next_opening = [next].into_iter().chain(spans).find(|span| span.state == State::Open);
    opening.next_opening = next_opening.map(|span| instant(zone, span.from));
    opening
}

/// The spans from the start of a day on.
fn spans(
    rules: &OpeningHours,
    locality: Locality,
    from: NaiveDate,
) -> impl Iterator<Item = Span> + use<> {
    let context = Context::default()
        .with_holidays(locality.holidays())
        .with_holidays_unknown(locality.doubtful_holidays());
    let tell_of_holidays = tell_of_holidays(rules);
    let rules = rules.clone().with_context(context);
    let days = (0..HORIZON).filter_map(move |days| from.checked_add_days(Days::new(days)));
    days.flat_map(move |day| {
        let is_doubtful = !tell_of_holidays && locality.may_be_holiday(day);
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        let at = move |minutes: u16| midnight + TimeDelta::minutes(minutes.into());
        rules.schedule_at(day).into_iter().map(move |range| Span {
            from: at(range.range.start.mins_from_midnight()),
            until: at(range.range.end.mins_from_midnight()),
            state: match range.kind {
                RuleKind::Open if is_doubtful => State::Unknown,
                RuleKind::Open => State::Open,
                RuleKind::Closed => State::Closed,
                RuleKind::Unknown => State::Unknown,
            },
            comment: range.comment,
        })
    })
}

fn unknown_day(day: NaiveDate) -> Span {
    let from = day.and_time(chrono::NaiveTime::MIN);
    let until = from + TimeDelta::days(1);
    Span { from, until, state: State::Unknown, comment: Arc::default() }
}

/// The instant at which clocks show a time: the second one when they show it twice, and the time an
/// hour later when they skip it.
fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Tz> {
    zone.from_local_datetime(&local)
        .latest()
        .or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).latest())
        .unwrap_or_else(|| zone.from_utc_datetime(&local))
}

impl FromStr for Hours {
    type Err = InvalidHours;

    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        let rules = (text.len() <= LONGEST).then(|| text.parse().ok()).flatten();
        rules.map(|rules| Self { text: text.into(), rules: Some(rules) }).ok_or(InvalidHours)
    }
}

impl fmt::Debug for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl PartialEq for Hours {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Hours {}

impl<C> Encode<C> for Hours {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.text)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Hours {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let text = d.str()?;
        Ok(Self { text: text.into(), rules: text.parse().ok() })
    }
}

#[cfg(test)]
mod tests;
