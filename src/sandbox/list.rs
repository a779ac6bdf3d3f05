//! Lists of records: options, filter, order, pages, and how records are written
//! (<https://airtable.com/developers/web/api/list-records>).

mod options;
mod pages;
mod write;

pub(super) use options::flag;
pub use options::{CellFormat, ListOptions, SortOption};
pub use pages::{Iterators, Page};
pub use write::{Links, RecordShape, write_record};

use chrono::{DateTime, Utc};

use super::{
    base::{Base, Direction, Record, Sort, Table},
    cell,
    computed::RecordScope,
    error::ApiError,
    formula::{self, Formula},
    ids::RecordId,
    schema::FieldKey,
};

/// The records that a list asks for, in its order, before it is cut into pages.
///
/// # Errors
/// Unknown fields or view, or a filter that is no formula: 422.
pub fn select(
    base: &Base,
    table: &Table,
    options: &ListOptions,
    now: DateTime<Utc>,
) -> Result<Vec<RecordId>, ApiError> {
    let view = options.view.as_deref().map(|view| table.require_view(view)).transpose()?;
    let filter = options.filter_by_formula.as_deref().filter(|text| !text.is_empty());
    let filter = filter.map(|text| compile_filter(table, text)).transpose()?;
    let sort = sort_keys(table, &options.sort)?;
    let sort = match view {
        Some(view) if sort.is_empty() => &view.sort,
        _ => &sort,
    };
    let filters: Vec<&Formula<FieldKey>> =
        view.and_then(|view| view.filter.as_ref()).into_iter().chain(&filter).collect();
    let keeps = |id: &RecordId, record: &Record| {
        let scope = RecordScope { base, table, id, record, now, values: None };
        filters.iter().all(|filter| filter.evaluate(&scope).is_ok_and(|value| value.is_truthy()))
    };
    let mut rows: Vec<(&RecordId, &Record)> =
        table.records.iter().filter(|(id, record)| keeps(id, record)).collect();
    if !sort.is_empty() {
        rows.sort_by(|(_, a), (_, b)| compare(table, sort, a, b));
    }
    rows.truncate(options.max_records.unwrap_or(usize::MAX));
    Ok(rows.into_iter().map(|(id, _)| id.clone()).collect())
}

fn compile_filter(table: &Table, text: &str) -> Result<Formula<FieldKey>, ApiError> {
    let invalid = |detail: String| {
        ApiError::unprocessable(
            "INVALID_FILTER_BY_FORMULA",
            format!("The formula for filtering records is invalid: {detail}"),
        )
    };
    formula::parse(text)
        .map_err(|error| invalid(error.to_string()))?
        .resolve(|name| table.field(&name).map(|field| field.key).ok_or(name))
        .map_err(|name| invalid(format!("Unknown field names: {}", name.to_lowercase())))
}

fn sort_keys(table: &Table, sort: &[SortOption]) -> Result<Vec<Sort>, ApiError> {
    sort.iter()
        .map(|SortOption { field, direction }| {
            Ok(Sort { field: table.require_field(field)?.key, direction: *direction })
        })
        .collect()
}

fn compare(table: &Table, sort: &[Sort], a: &Record, b: &Record) -> std::cmp::Ordering {
    sort.iter()
        .filter_map(|key| Some((table.field_of(key.field)?, key.direction)))
        .map(|(field, direction)| {
            let order = cell::compare(field, a.cells.get(field.key), b.cells.get(field.key));
            if direction == Direction::Desc { order.reverse() } else { order }
        })
        .find(|order| order.is_ne())
        .unwrap_or(std::cmp::Ordering::Equal)
}
