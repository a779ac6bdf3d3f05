//! Which holdings answer for a place, through the indexes of a release.

use super::{date, slug};
use crate::{
    catalog::fixture::{Base, reference, select, text},
    content::{
        locate::Segment,
        period::Days,
        tables::{FieldKey as F, TableKey as T},
    },
    reference::Found,
};

fn located(base: &Base, code: &str) -> Vec<(Option<String>, Vec<String>, usize)> {
    let release = base.build(None).release;
    let Some(Found::Exact(commune)) = reference().find(code.parse().unwrap()) else {
        panic!("{code} is unknown")
    };
    let document = &release.content().documents[&slug("permis-de-construire")];
    let answer = release.locate(document, commune, Days::ALL, date("2026-11-23"), reference());
    let told = |segment: Segment<'_>| {
        let from = segment.days.from().map(|day| day.to_string());
        let chosen = segment.chosen.iter().map(|c| c.holding.facts.record.to_string()).collect();
        (from, chosen, segment.superseded.len())
    };
    answer.segments.into_iter().map(told).collect()
}

#[test]
fn the_most_specific_territory_wins_in_its_own_period_and_place() {
    let base = Base::sound();
    let at = |day: &str| Some(day.to_owned());
    let only = |id: &str| vec![id.to_owned()];
    assert_eq!(
        located(&base, "35238"),
        [
            (None, only("recH1"), 0),
            (at("1908-01-01"), only("recH2"), 1),
            (at("2015-07-01"), only("recH1"), 0),
        ]
    );
    assert_eq!(located(&base, "76351"), [(None, only("recH1"), 0)]);
}

#[test]
fn every_level_is_more_specific_than_the_next() {
    // Lyon 3e, in its own arrondissement, commune, list, EPCI, département, région, France.
    let levels = [
        ("National", F::Code, ""),
        ("Région", F::Code, "84"),
        ("Département", F::Code, "69"),
        ("EPCI", F::Code, "200046977"),
        ("Ressort", F::Communes, "69123 01001"),
        ("Commune", F::Code, "69123"),
        ("Commune déléguée", F::Code, "69383"),
    ];
    let mut base = Base::sound().delete(T::Holdings, "recH1").delete(T::Holdings, "recH2");
    for (number, (level, field, value)) in levels.iter().enumerate() {
        let territory = format!("recT{number}");
        base = base
            .with(
                T::Territories,
                &territory,
                [(F::Name, text(level)), (F::Level, select(level)), (*field, text(value))],
            )
            .holding(&format!("recL{number}"), &territory, "recArch", "", "");
        let expected = vec![format!("recL{number}")];
        assert_eq!(located(&base, "69383"), [(None, expected, number)], "{level}");
    }
}

#[test]
fn without_a_holding_the_likely_contacts_are_given() {
    let release = Base::sound().build(None).release;
    let contacts = |code: &str| {
        let commune = reference().find(code.parse().unwrap()).unwrap().commune();
        release.contacts(commune).iter().map(|service| service.slug.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(contacts("35238"), ["archives-de-rennes"]);
    assert_eq!(contacts("35001"), ["la-mairie-de-la-commune"]);
}
