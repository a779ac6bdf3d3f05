use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;
use crate::content::tables::FieldKey;

fn payloads(payloads: &Value, cursor: u64) -> Payloads {
    page(payloads, cursor, false)
}

fn page(payloads: &Value, cursor: u64, might_have_more: bool) -> Payloads {
    let page = json!({ "payloads": payloads, "cursor": cursor, "mightHaveMore": might_have_more });
    serde_json::from_value(page).unwrap()
}

fn merged(list: &Value) -> Changes {
    let mut changes = Changes::since(1);
    changes.add(payloads(list, 1 + list.as_array().unwrap().len() as u64)).unwrap();
    changes
}

fn ids<T: std::str::FromStr + Ord>(ids: &[&str]) -> BTreeSet<T>
where
    T::Err: std::fmt::Debug,
{
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

#[test]
fn rows_created_changed_and_deleted_are_told_apart() {
    let changes = merged(&json!([
        { "timestamp": "2026-02-01T21:25:05Z", "changedTablesById": { "tblA": {
            "createdRecordsById": { "rec1": {} }, "changedRecordsById": { "rec2": {} } } } },
        { "timestamp": "2026-02-01T21:25:01Z", "changedTablesById": {
            "tblA": { "destroyedRecordIds": ["rec2", "rec3"] },
            "tblB": { "changedRecordsById": { "rec9": {} } },
            "tblC": {} } },
    ]));
    assert_eq!(changes.rows.len(), 2);
    assert_eq!(changes.rows["tblA"].reread, ids(&["rec1", "rec2"]));
    assert_eq!(changes.rows["tblA"].deleted, ids(&["rec2", "rec3"]));
    assert_eq!(changes.rows["tblB"].reread, ids(&["rec9"]));
    assert!(changes.schema.is_empty());
    assert_eq!((changes.cursor, changes.payloads), (3, 2));
    assert_eq!(changes.oldest, "2026-02-01T21:25:01Z".parse().ok());
}

#[test]
fn a_page_that_does_not_follow_or_say_all_is_a_gap() {
    let one = json!([{}]);
    let none = json!([]);
    let failed = json!([{ "error": true, "code": "INVALID_HOOK" }]);
    let missing = |found| Gap::Missing { expected: 5, found };
    for (page, expected) in [
        (page(&one, 6, false), None),
        (page(&none, 5, false), None),
        (page(&one, 6, true), None),
        // Told again from before: harmless.
        (page(&json!([{}, {}, {}]), 6, false), None),
        (page(&one, 9, false), Some(missing(8))),
        (page(&none, 9, false), Some(missing(9))),
        (page(&none, 5, true), Some(missing(6))),
        (page(&one, 4, false), Some(missing(3))),
        (page(&one, 0, false), Some(missing(0))),
        (page(&failed, 6, false), Some(Gap::Failed { code: Some("INVALID_HOOK".into()) })),
    ] {
        let mut changes = Changes::since(5);
        let case = format!("{page:?}");
        assert_eq!(changes.add(page).err(), expected, "{case}");
    }
}

/// Guides with a title, and every other table whole.
fn mapping() -> Mapping {
    let tables = TABLES.iter().map(|def| {
        let name = format!("{:?}", def.key);
        let fields = def
            .fields
            .iter()
            .map(|field| (format!("fld{name}{:?}", field.key).parse().unwrap(), field.key));
        (
            def.key,
            MappedTable { id: format!("tbl{name}").parse().unwrap(), fields: fields.collect() },
        )
    });
    let mut mapping = Mapping { tables: tables.collect() };
    let guides = mapping.tables.get_mut(&TableKey::Guides).unwrap();
    guides.fields.retain(|_, key| *key == FieldKey::Title);
    mapping
}

#[test]
fn only_what_may_change_the_mapping_is_a_schema_change() {
    let whole = mapping();
    let mut lacking = whole.clone();
    lacking.tables.remove(&TableKey::Feedback);
    let fields = |table: &str, key: &str, field: &str| {
        let value = if key == "destroyedFieldIds" { json!([field]) } else { json!({ field: {} }) };
        json!([{ "changedTablesById": { table: { key: value } } }])
    };
    let renamed =
        |table: &str| json!([{ "changedTablesById": { table: { "changedMetadata": {} } } }]);
    for (list, with_whole, with_lacking) in [
        (fields("tblSteps", "changedFieldsById", "fldStepsTitle"), true, true),
        (fields("tblSteps", "destroyedFieldIds", "fldStepsTitle"), true, true),
        // All of its fields are known: another one is nobody's.
        (fields("tblSteps", "createdFieldsById", "fldNotes"), false, false),
        (fields("tblSteps", "destroyedFieldIds", "fldNotes"), false, false),
        // It lacks fields, and this may be one.
        (fields("tblGuides", "createdFieldsById", "fldResume"), true, true),
        (fields("tblElsewhere", "changedFieldsById", "fldStepsTitle"), false, false),
        (renamed("tblSteps"), true, true),
        (renamed("tblElsewhere"), false, true),
        (json!([{ "createdTablesById": { "tblNew": {} } }]), false, true),
        (json!([{ "destroyedTableIds": ["tblSteps"] }]), true, true),
        (json!([{ "destroyedTableIds": ["tblElsewhere"] }]), false, true),
        (
            json!([{ "changedTablesById": { "tblSteps": { "changedRecordsById": { "rec1": {} } } } }]),
            false,
            false,
        ),
    ] {
        let changes = merged(&list);
        assert!(!changes.is_empty(), "{list}");
        assert_eq!(changes.relevant(&whole).is_schema_changed, with_whole, "{list}");
        assert_eq!(changes.relevant(&lacking).is_schema_changed, with_lacking, "{list}");
    }
}

#[test]
fn rows_of_tables_that_are_not_read_are_nothing_to_do() {
    let rows = json!({ "changedRecordsById": { "rec1": {} } });
    let changes = merged(&json!([
        { "changedTablesById": { "tblElsewhere": rows, "tblFeedback": rows } },
    ]));
    assert!(!changes.is_empty());
    assert!(changes.relevant(&mapping()).is_empty());
    let changes = merged(&json!([{ "changedTablesById": { "tblServices": rows } }]));
    let relevant = changes.relevant(&mapping());
    assert_eq!(relevant.rows[&TableKey::Services].reread, ids(&["rec1"]));
}

#[test]
fn changes_are_unannounced_when_no_ping_came_since_they_happened() {
    let at = |text: &str| format!("2026-02-01T{text}Z").parse::<DateTime<Utc>>().unwrap();
    let changes = merged(&json!([{ "timestamp": at("12:00:00") }]));
    for (last_ping, now, expected) in [
        (None, at("12:10:00"), true),
        (None, at("12:01:00"), false),
        (Some(at("11:59:00")), at("12:10:00"), true),
        (Some(at("12:00:02")), at("12:10:00"), false),
    ] {
        assert_eq!(changes.is_unannounced(last_ping, now), expected, "{last_ping:?} {now}");
    }
    assert!(!Changes::since(3).is_unannounced(None, at("12:10:00")));
}

/// A payload about few tables, rows and fields, so that they meet often.
fn any_payload() -> impl Strategy<Value = Value> {
    let some = |prefix: &'static str| {
        vec(0..6_u8, 0..4).prop_map(move |ids| {
            ids.into_iter().map(|id| format!("{prefix}{id}")).collect::<BTreeSet<_>>()
        })
    };
    let keyed =
        |ids: BTreeSet<String>| -> Value { ids.iter().map(|id| (id.clone(), json!({}))).collect() };
    let table = (some("rec"), some("rec"), some("rec"), some("fld"), some("fld"), any::<bool>());
    let table = table.prop_map(move |(created, changed, destroyed, made, dropped, renamed)| {
        let mut table = json!({
            "createdRecordsById": keyed(created), "changedRecordsById": keyed(changed),
            "destroyedRecordIds": destroyed, "createdFieldsById": keyed(made),
            "destroyedFieldIds": dropped,
        });
        if renamed {
            table["changedMetadata"] = json!({});
        }
        table
    });
    let tables =
        proptest::collection::btree_map((0..3_u8).prop_map(|id| format!("tbl{id}")), table, 0..3);
    (tables, some("tbl"), 0..60_u32).prop_map(|(changed, destroyed, second)| {
        json!({
            "timestamp": format!("2026-02-01T12:00:{second:02}Z"),
            "changedTablesById": changed, "destroyedTableIds": destroyed,
        })
    })
}

/// What is to be looked at, whatever the payloads were.
fn what(changes: &Changes) -> (&BTreeMap<TableId, RowChanges>, &BTreeMap<TableId, SchemaChanges>) {
    (&changes.rows, &changes.schema)
}

/// Every id that stands in a payload's tables.
fn told_ids(list: &[Value]) -> BTreeSet<(String, String)> {
    let mut told = BTreeSet::new();
    for payload in list {
        for (table, changes) in payload["changedTablesById"].as_object().unwrap() {
            for key in ["createdRecordsById", "changedRecordsById"] {
                let ids = changes[key].as_object().unwrap().keys();
                told.extend(ids.map(|id| (table.clone(), id.clone())));
            }
            let ids = changes["destroyedRecordIds"].as_array().unwrap().iter();
            told.extend(ids.map(|id| (table.clone(), id.as_str().unwrap().to_owned())));
        }
    }
    told
}

proptest! {
    #[test]
    fn repeated_reordered_and_split_payloads_say_the_same(
        (list, shuffled, cut) in vec(any_payload(), 0..8).prop_flat_map(|list| {
            let twice = [list.clone(), list.clone()].concat();
            (Just(list), Just(twice).prop_shuffle(), 0..17_usize)
        })
    ) {
        let straight = merged(&json!(list));
        let (first, rest) = shuffled.split_at(cut.min(shuffled.len()));
        let mut pieces = Changes::since(1);
        pieces.add(page(&json!(first), 1 + first.len() as u64, !first.is_empty())).unwrap();
        pieces.add(payloads(&json!(rest), 1 + shuffled.len() as u64)).unwrap();
        prop_assert_eq!(what(&pieces), what(&straight));
        prop_assert_eq!(pieces.oldest, straight.oldest);

        let looked_at: BTreeSet<_> = straight
            .rows
            .iter()
            .flat_map(|(table, rows)| {
                rows.reread.union(&rows.deleted).map(|id| (table.to_string(), id.to_string()))
            })
            .collect();
        prop_assert_eq!(looked_at, told_ids(&list));
    }
}

#[test]
fn cells_are_touched_by_what_a_field_was_for_a_while() {
    let fields = json!([
        { "id": "fldTitle", "name": "Titre", "type": "singleLineText" },
        { "id": "fldNotes", "name": "Notes", "type": "singleLineText" },
    ]);
    let table =
        json!({ "id": "tblG", "name": "Guides", "primaryFieldId": "fldTitle", "fields": fields });
    let schema = serde_json::from_value(json!({ "tables": [table] })).unwrap();
    let mapping = crate::sync::mapping::resolve(&schema, &Default::default(), &Mapping::default());
    let before = Seen { schema: &schema, mapping: &mapping.mapping };
    let changed = |field: &str, current: Value| json!({ "changedFieldsById": { field: { "current": current } } });
    for (changes, expected) in [
        (changed("fldTitle", json!({ "name": "Autre" })), false),
        (changed("fldTitle", json!({ "name": "Autre", "type": "singleLineText" })), false),
        (changed("fldTitle", json!({ "name": "Titre", "type": "number" })), true),
        (changed("fldNotes", json!({ "name": "Notes", "type": "number" })), false),
        (json!({ "destroyedFieldIds": ["fldTitle"] }), true),
        (json!({ "destroyedFieldIds": ["fldNotes"] }), false),
    ] {
        let back = changed("fldTitle", json!({ "name": "Titre", "type": "singleLineText" }));
        let list = [changes.clone(), back].map(|it| json!({ "changedTablesById": { "tblG": it } }));
        assert_eq!(merged(&json!(list)).have_touched_cells(before), expected, "{changes}");
    }
}
