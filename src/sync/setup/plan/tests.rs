//! Plans for the demo base's schema, and for what it may lack.

use serde_json::{Value, json};

use super::{Plan, Step, plan};
use crate::{
    airtable::{meta::FieldFormat, schema::BaseSchema},
    content::tables::{FieldKey as F, TABLES, TableKey as T},
    sync::{
        mapping::{Names, TableNames},
        setup::Notice,
    },
};

fn demo() -> Value {
    serde_json::from_str(crate::sandbox::demo::JSON).unwrap()
}

fn planned(json: &Value, names: &Names) -> Plan {
    let schema: BaseSchema = serde_json::from_value(json.clone()).unwrap();
    plan(&schema, names)
}

/// The plan for the demo base after `edit` has seen one of its tables.
fn plan_for(table: &str, edit: impl Fn(&mut Value)) -> Plan {
    let mut json = demo();
    let tables = json["tables"].as_array_mut().unwrap();
    edit(tables.iter_mut().find(|candidate| candidate["name"] == table).unwrap());
    planned(&json, &Names::default())
}

fn field<'a>(table: &'a mut Value, name: &str) -> &'a mut Value {
    let fields = table["fields"].as_array_mut().unwrap();
    fields.iter_mut().find(|field| field["name"] == name).unwrap()
}

fn remove(table: &mut Value, name: &str) {
    table["fields"].as_array_mut().unwrap().retain(|field| field["name"] != name);
}

fn names(table: T, name: Option<&str>, fields: &[(F, &str)]) -> Names {
    let fields = fields.iter().map(|(key, name)| (*key, (*name).to_owned())).collect();
    Names([(table, TableNames { name: name.map(str::to_owned), fields })].into())
}

fn told(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.addition().to_string()).collect()
}

fn notices(plan: &Plan) -> Vec<String> {
    plan.notices.iter().map(ToString::to_string).collect()
}

#[test]
fn a_base_that_has_everything_gets_nothing() {
    let plan = planned(&demo(), &Names::default());
    assert_eq!((plan.steps, plan.notices), (vec![], vec![]));
    assert_eq!(plan.found.len(), TABLES.len());
}

#[test]
fn an_empty_base_gets_all_tables_and_then_all_links() {
    let plan = planned(&json!({ "tables": [] }), &Names::default());
    assert_eq!(plan.notices, []);
    let mut fields = 0;
    let (tables, links) = plan.steps.split_at(TABLES.len());
    for (step, def) in tables.iter().zip(TABLES) {
        let Step::Table(key, table) = step else { panic!("{step:?}") };
        assert_eq!((*key, &*table.name, &*table.description), (def.key, def.name, def.help));
        assert_eq!(table.fields[0].name, def.fields[0].name, "the primary field comes first");
        fields += table.fields.len();
    }
    assert!(links.iter().all(|step| matches!(step, Step::Link(_))));
    let expected: usize = TABLES.iter().map(|def| def.fields.len()).sum();
    assert_eq!(fields + links.len(), expected);
    assert_eq!(
        told(&plan).last().unwrap(),
        "field Données locales.Contacter d'abord, links to Services"
    );
}

#[test]
fn only_what_is_missing_is_planned() {
    let without_fields = plan_for("Étapes", |table| {
        remove(table, "Type");
        remove(table, "Document");
    });
    assert_eq!(
        told(&without_fields),
        ["field Étapes.Type", "field Étapes.Document, links to Documents"]
    );
    assert!(matches!(
        &without_fields.steps[0],
        Step::Field(_, field) if matches!(&field.format, FieldFormat::SingleSelect(options) if options.len() == 6)
    ));

    let mut json = demo();
    json["tables"].as_array_mut().unwrap().retain(|table| table["name"] != "Choix");
    let without_table = planned(&json, &Names::default());
    assert_eq!(
        told(&without_table),
        [
            "table Choix: Libellé, Identifiant, Lien externe, Précision, Ordre, Condition",
            "field Choix.Étape, links to Étapes",
            "field Choix.Vers, links to Étapes",
            "field Choix.Vers le guide, links to Guides",
        ]
    );
    assert_eq!(without_table.notices, []);
}

#[test]
fn what_is_there_in_another_form_is_told_and_left() {
    let number = plan_for("Guides", |t| field(t, "Première étape")["type"] = json!("number"));
    let options = plan_for("Guides", |t| {
        field(t, "Statut")["options"]["choices"] = json!([{ "name": "Publié" }]);
    });
    let elsewhere = plan_for("Choix", |t| {
        field(t, "Vers")["options"]["linkedTableId"] = json!("tblGuides00000000");
    });
    for (plan, notice) in [
        (
            number,
            "Guides.Première étape is of type number and stays so: change it to \
             multipleRecordLinks in Airtable",
        ),
        (
            options,
            "Guides.Statut lacks options, which only a person can add in Airtable: Brouillon, \
             Archivé",
        ),
        (elsewhere, "Choix.Vers links to another table than Étapes, and stays so"),
    ] {
        assert_eq!(plan.steps, [], "{notice}");
        assert_eq!(notices(&plan), [notice]);
    }
    let text = plan_for("Guides", |t| field(t, "Statut")["type"] = json!("singleLineText"));
    assert_eq!((text.steps, text.notices), (vec![], vec![]), "a type that can be read is fine");
}

#[test]
fn the_settings_name_what_is_added() {
    let names = names(T::Steps, Some("Écrans"), &[(F::Title, "Nom"), (F::Guide, "Parcours")]);
    let plan = planned(&json!({ "tables": [] }), &names);
    let told = told(&plan);
    assert_eq!(told[1], "table Écrans: Nom, Identifiant, Type, Contenu, Illustrations, Statut");
    for expected in
        ["field Guides.Première étape, links to Écrans", "field Écrans.Parcours, links to Guides"]
    {
        assert!(told.iter().any(|line| line == expected), "{told:?}");
    }
}

#[test]
fn nothing_is_named_by_an_id() {
    let table = planned(&demo(), &names(T::Documents, Some("tblGone000000001"), &[]));
    assert_eq!(table.steps, []);
    let id = "tblGone000000001".to_owned();
    assert_eq!(table.notices[0], Notice::UnknownId { place: "Documents".into(), id });
    let empty =
        planned(&json!({ "tables": [] }), &names(T::Documents, Some("tblGone000000001"), &[]));
    assert!(!told(&empty).iter().any(|line| line.contains("Documents")), "{:?}", told(&empty));

    let field = planned(&demo(), &names(T::Guides, None, &[(F::Summary, "fldGone000000001")]));
    assert_eq!(field.steps, []);
    let id = "fldGone000000001".to_owned();
    assert_eq!(field.notices, [Notice::UnknownId { place: "Guides.fldGone000000001".into(), id }]);
    let found = planned(&demo(), &names(T::Guides, None, &[(F::Summary, "fldGuideResume001")]));
    assert_eq!((found.steps, found.notices), (vec![], vec![]));
}
