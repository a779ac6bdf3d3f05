//! Parsing and building 50,000 rows, beside reading the same JSON into `serde_json::Value`s, which
//! is what a client that does no more than decode pays.
//!
//! `cargo bench --bench build`

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![allow(clippy::expect_used, reason = "a benchmark of less than the whole base is none")]

use std::{collections::BTreeMap, hint::black_box};

use criterion::{Criterion, criterion_group, criterion_main};
use locadocs::{
    airtable::{Record, schema::BaseSchema},
    catalog::{self, File, Memo, checks},
    content::{guide::Illustration, ids::FieldId, tables::TableKey},
    reference::Reference,
    sync::{
        mapping::{Mapping, Names, resolve},
        mirror::Mirror,
    },
};
use serde_json::Value;

#[path = "support/large_base.rs"]
mod large_base;

/// The service's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: usize = 50_000;

type Tables = BTreeMap<TableKey, Vec<Record>>;

/// The base as Airtable would send it: cells by field id.
fn wire(base: &Value) -> (BaseSchema, Mapping, Tables, Vec<String>) {
    let schema: BaseSchema = serde_json::from_value(base.clone()).expect("the schema");
    let resolution = resolve(&schema, &Names::default(), &Mapping::default());
    let mut records = BTreeMap::new();
    let mut pages = Vec::new();
    for (key, mapped) in &resolution.mapping.tables {
        let mut tables = base["tables"].as_array().expect("tables").iter();
        let table = tables.find(|table| table["id"] == mapped.id.as_str()).expect("the table");
        let fields = schema.table(&mapped.id).expect("its schema").fields.values();
        let ids: BTreeMap<&str, FieldId> =
            fields.map(|field| (field.name(), field.id().clone())).collect();
        let rows = table["records"].as_array().expect("its records").iter();
        let json: Vec<String> = rows.map(|row| by_id(row, &ids).to_string()).collect();
        records.insert(*key, json.iter().map(|row| record(row)).collect::<Vec<_>>());
        pages.extend(json.chunks(100).map(|page| format!("[{}]", page.join(","))));
    }
    assert_eq!(records.values().map(Vec::len).sum::<usize>(), ROWS);
    (schema, resolution.mapping, records, pages)
}

fn by_id(row: &Value, ids: &BTreeMap<&str, FieldId>) -> Value {
    let mut row = row.clone();
    let cells = row["fields"].as_object().expect("cells").iter();
    let cells = cells.map(|(name, cell)| (ids[name.as_str()].to_string(), cell.clone()));
    row["fields"] = Value::Object(cells.collect());
    row
}

/// Files are not what is measured.
fn awaited(_: &Illustration) -> File {
    File::Awaited
}

const TODAY: chrono::NaiveDate = chrono::NaiveDate::MAX;

/// A row that is published, and says something else.
fn edited(records: &[Record], edit: u32) -> Record {
    let one = records.first().expect("a row");
    let json = serde_json::to_string(one).expect("a record");
    let said = |text: &str| format!("{text} numéro {edit}");
    let json = json.replace("Demandez", &said("Demandez")).replace("Archives", &said("Archives"));
    record(&json)
}

fn record(json: &str) -> Record {
    serde_json::from_str(json).expect("a record")
}

fn bench(criterion: &mut Criterion) {
    let base = large_base::large_base().expect("the base");
    let reference = Reference::embedded().expect("the reference data");
    let (schema, mapping, tables, pages) = wire(&base);
    let read = || {
        let mut mirror = Mirror::new(schema.clone(), mapping.clone());
        for (table, records) in &tables {
            mirror.replace(*table, records, reference);
        }
        mirror
    };
    let mut group = criterion.benchmark_group("50,000 rows");
    group.sample_size(10);
    group.bench_function("decode to serde_json::Value", |bencher| {
        bencher.iter(|| {
            for page in &pages {
                black_box(serde_json::from_str::<Value>(page).expect("a page"));
            }
        });
    });
    group.bench_function("parse and build a release", |bencher| {
        bencher.iter_with_large_drop(|| {
            let mirror = read();
            let memo = &mut Memo::default();
            let built = catalog::build(&mirror.rows, &awaited, reference, None, memo);
            (mirror, built)
        });
    });
    for (name, table) in [
        ("a holding", TableKey::Holdings),
        ("a service", TableKey::Services),
        ("a step", TableKey::Steps),
    ] {
        let mut mirror = read();
        let mut memo = Memo::default();
        let mut checks = checks::Memo::default();
        let mut built = catalog::build(&mirror.rows, &awaited, reference, None, &mut memo);
        let mut edits = 0_u32;
        group.bench_function(format!("parse and build after an edit of {name}"), |bencher| {
            bencher.iter(|| {
                edits += 1;
                let edited = edited(&tables[&table], edits);
                mirror.apply(table, &[edited], [], reference);
                let earlier = Some(&built.release);
                let next = catalog::build(&mirror.rows, &awaited, reference, earlier, &mut memo);
                checks::dated(&next.release, TODAY, Some(730), &mut checks);
                assert_ne!(next.release.id(), built.release.id());
                built = next;
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
