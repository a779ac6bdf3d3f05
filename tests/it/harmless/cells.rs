//! Cells that hold what their field should never hold.

use std::{fmt::Debug, sync::Arc};

use locadocs::content::{
    ids::RecordId,
    problem::{Code, Problem},
    rows::{Rows, Table},
    tables::{FieldKey as F, FieldKind, Need, TableKey as T},
};

use super::{
    damage::misfit,
    published::{COLLEAGUE, COLLEAGUE_EMAIL, Public, assert_whole},
    wire::{Wire, published_tables},
};

/// JSON as it may stand in a cell, whatever the field's type.
pub fn weird_cells() -> Vec<String> {
    let texts = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) <https://a.fr/\"onload=x>",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://user:password@evil.example/\"><script>",
        "http://[::1",
        "\u{202e}مرحبا\u{202c} \u{200b}\u{200d}\u{feff}👨\u{200d}👩\u{200d}👧 e\u{301}",
        "\0\u{1}\u{7f}\u{1b}[31m\r\n\t\u{2028}",
        "../../etc/passwd' OR 1=1; --\"\\/",
        "0000-00-00",
        "9999-99-99",
        "-262143-01-01",
        "99999999999999 ans",
        "35238\u{660}",
        "2A004;2A004,,,\n;",
        "NaN",
        "-1e308",
        "a@b",
        "24/7; Mo-Su 25:00-99:99",
        "---",
        " ",
    ];
    let mention = format!("a <airtable:mention id=\"menA\">@{COLLEAGUE}</airtable:mention> b");
    let person =
        format!(r#"{{"id":"usrJeanne00000001","email":"{COLLEAGUE_EMAIL}","name":"{COLLEAGUE}"}}"#);
    let texts = texts.iter().map(|text| (*text).to_owned()).chain([mention]);
    let others = [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "-0.0",
        "1e400",
        "1.7976931348623157e308",
        "123456789012345678901234567890",
        "[]",
        "[null]",
        "{}",
        r#""""#,
        r#""\ud800""#,
        r#"["recNowhere0000001"]"#,
        r#"["rec/../../etc"]"#,
        r#"["Publié","Publié"]"#,
        "[[[[]]]]",
        r##"{"error":"#ERROR!"}"##,
        r#"{"specialValue":"NaN"}"#,
        r#"{"specialValue":{"a":1}}"#,
        r#"{"state":"error","errorType":"x","isStale":false,"value":null}"#,
        r#"{"label":"Ouvrir","url":"javascript:alert(1)"}"#,
        r#"[{"id":"attEvil0000000001","url":"https://v5.airtableusercontent.com/x","filename":"../../<script>.png","type":"text/html","size":-1}]"#,
        r#"[{"id":"attEvil0000000001","url":"https://v5.airtableusercontent.com/x","filename":"a\"b/c.svg","type":"image/svg+xml","size":1,"width":4294967295,"height":0}]"#,
    ];
    let json = texts.map(|text| serde_json::to_string(&text).unwrap());
    json.chain(others.map(str::to_owned)).chain([format!("[{person}]"), person]).collect()
}

/// What is told of rows other than one.
fn of_others(rows: &Rows, id: &str) -> Vec<Problem> {
    let is_other = |problem: &&Problem| {
        problem.place.record.as_ref().is_none_or(|record| record.as_str() != id)
    };
    rows.problems().filter(is_other).cloned().collect()
}

/// What was read of some rows, whole.
fn read_as(rows: &Rows, table: T, ids: &[RecordId]) -> Vec<String> {
    fn shown<R: Debug>(rows: &Table<R>, ids: &[RecordId]) -> Vec<String> {
        ids.iter().map(|id| format!("{:?}", rows.get(id))).collect()
    }
    match table {
        T::Guides => shown(&rows.guides, ids),
        T::Steps => shown(&rows.steps, ids),
        T::Choices => shown(&rows.choices, ids),
        T::Documents => shown(&rows.documents, ids),
        T::Services => shown(&rows.services, ids),
        T::Territories => shown(&rows.territories, ids),
        T::Holdings => shown(&rows.holdings, ids),
        T::Feedback => Vec::new(),
    }
}

#[test]
fn whatever_a_cell_holds_its_neighbours_are_read_as_before() {
    for table in published_tables() {
        let mut wire = Wire::demo();
        wire.tables.retain(|key, _| *key == table);
        wire.rows(table).truncate(3);
        let healthy = wire.read();
        let victim = wire.rows(table)[1].id.clone();
        let others = wire.rows(table).iter().map(|row| &row.id).filter(|id| **id != victim);
        let others: Vec<RecordId> = others.map(|id| id.parse().unwrap()).collect();
        let expected = read_as(&healthy, table, &others);
        assert!(expected.iter().any(|row| row.starts_with("Row(")), "{expected:?}");
        for field in table.def().fields {
            for json in weird_cells() {
                let mut wire = wire.clone();
                wire.row(table, &victim).cells.insert(field.key, Arc::from(json.as_str()));
                let rows = wire.read();
                let case = format!("{} / {}: {json}", table.def().name, field.name);
                assert_eq!(read_as(&rows, table, &others), expected, "{case}");
                assert_eq!(of_others(&rows, &victim), of_others(&healthy, &victim), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn odd_values_scattered_over_the_base_publish_nothing_they_should_not() {
    let healthy = Wire::demo().build(None).release;
    let public = Public::new(Wire::demo().ids());
    for (shift, json) in weird_cells().into_iter().enumerate() {
        let mut wire = Wire::demo();
        for table in published_tables() {
            let fields = table.def().fields;
            for (at, row) in wire.rows(table).iter_mut().enumerate() {
                let field = fields[(at + shift) % fields.len()].key;
                row.cells.insert(field, Arc::from(json.as_str()));
            }
        }
        for previous in [None, Some(&healthy)] {
            let release = wire.build(previous).release;
            assert_whole(&release);
            public.assert_harmless(release).await;
        }
    }
}

#[tokio::test]
async fn odd_texts_in_every_cell_of_text_are_published_without_harm() {
    let public = Public::new(Wire::demo().ids());
    for json in weird_cells().into_iter().filter(|json| json.starts_with('"')) {
        let mut wire = Wire::demo();
        for table in published_tables() {
            let is_text =
                |kind| matches!(kind, FieldKind::Line | FieldKind::Lines | FieldKind::RichText);
            let fields = table.def().fields.iter().filter(|field| is_text(field.kind));
            // What a territory or a period is must stay, for there to be answers.
            let fields =
                fields.filter(|f| ![F::Code, F::Communes, F::From, F::Until].contains(&f.key));
            for field in fields {
                for row in wire.rows(table) {
                    row.cells.insert(field.key, Arc::from(json.as_str()));
                }
            }
        }
        let release = wire.build(None).release;
        assert_whole(&release);
        public.assert_harmless(release).await;
    }
}

#[tokio::test]
async fn an_optional_field_that_is_missing_or_retyped_leaves_the_rest() {
    let healthy = Wire::demo().build(None).release;
    let public = Public::new(Wire::demo().ids());
    for table in published_tables() {
        let optional = table.def().fields.iter().filter(|field| field.need == Need::Optional);
        for field in optional {
            for to in [None, Some(misfit(field.kind))] {
                let mut wire = Wire::demo();
                let told = wire.retype(table, field.key, to);
                let code = match to {
                    None => Code::MissingOptionalField,
                    Some(_) => Code::WrongOptionalFieldType,
                };
                let case = format!("{} / {}: {to:?}", table.def().name, field.name);
                let told: Vec<_> =
                    told.iter().map(|p| (p.code, p.place.table, p.place.field)).collect();
                assert_eq!(told, [(code, table, Some(field.key))], "{case}");
                let release = wire.build(None).release;
                assert_whole(&release);
                let (content, expected) = (release.content(), healthy.content());
                assert_eq!(content.guides.len(), expected.guides.len(), "{case}");
                assert_eq!(content.documents.len(), expected.documents.len(), "{case}");
                assert_eq!(content.services.len(), expected.services.len(), "{case}");
                if to.is_none() {
                    public.assert_harmless(release).await;
                }
            }
        }
    }
}
