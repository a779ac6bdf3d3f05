use serde_json::json;

use super::*;

/// One field `fld1` of this type; for computed types, its `result` as well.
fn table(field_type: &str, result: Option<&str>) -> TableSchema {
    let options = json!({"isValid": true, "result": result.map(|name| json!({"type": name}))});
    let field = json!({"id": "fld1", "name": "n", "type": field_type, "options": options});
    let table = json!({"id": "tbl1", "name": "t", "primaryFieldId": "fld1", "fields": [field]});
    serde_json::from_value(table).unwrap()
}

fn cells(table: &TableSchema, fields: &str) -> Vec<(FieldId, Cell)> {
    let record = format!(r#"{{"id":"rec1","fields":{fields}}}"#);
    decode(&serde_json::from_str(&record).unwrap(), table)
}

fn cell(field_type: &str, result: Option<&str>, json: &str) -> Option<Cell> {
    let cells = cells(&table(field_type, result), &format!(r#"{{"fld1":{json}}}"#));
    cells.into_iter().next().map(|(_, cell)| cell)
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn instant(text: &str) -> Cell {
    Cell::DateTime(text.parse().unwrap())
}

fn day(text: &str) -> Cell {
    Cell::Date(text.parse().unwrap())
}

fn links(ids: &[&str]) -> Cell {
    Cell::Links(ids.iter().map(|id| id.parse().unwrap()).collect())
}

#[test]
fn every_type_becomes_its_cell() {
    use Cell::{
        Checked, Collaborator, Failed, MultiSelect, Number, Opaque, RichText, Select, Text,
    };
    for (field_type, json, expected) in [
        ("singleLineText", r#""L'« acte » \u00e9\n""#, Some(Text("L'« acte » é\n".into()))),
        ("singleLineText", r#""""#, None),
        ("multilineText", r#""a\nb""#, Some(Text("a\nb".into()))),
        ("email", r#""a@b.fr""#, Some(Text("a@b.fr".into()))),
        ("url", r#""https://a.fr""#, Some(Text("https://a.fr".into()))),
        ("phoneNumber", r#""02 99 00 00 00""#, Some(Text("02 99 00 00 00".into()))),
        ("richText", r##""# Titre""##, Some(RichText("# Titre".into()))),
        ("number", "-1.5", Some(Number(-1.5))),
        ("number", "0", Some(Number(0.0))),
        ("number", r#"{"specialValue":"Infinity"}"#, Some(Failed("Infinity".into()))),
        ("currency", "12", Some(Number(12.0))),
        ("percent", "0.123", Some(Number(0.123))),
        ("duration", "3600", Some(Number(3600.0))),
        ("rating", "5", Some(Number(5.0))),
        ("autoNumber", "7", Some(Number(7.0))),
        ("count", "3", Some(Number(3.0))),
        ("checkbox", "true", Some(Checked)),
        ("checkbox", "false", None),
        ("singleSelect", r#""Publié""#, Some(Select("Publié".into()))),
        ("externalSyncSource", r#""Base A""#, Some(Select("Base A".into()))),
        ("multipleSelects", r#"["a","b"]"#, Some(MultiSelect(words(&["a", "b"])))),
        ("multipleSelects", "[]", None),
        ("date", r#""1908-07-01""#, Some(day("1908-07-01"))),
        ("dateTime", r#""2026-01-02T03:04:05.000Z""#, Some(instant("2026-01-02T03:04:05Z"))),
        ("createdTime", r#""2026-01-02T03:04:05.000Z""#, Some(instant("2026-01-02T03:04:05Z"))),
        ("lastModifiedTime", r#""2026-01-02""#, Some(day("2026-01-02"))),
        ("multipleRecordLinks", r#"["recB","recA"]"#, Some(links(&["recB", "recA"]))),
        ("singleCollaborator", r#"{"id":"usr1","email":"a@b.fr"}"#, Some(Collaborator)),
        ("multipleCollaborators", r#"[{"id":"usr1","email":"a@b.fr"}]"#, Some(Collaborator)),
        ("createdBy", r#"{"id":"usr1","email":"a@b.fr"}"#, Some(Collaborator)),
        ("lastModifiedBy", r#""a@b.fr""#, Some(Collaborator)),
        ("barcode", r#"{"text":"123","type":"ean8"}"#, Some(Text("123".into()))),
        ("button", r#"{"label":"Voir","url":"https://a.fr"}"#, Some(Text("https://a.fr".into()))),
        ("button", r#"{"label":"Voir","url":null}"#, None),
        ("aiText", r#"{"state":"generated","isStale":false,"value":"v"}"#, Some(Text("v".into()))),
        ("aiText", r#"{"state":"loading","isStale":true,"value":null}"#, None),
        (
            "aiText",
            r#"{"state":"error","errorType":"quota","value":null}"#,
            Some(Failed("quota".into())),
        ),
        ("manualSort", r#""a0""#, Some(Opaque(r#""a0""#.into()))),
        ("hologram", r#"{"error":"x","y":1}"#, Some(Opaque(r#"{"error":"x","y":1}"#.into()))),
        ("singleLineText", "null", None),
    ] {
        assert_eq!(cell(field_type, None, json), expected, "{field_type} {json}");
    }
}

#[test]
fn a_value_that_does_not_fit_its_type_is_kept_as_it_came() {
    for (field_type, json) in [
        ("singleLineText", "12"),
        ("singleLineText", r#""\ud800""#),
        ("number", r#""12""#),
        ("number", "1e999"),
        ("checkbox", r#""oui""#),
        ("singleSelect", r#"{"id":"sel1","name":"a"}"#),
        ("multipleSelects", r#""a""#),
        ("multipleRecordLinks", r#"["rec1","tbl2"]"#),
        ("multipleAttachments", r#"[{"id":"att1"}]"#),
        ("date", r#""01/07/1908""#),
        ("date", r#""2026-02-30""#),
        ("barcode", "[]"),
        ("aiText", "{}"),
    ] {
        assert_eq!(
            cell(field_type, None, json),
            Some(Cell::Opaque(json.into())),
            "{field_type} {json}"
        );
    }
}

#[test]
fn computed_values_follow_their_result_type_or_their_shape() {
    use Cell::{Checked, Collaborator, Failed, List, MultiSelect, Number, Opaque, Text};
    let text = |text: &str| Text(text.into());
    for (field_type, result, json, expected) in [
        ("formula", Some("number"), "3", Some(Number(3.0))),
        (
            "formula",
            Some("date"),
            r#""2026-01-02T00:00:00.000Z""#,
            Some(instant("2026-01-02T00:00:00Z")),
        ),
        ("formula", Some("checkbox"), "true", Some(Checked)),
        ("formula", Some("number"), r##"{"error":"#ERROR!"}"##, Some(Failed("#ERROR!".into()))),
        ("formula", Some("number"), r#"{"specialValue":"NaN"}"#, Some(Failed("NaN".into()))),
        ("formula", Some("number"), "[1,null,2]", Some(List(vec![Number(1.0), Number(2.0)]))),
        ("formula", Some("number"), r#""x""#, Some(Opaque(r#""x""#.into()))),
        ("formula", None, r#""x""#, Some(text("x"))),
        ("formula", None, "-2", Some(Number(-2.0))),
        ("formula", None, "false", None),
        (
            "rollup",
            None,
            r#"["x",1,true,null,[2]]"#,
            Some(List(vec![text("x"), Number(1.0), Checked, Opaque("[2]".into())])),
        ),
        ("rollup", Some("date"), r#"["2026-01-02"]"#, Some(List(vec![day("2026-01-02")]))),
        (
            "multipleLookupValues",
            Some("singleLineText"),
            r#"["a",null,"b"]"#,
            Some(List(vec![text("a"), text("b")])),
        ),
        ("multipleLookupValues", Some("singleLineText"), "[null]", None),
        (
            "multipleLookupValues",
            Some("number"),
            r##"[1,{"error":"#ERROR!"}]"##,
            Some(List(vec![Number(1.0), Failed("#ERROR!".into())])),
        ),
        (
            "multipleLookupValues",
            Some("multipleSelects"),
            r#"["a",null,"b"]"#,
            Some(MultiSelect(words(&["a", "b"]))),
        ),
        (
            "multipleLookupValues",
            Some("multipleRecordLinks"),
            r#"["recA"]"#,
            Some(links(&["recA"])),
        ),
        (
            "multipleLookupValues",
            Some("singleCollaborator"),
            r#"[{"email":"a@b.fr"}]"#,
            Some(List(vec![Collaborator])),
        ),
        (
            "multipleLookupValues",
            Some("multipleCollaborators"),
            r#"[{"email":"a@b.fr"}]"#,
            Some(Collaborator),
        ),
        ("multipleLookupValues", Some("hologram"), "[7]", Some(List(vec![Opaque("7".into())]))),
    ] {
        assert_eq!(cell(field_type, result, json), expected, "{field_type} {result:?} {json}");
    }
}

#[test]
fn attachments_are_read_with_what_they_have() {
    let json = r#"[
        {"id":"att1","url":"https:\/\/a\/1","filename":"plan.png","type":"image/png","size":9,"width":2,"height":3,"thumbnails":{}},
        {"id":"att2","url":"https://a/2","filename":"acte"}
    ]"#;
    let Some(Cell::Attachments(files)) = cell("multipleAttachments", None, json) else {
        panic!("not attachments");
    };
    let urls: Vec<_> = files.iter().map(|file| file.url.as_str()).collect();
    assert_eq!(urls, ["https://a/1", "https://a/2"]);
    assert_eq!(files[0].dimensions, Some((2, 3)));
    assert_eq!((files[0].size, files[0].media_type.as_deref()), (Some(9), Some("image/png")));
    assert_eq!((files[1].filename.as_str(), files[1].dimensions), ("acte", None));
}

#[test]
fn unknown_fields_are_opaque_and_what_is_not_a_field_is_left_out() {
    let table = table("singleLineText", None);
    let row = cells(&table, r#"{"fldNew":{"a":[1]},"fld1":"x","Titre":"y"}"#);
    assert_eq!(
        row,
        [
            ("fldNew".parse().unwrap(), Cell::Opaque(r#"{"a":[1]}"#.into())),
            ("fld1".parse().unwrap(), Cell::Text("x".into())),
        ]
    );
}

#[test]
fn a_deeply_nested_value_overflows_nothing() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for field_type in ["formula", "multipleLookupValues", "hologram", "singleLineText"] {
        assert!(cell(field_type, None, &deep).is_some(), "{field_type}");
    }
    let objects = format!("{}1{}", r#"{"error":"#.repeat(50_000), "}".repeat(50_000));
    assert_eq!(cell("formula", None, &objects), Some(Cell::Opaque(objects)));
}

#[test]
fn writable_cells_are_written_as_they_are_read() {
    for (field_type, json) in [
        ("singleLineText", r#""x""#),
        ("richText", r#""**x**""#),
        ("number", "1.5"),
        ("checkbox", "true"),
        ("singleSelect", r#""a""#),
        ("multipleSelects", r#"["a","b"]"#),
        ("date", r#""1908-07-01""#),
        ("dateTime", r#""2026-01-02T03:04:05.000Z""#),
        ("multipleRecordLinks", r#"["recA","recB"]"#),
        ("hologram", r#"{"a":[1]}"#),
    ] {
        let encoded = encode(&cell(field_type, None, json).unwrap());
        assert_eq!(encoded.map(|value| value.to_string()).as_deref(), Some(json), "{field_type}");
    }
    assert_eq!(encode(&Cell::Collaborator), None);
    assert_eq!(encode(&Cell::Failed("NaN".into())), None);
}
