//! Parsing and building 50,000 rows, beside reading the same JSON into `serde_json::Value`s, which
//! is what a client that does no more than decode pays.
//!
//! `cargo bench --bench build`

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::{collections::BTreeMap, hint::black_box};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use locadocs::{
    airtable::{Record, schema::BaseSchema},
    catalog,
    content::{ids::FieldId, rows::Rows},
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

/// The base as Airtable would send it: cells by field id.
fn mirror(base: &Value) -> (Mirror, Vec<String>) {
    let schema: BaseSchema = serde_json::from_value(base.clone()).unwrap_or_default();
    let resolution = resolve(&schema, &Names::default(), &Mapping::default());
    let mut records = BTreeMap::new();
    let mut pages = Vec::new();
    for (key, mapped) in &resolution.mapping.tables {
        let tables = base["tables"].as_array().into_iter().flatten();
        let table = tables.into_iter().find(|table| table["id"] == mapped.id.as_str());
        let ids: BTreeMap<&str, FieldId> = schema
            .table(&mapped.id)
            .into_iter()
            .flat_map(|table| table.fields.values())
            .map(|field| (field.name(), field.id().clone()))
            .collect();
        let rows = table.and_then(|table| table["records"].as_array()).into_iter().flatten();
        let json: Vec<String> = rows.map(|row| by_id(row, &ids).to_string()).collect();
        records.insert(*key, json.iter().filter_map(|row| record(row)).collect());
        pages.extend(json.chunks(100).map(|page| format!("[{}]", page.join(","))));
    }
    (Mirror { schema, mapping: resolution.mapping, records }, pages)
}

fn by_id(row: &Value, ids: &BTreeMap<&str, FieldId>) -> Value {
    let mut row = row.clone();
    if let Some(fields) = row["fields"].as_object() {
        let cells = fields
            .iter()
            .filter_map(|(name, cell)| Some((ids.get(name.as_str())?.to_string(), cell.clone())));
        row["fields"] = Value::Object(cells.collect());
    }
    row
}

fn record(json: &str) -> Option<Record> {
    serde_json::from_str(json).ok()
}

fn bench(criterion: &mut Criterion) {
    let (Ok(base), Ok(reference)) = (large_base::large_base(), Reference::embedded()) else {
        return;
    };
    let (mirror, pages) = mirror(&base);
    let mut group = criterion.benchmark_group("50,000 rows");
    group.sample_size(10);
    group.bench_function("decode to serde_json::Value", |bencher| {
        bencher.iter(|| {
            for page in &pages {
                black_box(serde_json::from_str::<Value>(page).ok());
            }
        });
    });
    group.bench_function("parse and build a release", |bencher| {
        bencher.iter_batched(
            || mirror.clone(),
            |mirror| catalog::build(Rows::read(mirror, reference), reference, None),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
