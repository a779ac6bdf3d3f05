use std::{collections::BTreeSet, sync::LazyLock};

use proptest::prelude::*;

use super::*;
use crate::reference::{CommuneKind, Found, fold};

fn reference() -> &'static Reference {
    Reference::embedded().unwrap()
}

/// The names of the first suggestions.
fn names(query: &str, limit: usize) -> Vec<&'static str> {
    reference().suggest(query, limit).into_iter().map(|found| &*found.commune.name).collect()
}

fn check_first(cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        assert_eq!(names(query, 5).first(), Some(expected), "{query:?}");
    }
}

#[test]
fn a_name_or_its_start_finds_the_most_populous() {
    check_first(&[
        ("renn", "Rennes"),
        ("RENNES", "Rennes"),
        ("r", "Rennes"),
        ("par", "Paris"),
        ("st malo", "Saint-Malo"),
        ("ste mere egl", "Sainte-Mère-Église"),
        ("Saint-Étienne", "Saint-Étienne"),
        ("saint étienne", "Saint-Étienne"),
        ("le havre", "Le Havre"),
        ("havre", "Le Havre"),
        ("Arboys", "Arboys en Bugey"),
        ("st-jean d", "Saint-Jean-de-Braye"),
        ("l'hay", "L'Haÿ-les-Roses"),
        ("l’hay", "L'Haÿ-les-Roses"),
        ("cote st andre", "La Côte-Saint-André"),
        ("oeuf", "Œuf-en-Ternois"),
        ("stains", "Stains"),
    ]);
}

#[test]
fn an_unfinished_st_is_also_a_start_of_other_words() {
    let found = names("st", 20);
    assert!(found.contains(&"Strasbourg") && found.contains(&"Saint-Étienne"), "{found:?}");
}

#[test]
fn words_in_order_find_a_name_without_the_words_between() {
    check_first(&[("jean luz", "Saint-Jean-de-Luz"), ("hay ros", "L'Haÿ-les-Roses")]);
    assert!(!names("luz jean", 20).contains(&"Saint-Jean-de-Luz"));
}

#[test]
fn one_slip_is_forgiven_after_what_fits_as_typed() {
    check_first(&[
        ("le harve", "Le Havre"),
        ("boredaux", "Bordeaux"),
        ("bordaux", "Bordeaux"),
        ("marseile", "Marseille"),
        ("tolouse", "Toulouse"),
        ("nantees", "Nantes"),
        ("st malp", "Saint-Malo"),
        ("lhay les roses", "L'Haÿ-les-Roses"),
        ("cote st andrre", "La Côte-Saint-André"),
    ]);
    assert_eq!(names("renes", 2), ["Renescure", "Rennes"]);
}

#[test]
fn a_query_that_is_right_brings_no_slips() {
    assert_eq!(names("le havre", 10), ["Le Havre"]);
    assert_eq!(names("arboys", 10), ["Arboys en Bugey"]);
}

#[test]
fn post_codes_and_insee_codes_find_what_they_name() {
    let check = |query: &str, name: &str, matched: Matched<'_>| {
        let found = reference().suggest(query, 5);
        assert_eq!((&*found[0].commune.name, found[0].matched), (name, matched), "{query:?}");
    };
    let postcode = |code: &str| Matched::Postcode(code.parse().unwrap());
    let insee = |code: &str| Matched::Insee(code.parse().unwrap());
    check("35000", "Rennes", postcode("35000"));
    check("35 000", "Rennes", postcode("35000"));
    check("350", "Rennes", postcode("35000"));
    check("35238", "Rennes", insee("35238"));
    check(" 2a004 ", "Ajaccio", insee("2A004"));
    check("01033", "Valserhône", insee("01033"));
}

#[test]
fn an_insee_code_keeps_its_place_among_post_codes() {
    let found = reference().suggest("01340", 5);
    assert_eq!(found.len(), 5);
    assert!(matches!(found[0].matched, Matched::Postcode(_)));
    let last = &found[4];
    assert_eq!(&*last.commune.name, "Saint-Bois");
    assert_eq!(last.parent.map(|parent| &*parent.name), Some("Arboys en Bugey"));
    assert_eq!(reference().suggest("01340", 1)[0].matched, last.matched);
}

#[test]
fn a_district_comes_after_its_commune() {
    assert_eq!(names("75012", 5)[..2], ["Paris", "Paris 12e Arrondissement"]);
    assert_eq!(names("paris 12", 1), ["Paris 12e Arrondissement"]);
}

#[test]
fn a_number_beside_a_name_tells_homonyms_apart() {
    for (query, code) in [
        ("Saint-Denis 93", "93066"),
        ("saint-denis (974)", "97411"),
        ("35000 Rennes", "35238"),
        ("93200 st denis", "93066"),
        ("Paris 75", "75056"),
        ("lyon 69", "69123"),
        ("renes 35", "35238"),
        ("porto-vecchio (2A)", "2A247"),
    ] {
        let found = reference().suggest(query, 3);
        assert_eq!(found[0].commune.code.as_str(), code, "{query}");
    }
    assert!(names("rennes 59", 3).is_empty());
}

#[test]
fn parts_of_communes_are_found_by_their_own_name_and_shown_with_their_commune() {
    let found = reference().suggest("Arbignieu", 3);
    assert_eq!(found[0].commune.kind, CommuneKind::Delegated);
    assert_eq!(found[0].parent.map(|parent| &*parent.name), Some("Arboys en Bugey"));
}

#[test]
fn old_names_lead_to_the_commune_of_today() {
    for (query, old, name) in [
        ("chalons sur marne", "Châlons-sur-Marne", "Châlons-en-Champagne"),
        ("Notre-Dame-du-Thil", "Notre-Dame-du-Thil", "Beauvais"),
        ("voisinl", "Voisinlieu", "Beauvais"),
    ] {
        let found = reference().suggest(query, 3);
        assert_eq!(found[0].matched, Matched::OldName(old), "{query}");
        assert_eq!(&*found[0].commune.name, name, "{query}");
    }
}

#[test]
fn odd_queries_are_harmless() {
    let long = "saint ".repeat(5_000);
    for query in [
        "",
        " ",
        "-",
        "'",
        "🏛️",
        "👩🏽‍🚀 rennes",
        "مدينة",
        "\u{202e}rennes",
        "\0",
        "\n",
        "st",
        "0",
        "000000",
        &long,
    ] {
        assert!(reference().suggest(query, 10).len() <= 10, "{query:?}");
    }
    assert_eq!(names("\u{202e}rennes", 1), ["Rennes"]);
    for query in ["rennes", "35000", "35238", "renes"] {
        assert!(reference().suggest(query, 0).is_empty());
        assert!(reference().suggest(query, usize::MAX).len() <= MAX_SUGGESTIONS);
    }
}

#[test]
fn every_current_commune_is_found_by_its_name_before_other_names() {
    let reference = reference();
    for commune in current() {
        let found = reference.suggest(&commune.name, MAX_SUGGESTIONS);
        let at = found.iter().position(|found| std::ptr::eq(found.commune, commune));
        let name = fold(&commune.name);
        let before = found.iter().take(at.unwrap_or_else(|| panic!("{name} is not found")));
        for other in before {
            let matched = match other.matched {
                Matched::OldName(old) => old,
                _ => &other.commune.name,
            };
            assert_eq!(fold(matched), name, "before {}", commune.code);
        }
    }
}

#[test]
fn every_current_commune_is_found_by_its_codes() {
    let reference = reference();
    for commune in current() {
        let is_listed = |query: &str| {
            let found = reference.suggest(query, MAX_SUGGESTIONS);
            found.iter().any(|found| std::ptr::eq(found.commune, commune))
        };
        assert!(is_listed(commune.code.as_str()), "{}", commune.code);
        for postcode in &commune.postcodes {
            assert!(is_listed(postcode.as_str()), "{} by {postcode}", commune.code);
        }
    }
}

#[test]
fn every_old_code_is_found() {
    for commune in current() {
        for old in &commune.old_codes {
            let found = reference().find(*old).unwrap();
            assert!(!matches!(found, Found::Redirected { to, .. } if !std::ptr::eq(to, commune)));
            let suggested = reference().suggest(old.as_str(), MAX_SUGGESTIONS);
            assert!(suggested.iter().any(|s| std::ptr::eq(s.commune, found.commune())), "{old}");
        }
    }
}

fn current() -> impl Iterator<Item = &'static Commune> {
    reference().communes().iter().filter(|commune| commune.kind == CommuneKind::Current)
}

/// Texts like those that people type: names, damaged or cut, and anything at all.
fn queries() -> impl Strategy<Value = String> {
    let names = (0..reference().communes().len(), 0usize..30).prop_map(|(index, len)| {
        reference().communes()[index].name.chars().take(len).collect::<String>()
    });
    prop_oneof![names, "[a-z' -]{0,12}", "[0-9]{0,6}", "[a-z]{1,8} [0-9]{1,5}", "\\PC{0,40}"]
}

/// Codes as people type them, whole or begun.
fn codes() -> impl Strategy<Value = String> {
    let communes = reference().communes();
    let of_a_commune = (0..communes.len(), any::<prop::sample::Index>(), 1usize..=5).prop_map(
        move |(at, which, len)| {
            let commune = &communes[at];
            let mut codes: Vec<_> = commune.postcodes.iter().map(Postcode::as_str).collect();
            codes.push(commune.code.as_str());
            which.get(&codes)[..len].to_owned()
        },
    );
    let of_both_kinds: Vec<_> = communes
        .iter()
        .map(|commune| commune.code.as_str().to_owned())
        .filter(|code| {
            code.parse().is_ok_and(|code| communes.iter().any(|c| c.postcodes.contains(&code)))
        })
        .take(200)
        .collect();
    prop_oneof![of_a_commune, prop::sample::select(of_both_kinds), "[0-9]{1,5}"]
}

#[test]
fn a_code_with_two_meanings_fills_its_list() {
    let found = reference().suggest("03110", 5);
    assert_eq!(found.len(), 5, "{found:?}");
}

proptest! {
    #[test]
    fn a_lower_limit_only_cuts_codes(query in codes(), limit in 1usize..20) {
        let codes = |limit| -> Vec<_> {
            reference().suggest(&query, limit).iter().map(|found| found.commune.code).collect()
        };
        let (all, fewer) = (codes(MAX_SUGGESTIONS), codes(limit));
        prop_assert_eq!(fewer.len(), limit.min(all.len()));
        // The last may be the commune of that INSEE code, whatever comes before it.
        let before_last = fewer.len().saturating_sub(1);
        prop_assert_eq!(&all[..before_last], &fewer[..before_last]);
    }
}

proptest! {
    #[test]
    fn suggestions_are_bounded_distinct_and_repeatable(query in queries(), limit in 0usize..20) {
        let codes = |found: Vec<Suggestion<'_>>| -> Vec<_> {
            found.iter().map(|found| (found.commune.kind, found.commune.code)).collect()
        };
        let found = codes(reference().suggest(&query, limit));
        prop_assert!(found.len() <= limit);
        let distinct: std::collections::HashSet<_> = found.iter().collect();
        prop_assert_eq!(distinct.len(), found.len());
        prop_assert_eq!(&codes(reference().suggest(&query, limit)), &found);
    }

    #[test]
    fn a_lower_limit_only_cuts_names(query in "[a-z]{1,6}", limit in 5usize..20) {
        let more = names(&query, limit + 10);
        let fewer = names(&query, limit);
        prop_assert_eq!(&more[..fewer.len()], &fewer[..]);
    }

    #[test]
    fn slips_are_all_names_one_edit_away_and_no_others(
        index in 0..reference().communes().len(),
        at in 0usize..20,
        letter in "[a-z ]",
    ) {
        let mut typed = fold(&reference().communes()[index].name).into_bytes();
        let at = at % typed.len();
        typed[at] = letter.as_bytes()[0];
        let typed = String::from_utf8(typed).unwrap();
        prop_assert_eq!(whole_names_one_slip_away(&typed), names_one_edit_away(&typed));
    }
}

/// What the search finds. Names that begin with what was typed need no slip.
fn whole_names_one_slip_away(typed: &str) -> BTreeSet<String> {
    let index = &reference().search;
    let is_whole = |entry: &index::Entry, len| {
        let name = index.name(*entry).unwrap();
        index.place(*entry, name) == index::Place::Start && index.byte(*entry, len) == index::END
    };
    slips::one_slip_away(index, typed)
        .iter()
        .flat_map(|slip| slip.entries.iter().filter(|entry| is_whole(entry, slip.len)))
        .map(|entry| index.text_of(index.name(*entry).unwrap()))
        .filter(|name| !name.starts_with(typed.as_bytes()))
        .map(|name| String::from_utf8(name.to_vec()).unwrap())
        .collect()
}

/// The same, by reading every name.
fn names_one_edit_away(typed: &str) -> BTreeSet<String> {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let communes = reference().communes().iter().map(|commune| fold(&commune.name));
        communes.chain(reference().former_names().iter().map(|former| fold(&former.name))).collect()
    });
    let is_found =
        |name: &&String| !name.starts_with(typed) && is_one_edit(typed.as_bytes(), name.as_bytes());
    NAMES.iter().filter(is_found).cloned().collect()
}

/// Whether one letter left out, added, changed or swapped with the next makes one text the other.
fn is_one_edit(typed: &[u8], name: &[u8]) -> bool {
    let shared = typed.iter().zip(name).take_while(|(a, b)| a == b).count();
    match (&typed[shared..], &name[shared..]) {
        ([_, typed @ ..], name) if typed == name => true,
        (typed, [_, name @ ..]) if typed == name => true,
        ([_, typed @ ..], [_, name @ ..]) if typed == name => true,
        ([a, b, typed @ ..], [c, d, name @ ..]) => (a, b, typed) == (d, c, name),
        _ => false,
    }
}
