//! `locadocs init` on bases that lack everything, something or nothing.

mod command;
mod harness;

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use locadocs::{
    content::tables::{FieldKey as F, TABLES, TableKey as T},
    sandbox::{
        faults::{Fault, FaultRule},
        seed::BaseSeed,
    },
    sync::{
        mapping::{Mapping, Names, TableNames, resolve},
        setup::{Addition, Event, Notice, SetupError},
    },
};
use serde_json::json;

use self::harness::{Bench, demo_seed, empty_seed};

#[tokio::test]
async fn an_empty_base_gets_what_the_service_reads_and_a_second_run_adds_nothing() {
    let bench = Bench::start(empty_seed()).await;
    let events = bench.init(None).await.unwrap();
    assert!(!events.iter().any(|event| matches!(event, Event::Noticed(_))), "{events:?}");
    // A call for the schema, one for each table and link, one for each opposite with a better name.
    assert_eq!(bench.call_count(), 1 + 8 + 10 + 4);

    let schema = bench.client.schema().await.unwrap();
    let resolution = resolve(&schema, &Names::default(), &Mapping::default());
    assert_eq!(resolution.problems, []);
    for table in TABLES {
        let mapped = &resolution.mapping.tables[&table.key];
        assert_eq!(mapped.fields.len(), table.fields.len(), "{}", table.name);
        let found = schema.table(&mapped.id).unwrap();
        assert_eq!(Some(&found.primary_field_id), mapped.field(table.fields[0].key));
    }
    let opposites = |table: T| {
        let table = schema.table(&resolution.mapping.tables[&table].id).unwrap();
        let names = table.fields.values().map(|field| field.name().to_owned());
        names.skip_while(|name| name != "Statut").skip(1).collect::<Vec<_>>()
    };
    assert_eq!(opposites(T::Services), ["Données locales", "Premier contact pour"]);
    assert_eq!(
        opposites(T::Steps),
        ["Première étape de", "Guide", "Document", "Choix", "Choix qui y mènent"]
    );

    bench.sandbox.calls().clear();
    assert_eq!(bench.init(None).await.unwrap(), []);
    assert_eq!((bench.call_count(), bench.writes()), (1, vec![]));
}

#[tokio::test]
async fn the_demo_rows_say_the_same_in_a_real_base() {
    let bench = Bench::start(empty_seed()).await;
    bench.init_with_demo().await.unwrap();
    // The schema, 23 calls to set it up, a listing of 7 tables, 28 tens of rows, the first steps of
    // guides, and a file.
    assert_eq!(bench.call_count(), 23 + 7 + 28 + 1 + 1);

    let original = Bench::start(demo_seed()).await;
    let (expected, found) = (original.sync().await, bench.sync().await);
    assert_eq!(harness::content(&found), harness::content(&expected));
    assert_eq!(found.content().guides.len(), 1, "the other one is a draft");
    let locate = |release| harness::locate(release, "permis-de-construire", "35238", 1987);
    assert_eq!(locate(&found), locate(&expected));
    assert!(locate(&found).contains("archives-rennes"), "{}", locate(&found));

    bench.sandbox.calls().clear();
    assert_eq!(bench.init_with_demo().await.unwrap(), []);
    assert_eq!((bench.call_count(), bench.writes()), (8, vec![]));
}

#[tokio::test]
async fn a_base_that_lost_half_is_completed_and_what_it_has_stays() {
    let bench = Bench::start(half_seed()).await;
    let mine = json!({ "Nom": "Archives de Brest", "Statut": "Brouillon" });
    let base = bench.base();
    bench.sandbox.create_record(&base, "Services", mine.as_object().unwrap()).unwrap();
    let guide = ("Guides", "recUrbanisme00001");
    bench.sandbox.set_cell(&base, guide.0, guide.1, "Titre", &json!("Le nôtre")).unwrap();
    bench.sandbox.set_cell(&base, guide.0, guide.1, "Première étape", &json!([])).unwrap();
    bench.sandbox.set_cell(&base, guide.0, guide.1, "Résumé", &json!("")).unwrap();

    let events = bench.init_with_demo().await.unwrap();
    let rows = |table: &str, count| Event::Added(Addition::Rows { table: table.into(), count });
    for expected in [rows("Choix", 77), rows("Étapes", 20), rows("Données locales", 62)] {
        assert!(events.contains(&expected), "{expected:?} in {events:?}");
    }
    let counts = bench.row_counts().await;
    assert_eq!(counts[&T::Services], 27 + 1, "one is not the demo's");
    assert_eq!((counts[&T::Steps], counts[&T::Guides]), (41, 2));
    let kept = bench.sandbox.record(&base, guide.0, guide.1).unwrap();
    assert_eq!(kept["Titre"], "Le nôtre");
    assert_eq!(kept.get("Résumé"), None, "only links and files are filled");
    assert_eq!(kept["Première étape"], json!(["recEtConnu0000001"]));
    assert_eq!(bench.sync().await.content().guides.len(), 1);
    assert_eq!(bench.init_with_demo().await.unwrap(), []);
}

/// The demo base without two tables, two fields and half of the steps.
fn half_seed() -> BaseSeed {
    let mut seed = demo_seed();
    seed.tables.retain(|table| table.name != "Choix" && table.name != "Données locales");
    let lost = ["Choix", "Choix qui y mènent", "Données locales", "Premier contact pour"];
    for table in &mut seed.tables {
        table.fields.retain(|field| !lost.contains(&field.name.as_str()));
        if table.name == "Étapes" {
            table.records.truncate(21);
            table.fields.retain(|field| field.name != "Contenu" && field.name != "Document");
            for record in &mut table.records {
                record.fields.retain(|name, _| name != "Contenu" && name != "Document");
            }
        }
        if table.name == "Documents" {
            table.fields.retain(|field| field.name != "Étapes");
        }
    }
    for record in seed.tables.iter_mut().flat_map(|table| &mut table.records) {
        // One of the steps that are gone is the first of a guide.
        record.fields.remove("Première étape");
    }
    seed
}

#[tokio::test]
async fn a_run_that_was_interrupted_anywhere_is_completed_by_the_next() {
    let whole = Bench::start(empty_seed()).await;
    whole.init_with_demo().await.unwrap();
    let expected = whole.row_counts().await;
    let content = harness::content(&whole.sync().await);
    assert!(content.len() > 100, "{}", content.len());

    let refused = || Fault::status(StatusCode::UNPROCESSABLE_ENTITY, "X");
    // Done, but the answer is lost: the worst that can happen to what creates.
    let lost = || Fault::Truncate { bytes: 1 };
    // Of the POSTs, 8 make tables, 10 links, 28 rows; the last one sends the file.
    for (after, fault) in
        [(0, refused()), (3, lost()), (15, lost()), (27, refused()), (34, lost()), (46, lost())]
    {
        let bench = Bench::start(empty_seed()).await;
        let rule = FaultRule::new(fault).on_method(&Method::POST).after(after).times(1);
        bench.sandbox.faults().add(rule);
        bench.init_with_demo().await.unwrap_err();
        bench.init_with_demo().await.unwrap();
        assert_eq!(bench.row_counts().await, expected, "after {after}");
        assert_eq!(harness::content(&bench.sync().await), content, "after {after}");
    }
}

#[tokio::test]
async fn the_settings_name_tables_and_fields() {
    let named = |table, name: &str, fields: &[(F, &str)]| {
        let fields = fields.iter().map(|(key, name)| (*key, (*name).to_owned())).collect();
        (table, TableNames { name: Some(name.to_owned()), fields })
    };
    // *Guide* is both the name of a table, which Airtable gives to opposites of its links, and that
    // of a link back.
    let names = Names(BTreeMap::from([
        named(T::Guides, "Guide", &[(F::Title, "Nom du guide")]),
        named(T::Steps, "Écran", &[(F::Content, "Texte")]),
    ]));
    let bench = Bench { names: names.clone(), ..Bench::start(empty_seed()).await };
    bench.init_with_demo().await.unwrap();
    let schema = bench.client.schema().await.unwrap();
    assert_eq!(resolve(&schema, &names, &Mapping::default()).problems, []);
    let tables: Vec<_> = schema.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(tables[..3], ["Guide", "Écran", "Choix"]);

    let original = Bench::start(demo_seed()).await;
    assert_eq!(harness::content(&bench.sync().await), harness::content(&original.sync().await));
    assert_eq!(bench.init_with_demo().await.unwrap(), []);
}

#[tokio::test]
async fn cells_that_a_field_cannot_hold_are_left_out_and_told() {
    let mut seed = demo_seed();
    for table in &mut seed.tables {
        table.records.clear();
        for field in table.fields.iter_mut().filter(|field| field.name == "Thématique") {
            field.options.insert("choices".into(), json!([]));
        }
    }
    let bench = Bench::start(seed).await;
    let events = bench.init_with_demo().await.unwrap();
    let notices: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event {
            Event::Noticed(notice) => Some(notice),
            Event::Added(_) => None,
        })
        .collect();
    let place = || "Guides.Thématique".to_owned();
    assert_eq!(
        notices,
        [
            Notice::MissingOptions { place: place(), options: vec!["Urbanisme et foncier"] },
            Notice::LeftOut { place: place(), rows: 2 }
        ]
    );
    assert_eq!(bench.row_counts().await[&T::Guides], 2);
}

#[tokio::test]
async fn rows_are_not_added_to_a_base_that_cannot_be_published() {
    let mut seed = demo_seed();
    for field in seed.tables.iter_mut().flat_map(|table| &mut table.fields) {
        if field.name == "Niveau" {
            field.type_name = "checkbox".into();
            field.options.clear();
        }
    }
    seed.tables.iter_mut().for_each(|table| table.records.clear());
    let bench = Bench::start(seed).await;
    let error = bench.init_with_demo().await.unwrap_err();
    assert!(matches!(&error, SetupError::Unfit(what) if what.contains("Niveau")), "{error}");
    assert_eq!(bench.writes(), Vec::<String>::new());
}
