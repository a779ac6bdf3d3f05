//! The mirror: the base as last seen.

use std::collections::HashSet;

use super::mapping::{MappedTable, Mapping};
use crate::{
    airtable::{Record, cell::decode, schema::BaseSchema},
    content::{
        cell::Cell,
        ids::{FieldId, RecordId},
        row::Row,
        rows::{RowChange, Rows},
        tables::{FieldKey, TableKey},
    },
    reference::Reference,
};

/// The schema of the base, and what its rows say. Their JSON text is kept by the store alone.
#[derive(Debug, Default)]
pub struct Mirror {
    /// Tables and fields of the base.
    pub schema: BaseSchema,
    /// Which of them are the back office's.
    pub mapping: Mapping,
    /// The rows of the mapped tables.
    pub rows: Rows,
}

impl Mirror {
    /// A mirror that has seen no row yet.
    pub fn new(schema: BaseSchema, mapping: Mapping) -> Self {
        Self { schema, mapping, rows: Rows::default() }
    }

    /// Takes in rows that were read again and rows that are gone, and gives those that changed.
    pub fn apply(
        &mut self,
        table: TableKey,
        read: &[Record],
        gone: impl IntoIterator<Item = RecordId>,
        reference: &Reference,
    ) -> Vec<RecordId> {
        let Self { schema, mapping, rows } = self;
        let mapped = mapping.tables.get(&table);
        let found = mapped.and_then(|mapped| Some((mapped, schema.table(&mapped.id)?)));
        let put = found.into_iter().flat_map(|(mapped, schema)| {
            read.iter().map(|record| {
                let cells = mapped.keyed(decode(record, schema));
                RowChange::Put(Row { id: record.id.clone(), cells })
            })
        });
        rows.apply(table, put.chain(gone.into_iter().map(RowChange::Gone)), reference)
    }

    /// Takes in a whole table, and gives the rows that changed: those that it had and that are not
    /// listed are gone.
    pub fn replace(
        &mut self,
        table: TableKey,
        listed: &[Record],
        reference: &Reference,
    ) -> Vec<RecordId> {
        let ids: HashSet<&RecordId> = listed.iter().map(|record| &record.id).collect();
        let had = self.rows.tables().into_iter().find(|(key, _)| *key == table);
        let had = had.into_iter().flat_map(|(_, table)| table.ids());
        let gone: Vec<RecordId> = had.filter(|id| !ids.contains(id)).cloned().collect();
        self.apply(table, listed, gone, reference)
    }
}

impl MappedTable {
    /// Keeps the cells of mapped fields only: nothing else may ever be published. In one order,
    /// since Airtable's is not said to be.
    pub(super) fn keyed(&self, cells: Vec<(FieldId, Cell)>) -> Vec<(FieldKey, Cell)> {
        let keyed = cells.into_iter().filter_map(|(id, cell)| Some((*self.fields.get(&id)?, cell)));
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort_unstable_by_key(|(field, _)| *field);
        keyed
    }
}
