//! Which rows are the same in two bases, and what a field can hold.

use serde_json::{Value, json};

use super::{Ids, LeftOut, TableRows, Target, empty_links, held, missing, pair};
use crate::{
    airtable::schema::{BaseSchema, FieldSchema},
    content::{
        cell::Cell,
        ids::RecordId,
        row::Row,
        tables::{FieldKey as F, TableKey as T},
    },
    sync::mapping::{Mapping, Names, resolve},
};

fn id(id: &str) -> RecordId {
    id.parse().unwrap()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn links(ids: &[&str]) -> Cell {
    Cell::Links(ids.iter().map(|link| id(link)).collect())
}

fn row(row: &str, cells: Vec<(F, Cell)>) -> Row {
    Row { id: id(row), cells }
}

fn rows(tables: Vec<(T, Vec<Row>)>) -> TableRows {
    tables.into_iter().collect()
}

#[test]
fn a_row_is_known_by_its_slug_or_the_one_of_its_title() {
    let titled = |cells| rows(vec![(T::Guides, vec![row("recA", cells)])]);
    let demo = titled(vec![(F::Title, text("Mon guide")), (F::Slug, text("guide"))]);
    for (cells, is_same) in [
        (vec![(F::Title, text("Autre titre")), (F::Slug, text("guide"))], true),
        (vec![(F::Title, text("Guide"))], true),
        (vec![(F::Title, text("x")), (F::Slug, text(" Guide "))], true),
        (vec![(F::Title, text("Mon guide"))], false),
        (vec![(F::Title, text("guide")), (F::Slug, text("autre"))], false),
        (vec![], false),
    ] {
        let base = rows(vec![(T::Guides, vec![row("recB", cells.clone())])]);
        let ids = pair(&demo, &base);
        assert_eq!(ids.get(&id("recA")), is_same.then(|| id("recB")).as_ref(), "{cells:?}");
        assert_eq!(missing(&demo, T::Guides, &ids).len(), usize::from(!is_same));
    }
    let other_table = rows(vec![(T::Services, vec![row("recB", vec![(F::Name, text("guide"))])])]);
    assert_eq!(pair(&demo, &other_table), Ids::new());
}

#[test]
fn a_choice_is_known_by_its_step_and_a_local_record_by_its_title() {
    let base = |prefix: &str, step_of_yes: &str| {
        let id = |id: &str| format!("rec{prefix}{id}");
        rows(vec![
            (
                T::Steps,
                vec![
                    row(&id("S1"), vec![(F::Title, text("s1"))]),
                    row(&id("S2"), vec![(F::Title, text("s2"))]),
                ],
            ),
            (
                T::Choices,
                vec![row(
                    &id("Yes"),
                    vec![(F::Label, text("Oui")), (F::Step, links(&[&id(step_of_yes)]))],
                )],
            ),
            (T::Holdings, vec![row(&id("H"), vec![(F::Title, text("Permis – Rennes"))])]),
        ])
    };
    let same = pair(&base("A", "S1"), &base("B", "S1"));
    assert_eq!(same[&id("recAYes")], id("recBYes"));
    assert_eq!(same[&id("recAH")], id("recBH"));
    let other = pair(&base("A", "S1"), &base("B", "S2"));
    assert_eq!(other.get(&id("recAYes")), None);
    assert_eq!(other.len(), 3);
}

#[test]
fn only_empty_links_are_filled() {
    let guide = |row_id, first: Option<&str>| {
        let title = (F::Title, text("g"));
        let first = first.map(|first| (F::FirstStep, links(&[first])));
        rows(vec![(T::Guides, vec![row(row_id, [title].into_iter().chain(first).collect())])])
    };
    let demo = guide("recA", Some("recS"));
    for (base, expected) in [(guide("recB", None), 1), (guide("recB", Some("recOther")), 0)] {
        let ids = pair(&demo, &base);
        let found = empty_links(&demo, &base, T::Guides, &ids);
        assert_eq!(found.len(), expected);
        assert!(found.iter().all(|(row, cells)| *row == id("recB") && cells.len() == 1));
    }
    let nothing_to_fill = guide("recA", None);
    let base = guide("recB", None);
    assert_eq!(empty_links(&nothing_to_fill, &base, T::Guides, &pair(&demo, &base)), []);
}

#[test]
fn a_field_holds_what_fits_its_type() {
    let select = |names: &[&str]| {
        let choices: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
        json!({ "choices": choices })
    };
    let field = |field_type: &str, options: Value| -> FieldSchema {
        let json = json!({ "id": "fld1", "name": "n", "type": field_type, "options": options });
        serde_json::from_value(json).unwrap()
    };
    let option = Cell::Select("Publié".into());
    let options = Cell::MultiSelect(vec!["a".into(), "b".into()]);
    let day = Cell::Date("2026-03-12".parse().unwrap());
    for (cell, field, expected) in [
        (text("x"), field("richText", Value::Null), Some(text("x"))),
        (Cell::RichText("x".into()), field("multilineText", Value::Null), Some(text("x"))),
        (text("x"), field("number", Value::Null), None),
        (Cell::Number(2.0), field("number", Value::Null), Some(Cell::Number(2.0))),
        (Cell::Number(2.0), field("singleLineText", Value::Null), Some(text("2"))),
        (option.clone(), field("singleSelect", select(&["Publié"])), Some(option.clone())),
        (option.clone(), field("singleSelect", select(&["Public"])), None),
        (option.clone(), field("singleLineText", Value::Null), Some(text("Publié"))),
        (
            option,
            field("multipleSelects", select(&["Publié"])),
            Some(Cell::MultiSelect(vec!["Publié".into()])),
        ),
        (options.clone(), field("multipleSelects", select(&["b", "a"])), Some(options.clone())),
        (options.clone(), field("multipleSelects", select(&["a"])), None),
        (options, field("singleSelect", select(&["a", "b"])), None),
        (day.clone(), field("date", Value::Null), Some(day.clone())),
        (day.clone(), field("singleLineText", Value::Null), Some(text("2026-03-12"))),
        (day, field("formula", Value::Null), None),
        (Cell::Checked, field("checkbox", Value::Null), Some(Cell::Checked)),
        (Cell::Checked, field("singleLineText", Value::Null), None),
    ] {
        assert_eq!(held(&cell, &field), expected, "{cell:?} in {:?}", field.field_type());
    }
}

#[test]
fn a_row_is_written_with_the_ids_of_the_base() {
    let schema: BaseSchema = serde_json::from_str(crate::sandbox::demo::JSON).unwrap();
    let mapping = resolve(&schema, &Names::default(), &Mapping::default()).mapping;
    let target = Target::new(&schema, &mapping, T::Steps).unwrap();
    let cells = [
        (F::Title, text("Titre")),
        (F::Guide, links(&["recDemo1"])),
        (F::Document, links(&["recDemo1", "recDemo2"])),
        (F::Type, Cell::Select("Inconnu".into())),
    ];
    let ids = [(id("recDemo1"), id("recReal1"))].into();
    let mut left_out = LeftOut::default();
    for _ in 0..2 {
        let written =
            target.writable(cells.iter().map(|(field, cell)| (*field, cell)), &ids, &mut left_out);
        let expected = [
            ("fldEtapeTitre0001".parse().unwrap(), text("Titre")),
            ("fldEtapeGuide0001".parse().unwrap(), links(&["recReal1"])),
        ];
        assert_eq!(written, expected, "a cell with a row that is not there yet waits as a whole");
    }
    let told: Vec<_> = left_out.take().map(|notice| notice.to_string()).collect();
    assert_eq!(told, ["Étapes.Type stays empty in 2 rows: it can't hold their values"]);
    assert_eq!(left_out.take().count(), 0);
}
