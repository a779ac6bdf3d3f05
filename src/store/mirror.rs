//! The rows of the base, one by one replaceable, and whole or not given.

use std::fmt;

use rusqlite::{Connection, OptionalExtension as _, Statement, Transaction, params};
use serde::{
    Deserialize as _, Serialize as _,
    de::value::{Error as NoName, StrDeserializer},
};

use super::{
    change::{RowChanges, StoredRow},
    digest::Digest,
    error::StoreError,
    tally::{Tally, Whole},
};
use crate::content::{ids::RecordId, tables::TableKey};

pub(super) const DIGEST_OF_ROW: &str = "SELECT digest FROM rows WHERE tab = ?1 AND id = ?2";
pub(super) const PUT_ROW: &str =
    "INSERT OR REPLACE INTO rows (tab, id, json, digest) VALUES (?1, ?2, ?3, ?4)";
pub(super) const REMOVE_ROW: &str = "DELETE FROM rows WHERE tab = ?1 AND id = ?2 RETURNING digest";

/// Gives every row, in no particular order, and says how many there are; `None` when no whole base
/// is kept. What was given before an error is not to be used.
pub(super) fn read(
    connection: &Connection,
    mut each: impl FnMut(TableKey, RecordId, &str),
) -> Result<Option<usize>, StoreError> {
    let Some(expected) = Whole::Mirror.read(connection)? else { return Ok(None) };
    let mut found = Tally::default();
    let mut given = 0;
    let mut statement = connection.prepare_cached("SELECT tab, id, json, digest FROM rows")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, id): (&str, &str) = (get_str(row, 0)?, get_str(row, 1)?);
        let (json, digest): (&str, Digest) = (get_str(row, 2)?, row.get(3)?);
        let damaged = || StoreError::damaged(format!("row {id:?} of table {table:?}"));
        if digest != digest_of(table, id, json) {
            return Err(damaged());
        }
        found.add(digest);
        given += 1;
        let table = table_named(table).ok_or_else(damaged)?;
        each(table, id.parse().map_err(|_| damaged())?, json);
    }
    if found != expected {
        return Err(StoreError::damaged("the mirror"));
    }
    Ok(Some(given))
}

/// A column's text, not copied.
fn get_str<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Result<&'a str, StoreError> {
    row.get_ref(column)?.as_str().map_err(StoreError::corrupt)
}

/// Changes the mirror.
pub(super) fn write(transaction: &Transaction<'_>, changes: &RowChanges) -> Result<(), StoreError> {
    match changes {
        RowChanges::Keep => Ok(()),
        RowChanges::Change { put, gone } => {
            let mut tally = Whole::Mirror.read(transaction)?.ok_or(StoreError::NoMirror)?;
            let mut find = transaction.prepare_cached(DIGEST_OF_ROW)?;
            let mut remove = transaction.prepare_cached(REMOVE_ROW)?;
            let mut insert = transaction.prepare_cached(PUT_ROW)?;
            for row in put {
                let name = Name(row.table).to_string();
                let earlier = params![name, row.id.as_str()];
                if let Some(digest) = find.query_row(earlier, |row| row.get(0)).optional()? {
                    tally.remove(digest);
                }
                tally.add(put_row(&mut insert, &name, row)?);
            }
            for (table, id) in gone {
                let earlier = params![Name(*table).to_string(), id.as_str()];
                if let Some(digest) = remove.query_row(earlier, |row| row.get(0)).optional()? {
                    tally.remove(digest);
                }
            }
            Whole::Mirror.write(transaction, tally)
        }
        RowChanges::Replace(rows) => {
            let mut tally = Tally::default();
            transaction.execute("DELETE FROM rows", [])?;
            let mut insert = transaction.prepare_cached(PUT_ROW)?;
            for row in rows {
                tally.add(put_row(&mut insert, &Name(row.table).to_string(), row)?);
            }
            Whole::Mirror.write(transaction, tally)
        }
    }
}

fn put_row(insert: &mut Statement<'_>, table: &str, row: &StoredRow) -> Result<Digest, StoreError> {
    let StoredRow { table: _, id, json } = row;
    let digest = digest_of(table, id.as_str(), json);
    insert.execute(params![table, id.as_str(), json, digest])?;
    Ok(digest)
}

fn digest_of(table: &str, id: &str, json: &str) -> Digest {
    Digest::of([table.as_bytes(), id.as_bytes(), json.as_bytes()])
}

/// A table under the name that settings give it, which never changes.
struct Name(TableKey);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.serialize(f)
    }
}

fn table_named(name: &str) -> Option<TableKey> {
    TableKey::deserialize(StrDeserializer::<NoName>::new(name)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_name_and_is_found_by_it() {
        for table in TableKey::all() {
            assert_eq!(table_named(&Name(table).to_string()), Some(table));
        }
        assert_eq!(Name(TableKey::Guides).to_string(), "guides");
        assert_eq!(table_named("autre"), None);
    }
}
