//! Whether a service is open: the time that is asked for, and the answer.

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type, path::Parameter},
};

use crate::{
    api::{
        answer::Policy,
        params::{self, Params},
        problem::Problem,
    },
    content::{
        opening::{self, Locality, State, When},
        service,
    },
    paris,
    reference::Reference,
};

/// What the opening hours of a service say of a time.
///
/// Times are those of its place. A public holiday of which the hours say nothing leaves it unknown
/// whether the service is open, and so do hours that depend on the sun or on school holidays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// The time asked for; null for `now`.
    at: Option<DateTime<FixedOffset>>,
    /// The time zone of the place (IANA).
    #[schema(examples("Europe/Paris"))]
    time_zone: &'static str,
    /// Whether the service is open; null when its hours don't tell.
    open: Option<bool>,
    /// When that ends; null when it doesn't within a year, or is not known.
    until: Option<DateTime<FixedOffset>>,
    /// When it opens next, after having closed if it is open; null when it doesn't within a year,
    /// or is not known.
    next_opening: Option<DateTime<FixedOffset>>,
    /// What the hours say in words of that time.
    comment: Option<String>,
    /// The public holiday that the day is, in French.
    #[schema(examples("Fête nationale"))]
    holiday: Option<&'static str>,
}

/// The time that someone asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedTime {
    /// `None` is now.
    when: Option<When>,
    text: String,
}

/// The schema of a time: exactly what [`AskedTime::parse`] reads.
const DAY: &str = "(20([0-6][0-9]|7[0-5])-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)\
                   |(0[13578]|1[02])-31)|20([02468][048]|[135][26]|72)-02-29)";
const TIME: &str =
    "T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(Z|[-+](0[0-9]|1[0-4]):[0-5][0-9])?";
const EXPECTED: &str = "\"now\", or a time from 2000 to 2075 such as 2026-11-24T10:00, \
                        2026-11-24T10:00+01:00 or 2026-11-24T09:00Z";

impl AskedTime {
    /// Reads a parameter.
    ///
    /// # Errors
    /// When it is repeated or is no time.
    pub fn read(params: &Params, name: &str) -> Result<Option<Self>, Problem> {
        params.parsed(name, Self::parse, EXPECTED)
    }

    /// Reads `now`, an instant, or what the clocks show where the service is.
    fn parse(text: &str) -> Option<Self> {
        // A plus that is not escaped reaches us as a space.
        let text = text.replace(' ', "+");
        if text == "now" {
            return Some(Self { when: None, text });
        }
        let (date, clock) = text.split_once('T')?;
        let (time, offset) = match clock.find(['Z', '+', '-']) {
            Some(at) => clock.split_at_checked(at)?,
            None => (clock, ""),
        };
        let shape = |text: &str| -> String {
            text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
        };
        let is_sound = shape(date) == "0000-00-00"
            && matches!(shape(time).as_str(), "00:00" | "00:00:00")
            && matches!(shape(offset).as_str(), "" | "Z" | "+00:00" | "-00:00")
            && (2000..=2075).contains(&date.get(..4)?.parse::<u16>().ok()?);
        let seconds = if time.len() == 5 { ":00" } else { "" };
        let local: NaiveDateTime = format!("{date}T{time}{seconds}").parse().ok()?;
        let is_leap_second = time.ends_with(":60");
        let when = match offset {
            "" => When::Local(local),
            "Z" => When::Instant(local.and_utc()),
            offset => {
                let (sign, hours_minutes) = offset.split_at_checked(1)?;
                let (hours, minutes) = hours_minutes.split_once(':')?;
                let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
                let is_offset = hours <= 14 && minutes <= 59;
                let seconds = (hours * 60 + minutes) * 60;
                let seconds = if sign == "-" { -seconds } else { seconds };
                let offset = FixedOffset::east_opt(seconds).filter(|_| is_offset)?;
                When::Instant(local.and_local_timezone(offset).single()?.to_utc())
            }
        };
        (is_sound && !is_leap_second).then_some(Self { when: Some(when), text })
    }

    /// The time, given what time it is.
    pub fn when(&self, now: DateTime<Utc>) -> When {
        self.when.unwrap_or(When::Instant(now))
    }

    /// As it was asked.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Declares `at`.
pub fn at_parameter() -> Parameter {
    params::optional(
        "at",
        "Tells in `opening` whether the service is open at this time: `now`, an instant, or, without \
         an offset, what clocks show where the service is.",
        schema(),
        "2026-11-24T10:00",
    )
}

/// The schema of a time.
pub fn schema() -> Object {
    let pattern = format!("^(now|{DAY}{TIME})$");
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build()
}

/// What clocks show and which days are holidays where a service is.
pub fn locality(service: &service::Service, reference: &Reference) -> Locality {
    let seat = service.commune.and_then(|code| reference.find(code));
    seat.map_or(Locality::FRANCE, |found| Locality::of(found.commune().departement))
}

/// How long an answer may be kept that tells of `now` what held `seen`, each from one instant until
/// another: until the first change, and at most for the day in Paris. Other times don't pass.
pub fn policy(
    time: Option<&AskedTime>,
    seen: &[(DateTime<Utc>, DateTime<Utc>)],
    now: DateTime<Utc>,
) -> Policy {
    if time.is_none_or(|time| time.when.is_some()) {
        return Policy::Content;
    }
    let midnight = paris::midnight(paris::day(now)).unwrap_or(now);
    let since = seen.iter().map(|(from, _)| *from).fold(midnight, DateTime::max);
    let until = seen.iter().map(|(_, until)| *until).fold(paris::next_midnight(now), DateTime::min);
    Policy::During { since, until }
}

impl Opening {
    /// What was said of a time.
    pub fn new(said: opening::Opening, time: &AskedTime) -> Self {
        Self {
            at: time.when.map(|_| said.at.fixed_offset()),
            time_zone: said.at.timezone().name(),
            open: match said.state {
                State::Open => Some(true),
                State::Closed => Some(false),
                State::Unknown => None,
            },
            until: said.until.map(|until| until.fixed_offset()),
            next_opening: said.next_opening.map(|next| next.fixed_offset()),
            comment: said.comment.map(|comment| comment.to_string()),
            holiday: said.holiday,
        }
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn a_time_is_now_an_instant_or_what_clocks_show() {
        let pattern = Regex::new(&format!("^(now|{DAY}{TIME})$")).unwrap();
        for (text, expected) in [
            ("now", Some("now")),
            ("2026-11-24T10:00", Some("2026-11-24 10:00:00")),
            ("2026-11-24T10:00:59", Some("2026-11-24 10:00:59")),
            ("2026-11-24T10:00Z", Some("2026-11-24 10:00:00 UTC")),
            ("2026-11-24T10:00+01:00", Some("2026-11-24 09:00:00 UTC")),
            ("2026-11-24T10:00:00-04:30", Some("2026-11-24 14:30:00 UTC")),
            ("2000-02-29T00:00", Some("2000-02-29 00:00:00")),
            ("2072-02-29T23:59", Some("2072-02-29 23:59:00")),
            ("2036-02-29T23:59", Some("2036-02-29 23:59:00")),
            ("2075-12-31T23:59", Some("2075-12-31 23:59:00")),
            ("2027-02-29T10:00", None),
            ("2074-02-29T10:00", None),
            ("2026-04-31T10:00", None),
            ("2076-01-01T10:00", None),
            ("1999-12-31T10:00", None),
            ("2026-11-24T24:00", None),
            ("2026-11-24T10:60", None),
            ("2026-11-24T10:00:60", None),
            ("2026-11-24T10:00+15:00", None),
            ("2026-11-24T10:00+01:60", None),
            ("2026-11-24T10:00+0100", None),
            ("2026-11-24T1:00", None),
            ("2026-11-24", None),
            ("10:00", None),
            ("NOW", None),
            ("", None),
        ] {
            let found = AskedTime::parse(text).map(|time| match time.when {
                None => "now".to_owned(),
                Some(When::Local(local)) => local.to_string(),
                Some(When::Instant(instant)) => instant.to_string(),
            });
            assert_eq!(found.as_deref(), expected, "{text}");
            assert_eq!(pattern.is_match(text), expected.is_some(), "the schema of {text}");
        }
        let spaced = AskedTime::parse("2026-11-24T10:00 01:00").unwrap();
        assert_eq!(spaced.as_str(), "2026-11-24T10:00+01:00");
    }
}
