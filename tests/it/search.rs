//! What people type, and what they find in the demo base.

use std::sync::LazyLock;

use locadocs::{
    catalog::{
        Release,
        search::{Asked, Entry, Key, Kind, Scope, SearchIndex},
    },
    content::guide::Language,
    sandbox::demo,
};
use proptest::prelude::*;

use crate::fixture::reference;

#[path = "../../benches/support/release.rs"]
mod release;

static DEMO: LazyLock<Release> = LazyLock::new(|| {
    release::release(&serde_json::from_str(demo::JSON).unwrap(), reference()).unwrap()
});

fn index() -> &'static SearchIndex {
    DEMO.search(reference()).unwrap()
}

fn asked(text: &str) -> Asked<'_> {
    Asked { text, kinds: &[], language: None, scope: Scope::Everything }
}

/// The first things found, each as `kind slug`.
fn first(asked: &Asked<'_>, limit: usize) -> Vec<String> {
    let results = index().search(asked, None, limit).unwrap();
    results.hits.iter().map(|hit| name(&hit.place.key)).collect()
}

fn name(key: &Key) -> String {
    format!("{:?} {}", key.kind, key.slug).to_lowercase()
}

const PERMIT: &str = "document permis-de-construire";
const DEED: &str = "document acte-notarie";
const MORTGAGES: &str = "document registre-des-hypotheques";

#[test]
fn people_find_what_they_mean() {
    for (query, expected) in [
        ("permis de construire", PERMIT),
        // Case, accents, and the lack of them.
        ("PERMIS DE CONSTRUIRE", PERMIT),
        ("registre des hypotheques", MORTGAGES),
        ("ÉTAT HYPOTHÉCAIRE", MORTGAGES),
        ("e\u{301}tat hypothe\u{301}caire", MORTGAGES),
        // Articles that lose their vowel, with either apostrophe.
        ("l'acte notarié", DEED),
        ("l’acte notarié", DEED),
        ("document d'arpentage", "document document-d-arpentage"),
        ("d'urbanisme", "guide urbanisme"),
        // Plurals and other forms.
        ("actes notariés", DEED),
        ("plans cadastraux", "document plan-cadastral"),
        ("hypothèque", MORTGAGES),
        // One slip: a letter less, more, other, or two exchanged.
        ("cadatre", "document cadastre"),
        ("caddastre", "document cadastre"),
        ("catastre", "document cadastre"),
        ("cadasrte", "document cadastre"),
        ("permi de construir", PERMIT),
        // As one types, even with a slip.
        ("cadast", "document cadastre"),
        ("permis de const", PERMIT),
        ("hypoteq", MORTGAGES),
        // Synonyms of one word and of several.
        ("minute", DEED),
        ("PC", PERMIT),
        ("plan de masse", PERMIT),
        ("acte authentique", DEED),
        ("numéro de parcelle", "document cadastre"),
        ("ravalement", "document declaration-prealable"),
        // Names of services, their types and seats.
        ("archives rennes", "service archives-rennes"),
        ("archives de la ville de Rennes", "service archives-rennes"),
        ("le havre archives", "service archives-le-havre"),
        ("archives ille et vilaine", "service archives-departementales-35"),
        ("impôts fonciers louviers", "service sdif-louviers"),
        ("cada", "service cada"),
        // Questions.
        ("où trouver un permis de construire ?", PERMIT),
        ("comment retrouver un titre de propriété", "document titre-de-propriete"),
        // A word that nothing has takes nothing away.
        ("cadastre zzzzzz", "document cadastre"),
    ] {
        assert_eq!(first(&asked(query), 1), [expected], "{query}");
    }
}

#[test]
fn a_synonym_of_a_document_finds_what_leads_to_it() {
    let found = first(&asked("minute"), 20);
    assert_eq!(found[..2], [DEED, "guide urbanisme"]);
    assert!(found.contains(&"step acte-resultat".to_owned()), "{found:?}");
}

#[test]
fn what_is_a_draft_is_not_found() {
    for query in ["certificat d'urbanisme", "histoire d'une maison", "habitants"] {
        let found = first(&asked(query), 50);
        assert!(!found.iter().any(|name| name.contains("histoire") || name.contains("certificat")));
    }
}

#[test]
fn titles_come_before_synonyms_before_the_rest() {
    let kinds = &[Kind::Document];
    let found = first(&Asked { kinds, ..asked("parcelle") }, 10);
    assert_eq!(found[0], "document cadastre", "a synonym");
    let title = found.iter().position(|name| name == "document plan-cadastral");
    assert!(title.is_some_and(|place| place > 0), "{found:?}");
    let found = first(&Asked { kinds, ..asked("notarié") }, 10);
    assert_eq!(found[0], DEED, "a title");
}

#[test]
fn all_words_come_before_some() {
    let results = index().search(&asked("acte vente notaire"), None, 100).unwrap();
    let count = |entry: &Entry<'_>| {
        let all = [entry.title(), &entry.synonyms().join(" ")].join(" ").to_lowercase();
        ["acte", "vente", "notaire"].iter().filter(|word| all.contains(**word)).count()
    };
    assert_eq!(count(&results.hits[0].entry), 3);
    assert!(results.total > 10);
}

#[test]
fn the_last_word_goes_on_only_where_it_was_not_ended() {
    assert!(!first(&asked("napol"), 1).is_empty());
    assert_eq!(first(&asked("napol "), 1), [""; 0]);
    assert_eq!(first(&asked("napol, "), 1), [""; 0]);
}

#[test]
fn filters_keep_to_kinds_and_languages() {
    for kind in Kind::ALL {
        let kinds = &[kind];
        let results = index().search(
            &Asked { kinds, ..asked("archives cadastre permis foncier") },
            None,
            500,
        );
        let results = results.unwrap();
        assert!(!results.hits.is_empty(), "{kind:?}");
        assert!(results.hits.iter().all(|hit| hit.place.key.kind == kind));
    }
    let english = Asked { language: Some(Language::English), ..asked("permis") };
    let found = index().search(&english, None, 500).unwrap();
    assert!(found.hits.iter().all(|hit| hit.entry.guide().is_none()));
    assert_eq!(name(&found.hits[0].place.key), PERMIT);
}

#[test]
fn hostile_queries_are_answered() {
    for query in [
        "\"",
        "'",
        "a AND b OR NOT (c",
        "title:permis",
        "+-*?~^[]{}\\/",
        "de la des",
        "l'",
        "\0",
        "permis\0construire",
        &"🏛️".repeat(100),
        &"a".repeat(200),
        &"a ".repeat(100),
        &"e\u{301}".repeat(100),
        "\u{202e}permis",
        "\u{300}",
        "¼ ½",
        "ﬁ",
        "İstanbul",
        "ß",
    ] {
        for scope in [Scope::Everything, Scope::Names] {
            let results = index().search(&Asked { scope, ..asked(query) }, None, 50).unwrap();
            for hit in &results.hits {
                results.title(&hit.entry);
                results.excerpt(&hit.entry);
            }
        }
    }
}

#[test]
fn names_must_have_all_words() {
    let names = |text| first(&Asked { scope: Scope::Names, ..asked(text) }, 3);
    assert_eq!(names("minut"), [DEED]);
    assert_eq!(names("plan cadas")[0], "document plan-cadastral");
    assert_eq!(names("plan zzzzzz"), [""; 0]);
}

#[test]
fn replicas_answer_alike() {
    let base = serde_json::from_str(demo::JSON).unwrap();
    let other = release::release(&base, reference()).unwrap();
    let other = other.search(reference()).unwrap();
    for query in ["permis", "plan de ma maison", "archives", "cadatre"] {
        let places = |index: &SearchIndex| {
            let results = index.search(&asked(query), None, 100).unwrap();
            results.hits.iter().map(|hit| hit.place.clone()).collect::<Vec<_>>()
        };
        assert_eq!(places(index()), places(other), "{query}");
    }
}

/// Words of the base, slips, starts and noise.
fn queries() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        proptest::sample::select(vec![
            "permis", "acte", "l'acte", "cadastre", "plan", "de", "archives", "Rennes", "minute",
            "où", "notaire", "cadatre", "constr", "maison", "\"", "🏛️",
        ])
        .prop_map(str::to_owned),
        "[a-zéèà'’]{1,8}",
        "\\PC{0,12}",
    ];
    proptest::collection::vec(word, 0..8).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn pages_and_filters_only_take_away(query in queries(), limit in 1usize..30, kind in 0usize..4) {
        let content = DEMO.content();
        let all = index().search(&asked(&query), None, 500).unwrap();
        prop_assert_eq!(all.hits.len(), all.total.min(500));
        prop_assert!(all.hits.windows(2).all(|pair| pair[1].place.is_after(&pair[0].place)));
        for hit in &all.hits {
            let Key { kind, slug, guide } = &hit.place.key;
            let is_published = match (kind, guide) {
                (Kind::Guide, _) => content.guides.contains_key(slug),
                (Kind::Document, _) => content.documents.contains_key(slug),
                (Kind::Service, _) => content.services.contains_key(slug),
                (Kind::Step, guide) => {
                    content.guides[guide.as_ref().unwrap()].steps.contains_key(slug)
                }
            };
            prop_assert!(is_published);
        }

        let mut walked = Vec::new();
        let mut after = None;
        loop {
            let page = index().search(&asked(&query), after.as_ref(), limit).unwrap();
            prop_assert_eq!(page.total, all.total);
            let Some(last) = page.hits.last() else { break };
            after = Some(last.place.clone());
            walked.extend(page.hits.iter().map(|hit| hit.place.clone()));
        }
        let places: Vec<_> = all.hits.iter().map(|hit| hit.place.clone()).collect();
        prop_assert_eq!(&walked, &places);

        let kinds = &[Kind::ALL[kind]];
        let some = index().search(&Asked { kinds, ..asked(&query) }, None, 500).unwrap();
        let some: Vec<_> = some.hits.iter().map(|hit| hit.place.clone()).collect();
        let of_kind: Vec<_> =
            places.into_iter().filter(|place| place.key.kind == kinds[0]).collect();
        prop_assert_eq!(some, of_kind);
    }
}
