//! The mirror: the raw base as last seen.

use std::collections::BTreeMap;

use super::mapping::{MappedTable, Mapping};
use crate::{
    airtable::{Record, cell::decode, schema::BaseSchema},
    content::{
        cell::Cell,
        ids::FieldId,
        row::Row,
        rows::Source,
        tables::{FieldKey, TableKey},
    },
};

/// The schema and the mapped cells of every mapped table.
#[derive(Debug, Clone, Default)]
pub struct Mirror {
    /// Tables and fields of the base.
    pub schema: BaseSchema,
    /// Which of them are the back office's.
    pub mapping: Mapping,
    /// Rows as Airtable sent them.
    pub records: BTreeMap<TableKey, Vec<Record>>,
}

impl Source for Mirror {
    /// Decodes the rows one by one, and frees them.
    fn take(&mut self, key: TableKey) -> impl Iterator<Item = Row> {
        let records = self.records.remove(&key).unwrap_or_default();
        let mapped = self.mapping.tables.get(&key);
        let table = mapped.and_then(|table| Some((table, self.schema.table(&table.id)?)));
        table.into_iter().zip([records]).flat_map(|((mapped, schema), records)| {
            records.into_iter().map(move |record| Row {
                cells: mapped.keyed(decode(&record, schema)),
                id: record.id,
            })
        })
    }
}

impl Mirror {
    /// Rows of all tables.
    pub fn len(&self) -> usize {
        self.records.values().map(Vec::len).sum()
    }

    /// Whether no table has a row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl MappedTable {
    /// Keeps the cells of mapped fields only: nothing else may ever be published.
    pub(super) fn keyed(&self, cells: Vec<(FieldId, Cell)>) -> Vec<(FieldKey, Cell)> {
        cells.into_iter().filter_map(|(id, cell)| Some((*self.fields.get(&id)?, cell))).collect()
    }
}
