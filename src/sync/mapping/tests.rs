//! The mapping over the demo base's schema, and over what archivists may do to it.

use serde_json::Value;

use super::{Mapping, Names, Resolution, TableNames, resolve};
use crate::{
    airtable::schema::BaseSchema,
    content::{
        problem::Code,
        tables::{FieldKey as F, TABLES, TableKey as T},
    },
};

fn demo() -> Value {
    serde_json::from_str(include_str!("../../sandbox/demo/base.json")).unwrap()
}

fn schema(json: &Value) -> BaseSchema {
    serde_json::from_value(json.clone()).unwrap()
}

/// The demo schema after `edit` has seen one of its tables.
fn edited(table: &str, edit: impl Fn(&mut Value)) -> BaseSchema {
    let mut json = demo();
    let tables = json["tables"].as_array_mut().unwrap();
    edit(tables.iter_mut().find(|candidate| candidate["name"] == table).unwrap());
    schema(&json)
}

fn field<'a>(table: &'a mut Value, name: &str) -> &'a mut Value {
    let fields = table["fields"].as_array_mut().unwrap();
    fields.iter_mut().find(|field| field["name"] == name).unwrap()
}

fn remove_field(table: &mut Value, name: &str) {
    table["fields"].as_array_mut().unwrap().retain(|field| field["name"] != name);
}

fn codes(resolution: &Resolution) -> Vec<(Code, T, Option<F>)> {
    let problems = resolution.problems.iter();
    problems.map(|p| (p.code, p.place.table, p.place.field)).collect()
}

fn pinned() -> Mapping {
    resolve(&schema(&demo()), &Names::default(), &Mapping::default()).mapping
}

#[test]
fn the_demo_base_has_every_table_and_field() {
    let resolution = resolve(&schema(&demo()), &Names::default(), &Mapping::default());
    assert_eq!(codes(&resolution), []);
    for table in TABLES {
        assert_eq!(resolution.mapping.tables[&table.key].fields.len(), table.fields.len());
    }
}

#[test]
fn what_is_missing_or_retyped_is_told() {
    type Case = (BaseSchema, Code, T, Option<F>, bool);
    let cases: Vec<Case> = vec![
        (
            edited("Guides", |t| t["name"] = "Parcours".into()),
            Code::MissingTable,
            T::Guides,
            None,
            true,
        ),
        (
            edited("Étapes", |t| remove_field(t, "Type")),
            Code::MissingField,
            T::Steps,
            Some(F::Type),
            true,
        ),
        (
            edited("Étapes", |t| remove_field(t, "Contenu")),
            Code::MissingOptionalField,
            T::Steps,
            Some(F::Content),
            false,
        ),
        (
            edited("Étapes", |t| field(t, "Guide")["type"] = "singleLineText".into()),
            Code::WrongFieldType,
            T::Steps,
            Some(F::Guide),
            true,
        ),
        (
            edited("Services", |t| field(t, "Photo")["type"] = "number".into()),
            Code::WrongOptionalFieldType,
            T::Services,
            Some(F::Photo),
            false,
        ),
        (
            edited("Services", |t| field(t, "Générique")["type"] = "singleCollaborator".into()),
            Code::WrongOptionalFieldType,
            T::Services,
            Some(F::Generic),
            false,
        ),
    ];
    for (schema, code, table, field, is_obstacle) in cases {
        let resolution = resolve(&schema, &Names::default(), &Mapping::default());
        assert_eq!(codes(&resolution), [(code, table, field)]);
        assert_eq!(resolution.obstacles().count() > 0, is_obstacle, "{code:?}");
    }
}

#[test]
fn a_missing_optional_table_is_no_obstacle() {
    let schema = edited("Retours", |t| t["name"] = "Avis".into());
    let resolution = resolve(&schema, &Names::default(), &Mapping::default());
    assert_eq!(codes(&resolution), []);
}

#[test]
fn a_year_may_be_a_number_and_a_text_a_formula() {
    let year = edited("Données locales", |t| field(t, "Du")["type"] = "number".into());
    let formula = edited("Guides", |t| {
        let field = field(t, "Résumé");
        field["type"] = "formula".into();
        field["options"] = serde_json::json!({ "isValid": true, "result": { "type": "richText" } });
    });
    for schema in [year, formula] {
        let resolution = resolve(&schema, &Names::default(), &Mapping::default());
        assert_eq!(codes(&resolution), []);
    }
}

#[test]
fn what_was_seen_once_is_followed_under_its_new_name() {
    let pins = pinned();
    let renamed = edited("Étapes", |t| {
        t["name"] = "Écrans".into();
        field(t, "Contenu")["name"] = "Texte".into();
    });
    let resolution = resolve(&renamed, &Names::default(), &pins);
    assert_eq!(
        codes(&resolution),
        [(Code::Renamed, T::Steps, None), (Code::Renamed, T::Steps, Some(F::Content)),]
    );
    assert_eq!(resolution.mapping, pins);
}

#[test]
fn a_field_that_was_replaced_by_one_of_its_name_is_found_again() {
    let replaced = edited("Étapes", |t| field(t, "Contenu")["id"] = "fldReplaced000001".into());
    let resolution = resolve(&replaced, &Names::default(), &pinned());
    assert_eq!(codes(&resolution), []);
    assert_ne!(resolution.mapping, pinned());
}

#[test]
fn the_settings_may_give_names_or_ids() {
    let mut names = Names::default();
    names.0.insert(
        T::Guides,
        TableNames {
            name: Some("Parcours".to_owned()),
            fields: [(F::Title, "Nom du parcours".to_owned())].into(),
        },
    );
    let renamed = edited("Guides", |t| {
        t["name"] = "Parcours".into();
        field(t, "Titre")["name"] = "Nom du parcours".into();
    });
    assert_eq!(codes(&resolve(&renamed, &names, &Mapping::default())), []);

    let pins = pinned();
    let by_id =
        TableNames { name: Some(pins.tables[&T::Guides].id.to_string()), ..Default::default() };
    let names = Names([(T::Guides, by_id)].into());
    assert_eq!(codes(&resolve(&schema(&demo()), &names, &Mapping::default())), []);
}

#[test]
fn fields_that_no_table_has_are_known_as_such() {
    let fields = [(F::CallNumber, "Cote".to_owned())].into();
    let names = Names([(T::Guides, TableNames { name: None, fields })].into());
    assert_eq!(names.unknown_fields(), [(T::Guides, F::CallNumber)]);
}
