//! A release of a base in the sandbox's seed format, without a server.

use std::collections::BTreeMap;

use locadocs::{
    airtable::{Record, schema::BaseSchema},
    catalog::{self, File, Memo, Release},
    content::ids::FieldId,
    reference::Reference,
    sync::{
        mapping::{Mapping, Names, resolve},
        mirror::Mirror,
    },
};
use serde_json::Value;

/// Reads and builds a base; its files are awaited.
///
/// # Errors
/// When it is not in the seed format.
pub fn release(base: &Value, reference: &Reference) -> Result<Release, Box<dyn std::error::Error>> {
    let schema: BaseSchema = serde_json::from_value(base.clone())?;
    let resolution = resolve(&schema, &Names::default(), &Mapping::default());
    let mut mirror = Mirror::new(schema.clone(), resolution.mapping.clone());
    for (key, mapped) in &resolution.mapping.tables {
        let tables = base["tables"].as_array().into_iter().flatten();
        let mut tables = tables.filter(|table| table["id"] == mapped.id.as_str());
        let rows = tables.next().and_then(|table| table["records"].as_array());
        let fields = schema.table(&mapped.id).ok_or("a table without a schema")?.fields.values();
        let ids: BTreeMap<&str, FieldId> =
            fields.map(|field| (field.name(), field.id().clone())).collect();
        let records = rows.into_iter().flatten().map(|row| record(row, &ids));
        mirror.replace(*key, &records.collect::<Result<Vec<_>, _>>()?, reference);
    }
    let memo = &mut Memo::default();
    Ok(catalog::build(&mirror.rows, &|_| File::Awaited, reference, None, memo).release)
}

/// A row as Airtable sends it: cells by the id of their field.
fn record(row: &Value, ids: &BTreeMap<&str, FieldId>) -> Result<Record, serde_json::Error> {
    let mut row = row.clone();
    let cells = row["fields"].as_object().into_iter().flatten();
    let cells =
        cells.filter_map(|(name, cell)| Some((ids.get(name.as_str())?.to_string(), cell.clone())));
    row["fields"] = Value::Object(cells.collect());
    serde_json::from_str(&row.to_string())
}
