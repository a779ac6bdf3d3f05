use proptest::prelude::*;

use super::*;

const WEEK: &str = "Mo-Fr 09:00-12:30,13:30-17:00; PH off";

fn locality(departement: &str) -> Locality {
    Locality::of(departement.parse().unwrap())
}

fn hours(text: &str) -> Hours {
    text.parse().unwrap()
}

/// `open until 2026-11-23T17:00:00+01:00, then from …`: all that is said of a time.
fn said(text: &str, departement: &str, local: &str) -> String {
    let when = When::Local(local.parse().unwrap());
    let opening = opening(Some(&hours(text)), locality(departement), when);
    let time = |time: Option<DateTime<Tz>>| {
        time.map_or("-".to_owned(), |time| time.format("%a %d %b %H:%M %z").to_string())
    };
    let state = match opening.state {
        State::Open => "open",
        State::Closed => "closed",
        State::Unknown => "unknown",
    };
    let words = [opening.comment.as_deref(), opening.holiday];
    let words: String = words.into_iter().flatten().map(|word| format!(", {word}")).collect();
    format!("{state} until {}, next {}{words}", time(opening.until), time(opening.next_opening))
}

#[test]
fn hours_say_whether_until_when_and_when_next() {
    for (text, departement, local, expected) in [
        // A Monday; the lunch break; the weekend.
        (
            WEEK,
            "35",
            "2026-11-23T10:00:00",
            "open until Mon 23 Nov 12:30 +0100, next Mon 23 Nov 13:30 +0100",
        ),
        (
            WEEK,
            "35",
            "2026-11-23T12:30:00",
            "closed until Mon 23 Nov 13:30 +0100, next Mon 23 Nov 13:30 +0100",
        ),
        (
            WEEK,
            "35",
            "2026-11-27T17:00:00",
            "closed until Mon 30 Nov 09:00 +0100, next Mon 30 Nov 09:00 +0100",
        ),
        // Over midnight.
        (
            "Fr 20:00-02:00; PH off",
            "35",
            "2026-11-28T01:00:00",
            "open until Sat 28 Nov 02:00 +0100, next Fri 04 Dec 20:00 +0100",
        ),
        // Holidays: 1 May, 14 July, Easter Monday; then the day after.
        (
            WEEK,
            "35",
            "2026-05-01T10:00:00",
            "closed until Mon 04 May 09:00 +0200, next Mon 04 May 09:00 +0200, Fête du travail",
        ),
        (
            WEEK,
            "35",
            "2026-07-14T10:00:00",
            "closed until Wed 15 Jul 09:00 +0200, next Wed 15 Jul 09:00 +0200, Fête nationale",
        ),
        (
            WEEK,
            "35",
            "2026-04-06T10:00:00",
            "closed until Tue 07 Apr 09:00 +0200, next Tue 07 Apr 09:00 +0200, Lundi de Pâques",
        ),
        (
            "PH 10:00-11:00",
            "35",
            "2026-05-14T10:30:00",
            "open until Thu 14 May 11:00 +0200, next Mon 25 May 10:00 +0200, Ascension",
        ),
        // Rules that are silent on holidays leave them open to doubt.
        (
            "Mo-Fr 09:00-17:00",
            "35",
            "2026-05-25T10:00:00",
            "unknown until -, next Tue 26 May 09:00 +0200, Lundi de Pentecôte",
        ),
        ("24/7", "35", "2026-05-25T10:00:00", "open until -, next -, Lundi de Pentecôte"),
        // Good Friday is a holiday in Strasbourg, and not in Rennes.
        (
            WEEK,
            "67",
            "2026-04-03T10:00:00",
            "closed until Tue 07 Apr 09:00 +0200, next Tue 07 Apr 09:00 +0200, Vendredi saint",
        ),
        (
            WEEK,
            "35",
            "2026-04-03T10:00:00",
            "open until Fri 03 Apr 12:30 +0200, next Fri 03 Apr 13:30 +0200",
        ),
        (
            WEEK,
            "57",
            "2025-12-26T10:00:00",
            "closed until Mon 29 Dec 09:00 +0100, next Mon 29 Dec 09:00 +0100, Saint-Étienne",
        ),
        // Overseas: local time, and a holiday of the place.
        (
            WEEK,
            "974",
            "2026-11-23T10:00:00",
            "open until Mon 23 Nov 12:30 +0400, next Mon 23 Nov 13:30 +0400",
        ),
        (
            WEEK,
            "971",
            "2026-05-27T10:00:00",
            "closed until Thu 28 May 09:00 -0400, next Thu 28 May 09:00 -0400, \
             Abolition de l'esclavage",
        ),
        (WEEK, "988", "2026-09-24T10:00:00", "unknown until -, next Fri 25 Sep 09:00 +1100"),
        // Clocks change on Sundays: 29 March and 25 October 2026 in Paris.
        (
            "Su 01:00-04:00",
            "35",
            "2026-03-29T01:30:00",
            "open until Sun 29 Mar 04:00 +0200, next Sun 05 Apr 01:00 +0200",
        ),
        (
            "Su 02:30-04:00",
            "35",
            "2026-03-29T00:00:00",
            "closed until Sun 29 Mar 03:30 +0200, next Sun 29 Mar 03:30 +0200",
        ),
        (
            "Su 08:00-09:00",
            "35",
            "2026-10-24T12:00:00",
            "closed until Sun 25 Oct 08:00 +0100, next Sun 25 Oct 08:00 +0100",
        ),
        // In words, by the sun, by school holidays, never.
        (
            "Mo 09:00-12:00 unknown \"sur rendez-vous\"; PH off",
            "35",
            "2026-11-23T10:00:00",
            "unknown until -, next -, sur rendez-vous",
        ),
        ("Mo-Su 09:00-sunset; PH off", "35", "2026-11-23T10:00:00", "unknown until -, next -"),
        ("Mo-Su 09:00-17:00; SH off", "35", "2026-11-23T10:00:00", "unknown until -, next -"),
        ("closed", "35", "2026-11-23T10:00:00", "closed until -, next -"),
    ] {
        assert_eq!(said(text, departement, local), expected, "{text} in {departement}, {local}");
    }
}

#[test]
fn an_instant_is_told_by_the_clocks_of_the_place() {
    let when = When::Instant("2026-11-23T06:30:00Z".parse().unwrap());
    for (departement, expected) in [
        ("35", State::Closed),
        ("974", State::Open),
        ("971", State::Closed),
        ("988", State::Closed),
    ] {
        let opening = opening(Some(&hours(WEEK)), locality(departement), when);
        assert_eq!(opening.state, expected, "{departement}");
    }
}

#[test]
fn without_hours_nothing_is_known_all_day() {
    let when = When::Local("2026-11-23T10:00:00".parse().unwrap());
    let opening = opening(None, Locality::FRANCE, when);
    assert_eq!((opening.state, opening.until, opening.next_opening), (State::Unknown, None, None));
    assert_eq!(opening.holds_from.to_rfc3339(), "2026-11-23T00:00:00+01:00");
    assert_eq!(opening.holds_until.to_rfc3339(), "2026-11-24T00:00:00+01:00");
}

#[test]
fn what_is_too_long_or_unreadable_is_no_hours() {
    for text in ["", "9h-17h", "du lundi au vendredi"] {
        assert_eq!(text.parse::<Hours>().err(), Some(InvalidHours), "{text:?}");
    }
    assert!(format!("Mo 09:00-12:00{}", ", 13:00-14:00".repeat(100)).parse::<Hours>().is_err());
}

#[test]
fn every_holiday_has_a_name() {
    for departement in ["35", "67", "971", "972", "973", "974", "976", "977", "978", "988"] {
        let locality = locality(departement);
        let holidays = locality.holidays();
        assert!(holidays.get_public().count() >= 77 * 11 - 10);
        for day in holidays.get_public().iter() {
            assert!(locality.holiday(day).is_some(), "{day} in {departement}");
        }
    }
}

prop_compose! {
    fn some_hours()(
        first in 0usize..7,
        last in 0usize..7,
        opens in 0u32..24,
        lasts in 1u32..20,
        holidays in prop::sample::select(vec!["", "; PH off", "; PH 10:00-11:00", "; Dec 24 off"]),
    ) -> Hours {
        const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
        let (from, until) = (DAYS[first], DAYS[last]);
        hours(&format!("{from}-{until} {opens:02}:00-{:02}:00{holidays}", opens + lasts))
    }
}

fn places() -> impl Strategy<Value = Locality> {
    prop::sample::select(vec!["35", "67", "971", "974", "987", "988"]).prop_map(locality)
}

/// Instants of the years with known holidays.
fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    (946_800_000i64..3_345_000_000)
        .prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
}

/// Whether clocks change within a day of it: they may then show a time twice.
fn is_quiet(locality: Locality, instant: DateTime<Utc>) -> bool {
    use chrono::Offset as _;
    let offset = |days| {
        let local = (instant + TimeDelta::days(days)).with_timezone(&locality.zone());
        local.offset().fix()
    };
    offset(-1) == offset(1)
}

proptest! {
    #[test]
    fn the_next_opening_is_later_and_open(
        hours in some_hours(), locality in places(), now in instants(),
    ) {
        let said = opening(Some(&hours), locality, When::Instant(now));
        prop_assert_eq!(said.at, now);
        if let Some(next) = said.next_opening {
            prop_assert!(next > now);
            let then = opening(Some(&hours), locality, When::Instant(next.to_utc()));
            prop_assert_eq!(then.state, State::Open);
            prop_assert!(said.until.is_none_or(|until| until <= next));
        }
    }

    #[test]
    fn what_is_said_holds_for_as_long_as_it_says(
        hours in some_hours(), locality in places(), now in instants(), share in 0.0..1.0,
    ) {
        prop_assume!(is_quiet(locality, now));
        let said = opening(Some(&hours), locality, When::Instant(now));
        prop_assert!(said.holds_from <= now && now < said.holds_until);
        let length = (said.holds_until - said.holds_from).num_seconds() as f64;
        let then = said.holds_from + TimeDelta::seconds((length * share) as i64);
        let again = opening(Some(&hours), locality, When::Instant(then.to_utc()));
        prop_assert_eq!(Opening { at: said.at, ..again }, said);
    }

    #[test]
    fn any_text_is_refused_or_answered(text in "[A-Za-z0-9:;,+\\-\\[\\]\"() /|]{0,40}") {
        if let Ok(hours) = text.parse::<Hours>() {
            let when = When::Local("2026-11-23T10:00:00".parse().unwrap());
            opening(Some(&hours), Locality::FRANCE, when);
        }
    }
}
