//! Properties of the timeline, over random holdings.

use chrono::{Days as CalendarDays, NaiveDate};
use proptest::prelude::*;

use super::{Candidate, timeline, touching};
use crate::content::{
    holding::{Holding, HoldingFacts, State},
    period::{Bound, Days, Period},
    territory::{Area, Level, Reach, Territory},
};

const TODAY: &str = "2026-11-23";

fn today() -> NaiveDate {
    TODAY.parse().unwrap()
}

fn holding(number: usize, period: Period) -> Holding {
    let facts = HoldingFacts {
        record: format!("rec{number:04}").parse().unwrap(),
        title: None,
        period,
        state: State::Kept,
        access: Vec::new(),
        online: None,
        notes: None,
        call_number: None,
        source: None,
        verified_on: None,
    };
    Holding {
        document: "permis".parse().unwrap(),
        territories: Vec::new(),
        service: None,
        contact_first: Vec::new(),
        facts: facts.into(),
    }
}

fn territory(level: Level) -> Territory {
    let code = || "35238".parse().unwrap();
    let area = match level {
        Level::SubCommune => Area::SubCommune(code()),
        Level::Commune => Area::Commune(code()),
        Level::Jurisdiction => Area::Jurisdiction([code()].into()),
        Level::Epci => Area::Epci("243500139".parse().unwrap()),
        Level::Departement => Area::Departement("35".parse().unwrap()),
        Level::Region => Area::Region("53".parse().unwrap()),
        Level::National => Area::National,
    };
    Territory {
        slug: format!("{level:?}").to_lowercase().parse().unwrap(),
        record: "recT".parse().unwrap(),
        name: format!("{level:?}"),
        area,
    }
}

fn bound() -> impl Strategy<Value = Bound> {
    // Few distinct days, so that bounds often meet.
    prop_oneof![
        1 => Just(Bound::Open),
        4 => (0_u64..40).prop_map(|step| {
            let start: NaiveDate = "1850-01-01".parse().unwrap();
            Bound::Day(start.checked_add_days(CalendarDays::new(step * 2000)).unwrap())
        }),
        1 => prop_oneof![Just(Bound::YearsAgo(75)), Just(Bound::YearsAgo(50))],
    ]
}

fn level() -> impl Strategy<Value = Level> {
    prop::sample::select(vec![
        Level::SubCommune,
        Level::Commune,
        Level::Jurisdiction,
        Level::Epci,
        Level::Departement,
        Level::Region,
        Level::National,
    ])
}

fn reach() -> impl Strategy<Value = Reach> {
    prop::sample::select(vec![Reach::Whole, Reach::Inherited, Reach::Part])
}

type Case = (Vec<Holding>, Vec<Territory>, Vec<Reach>);

fn case() -> impl Strategy<Value = Case> {
    prop::collection::vec(((bound(), bound()), level(), reach()), 0..12).prop_map(|rows| {
        let mut case: Case = Default::default();
        for (number, ((from, until), level, reach)) in rows.into_iter().enumerate() {
            case.0.push(holding(number, Period { from, until }));
            case.1.push(territory(level));
            case.2.push(reach);
        }
        case
    })
}

fn candidates((holdings, territories, reaches): &Case) -> Vec<Candidate<'_>> {
    let pairs = holdings.iter().zip(territories).zip(reaches);
    pairs
        .map(|((holding, territory), reach)| Candidate { holding, territory, reach: *reach })
        .collect()
}

/// Days at and around every bound, where a mistake by one would show.
fn telling_days(case: &Case) -> Vec<NaiveDate> {
    let resolved = case.0.iter().filter_map(|holding| holding.facts.period.resolve(today()));
    let ends = resolved.flat_map(|days| [days.from(), days.until()]).flatten();
    let around = ends.flat_map(|day| [day.pred_opt(), Some(day), day.succ_opt()]).flatten();
    around.chain(["1700-01-01".parse().unwrap(), "2100-01-01".parse().unwrap()]).collect()
}

proptest! {
    #[test]
    fn segments_cover_time_once_and_in_order(case in case()) {
        let segments = timeline(&candidates(&case), today());
        prop_assert_eq!(segments.first().map(|segment| segment.days.from()), Some(None));
        prop_assert_eq!(segments.last().map(|segment| segment.days.until()), Some(None));
        for pair in segments.windows(2) {
            let next = pair[0].days.until().and_then(|day| day.succ_opt());
            prop_assert!(next.is_some());
            prop_assert_eq!(next, pair[1].days.from());
        }
    }

    #[test]
    fn each_day_gets_the_most_specific_of_what_covers_it(case in case()) {
        let candidates = candidates(&case);
        let segments = timeline(&candidates, today());
        for day in telling_days(&case) {
            let segment = segments.iter().find(|segment| segment.days.contains(day)).unwrap();
            let covering: Vec<_> = candidates
                .iter()
                .filter(|c| c.holding.facts.period.resolve(today()).is_some_and(|days| days.contains(day)))
                .collect();
            let rank = |c: &Candidate<'_>| (c.territory.level(), c.reach == Reach::Inherited);
            let best = covering.iter().map(|c| rank(c)).min();
            let mut expected: Vec<_> = covering
                .iter()
                .filter(|c| Some(rank(c)) == best)
                .map(|c| &c.holding.facts.record)
                .collect();
            let mut chosen: Vec<_> = segment.chosen.iter().map(|c| &c.holding.facts.record).collect();
            expected.sort();
            chosen.sort();
            prop_assert_eq!(chosen, expected, "on {}", day);
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(case in case(), seed in any::<u64>()) {
        let mut shuffled = candidates(&case);
        let told = |segments: Vec<super::Segment<'_>>| -> Vec<_> {
            let ids = |list: &[Candidate<'_>]| {
                list.iter().map(|c| c.holding.facts.record.to_string()).collect::<Vec<_>>()
            };
            segments.iter().map(|s| (s.days, ids(&s.chosen), ids(&s.superseded))).collect()
        };
        let expected = told(timeline(&shuffled, today()));
        let len = shuffled.len().max(1);
        shuffled.rotate_left((seed % len as u64) as usize % len);
        if seed % 2 == 0 {
            shuffled.reverse();
        }
        prop_assert_eq!(told(timeline(&shuffled, today())), expected);
    }

    #[test]
    fn neighbouring_segments_differ(case in case()) {
        for pair in timeline(&candidates(&case), today()).windows(2) {
            let ids = |segment: &super::Segment<'_>| {
                segment.chosen.iter().map(|c| c.holding.facts.record.clone()).collect::<Vec<_>>()
            };
            prop_assert_ne!(ids(&pair[0]), ids(&pair[1]));
        }
    }

    #[test]
    fn asking_for_a_date_gives_exactly_the_segments_that_it_touches(case in case(), day in 0_u64..90_000) {
        let start: NaiveDate = "1830-01-01".parse().unwrap();
        let day = start.checked_add_days(CalendarDays::new(day)).unwrap();
        let asked = Days::only(day);
        let touched = touching(timeline(&candidates(&case), today()), asked);
        prop_assert_eq!(touched.len(), 1);
        prop_assert!(touched[0].days.contains(day));
    }

    #[test]
    fn nothing_leaks_outside_its_period(case in case()) {
        for segment in timeline(&candidates(&case), today()) {
            for candidate in &segment.chosen {
                let days = candidate.holding.facts.period.resolve(today()).unwrap();
                prop_assert!(days.covers(segment.days));
            }
            for candidate in &segment.superseded {
                let days = candidate.holding.facts.period.resolve(today()).unwrap();
                prop_assert!(days.intersection(segment.days).is_some());
            }
        }
    }
}
