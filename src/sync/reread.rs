//! Reading again the rows that changed, a hundred in a call.
//!
//! A row that is not found was either deleted or can't be found *yet*: Airtable's listings may lag
//! behind its payloads, and once in a while give too few rows. So only a row that was told deleted is
//! gone at once; any other is asked for again in the next rounds, and is as it was meanwhile.

mod pending;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures::future::join_all;

pub use self::pending::Pending;
use self::pending::{Settled, settle};
use super::{
    changes::Relevant,
    mapping::{MappedTable, Mapping},
};
use crate::{
    airtable::{self, Client, ListOptions, Record, schema::BaseSchema},
    content::{ids::RecordId, tables::TableKey},
};

/// Rows asked for in one call: a page of a listing.
pub(super) const BATCH: usize = 100;

/// What reading again led to.
#[derive(Debug)]
pub enum Reread {
    /// The rows as they are now.
    Rows(Rows),
    /// A table or field that was asked for is not in the base any more, as this schema proves: a full
    /// round is to tell what follows.
    SchemaChanged(Box<BaseSchema>),
}

/// The rows that were asked for.
#[derive(Debug, Default)]
pub struct Rows {
    /// By table; only tables of which rows were asked for.
    pub tables: BTreeMap<TableKey, TableRows>,
    /// What is to be asked for again in the next round. To be kept in the feed's state.
    pub pending: Pending,
}

/// The rows of a table that were asked for. One that is in neither set is as it was.
#[derive(Debug, Default)]
pub struct TableRows {
    /// As they are now.
    pub found: Vec<Record>,
    /// Not in the table any more, whether they were known or not.
    pub gone: BTreeSet<RecordId>,
}

/// Reads again the rows that changed and those that are pending.
///
/// # Errors
/// What hindered a call; nothing is given then, and nothing is lost if the feed's cursor stays.
pub async fn reread(
    client: &Client,
    mapping: &Mapping,
    changes: &Relevant,
    pending: &Pending,
    now: DateTime<Utc>,
) -> Result<Reread, airtable::Error> {
    let asked: BTreeMap<_, _> =
        mapping.tables.keys().map(|key| (*key, pending.asked(*key, changes))).collect();
    let calls = mapping.tables.iter().filter_map(|(key, table)| {
        let ids: Vec<_> = asked.get(key)?.iter().cloned().collect();
        Some(async move { (*key, read_rows(client, table, &ids).await) })
    });
    let mut found: BTreeMap<TableKey, Vec<Record>> = BTreeMap::new();
    for (key, records) in join_all(calls).await {
        match records {
            Ok(records) => found.entry(key).or_default().extend(records),
            Err(error) => return confirm(client, mapping, error).await,
        }
    }
    Ok(Reread::Rows(settle_all(&asked, found, changes, pending, now)))
}

/// The rows of these ids that are in a table.
pub(super) async fn read_rows(
    client: &Client,
    table: &MappedTable,
    ids: &[RecordId],
) -> Result<Vec<Record>, airtable::Error> {
    let batches = ids.chunks(BATCH).map(|ids| read_batch(client, table, ids));
    let found = join_all(batches).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

async fn read_batch(
    client: &Client,
    table: &MappedTable,
    ids: &[RecordId],
) -> Result<Vec<Record>, airtable::Error> {
    let options = ListOptions::fields(table.fields.keys().cloned()).only(ids);
    client.list(&table.id, &options).await
}

/// Airtable says *forbidden* both of what is gone and of what the token may not read, so the schema
/// is asked before anything is taken for gone.
async fn confirm(
    client: &Client,
    mapping: &Mapping,
    error: airtable::Error,
) -> Result<Reread, airtable::Error> {
    use airtable::Error as E;
    if !matches!(error, E::Forbidden { .. } | E::NotFound { .. } | E::UnknownField { .. }) {
        return Err(error);
    }
    let schema = client.schema().await?;
    let holds = mapping.tables.values().all(|mapped| {
        let table = schema.table(&mapped.id);
        table
            .is_some_and(|table| mapped.fields.keys().all(|field| table.fields.contains_key(field)))
    });
    if holds { Err(error) } else { Ok(Reread::SchemaChanged(Box::new(schema))) }
}

fn settle_all(
    asked: &BTreeMap<TableKey, BTreeSet<RecordId>>,
    mut found: BTreeMap<TableKey, Vec<Record>>,
    changes: &Relevant,
    pending: &Pending,
    now: DateTime<Utc>,
) -> Rows {
    let mut rows = Rows::default();
    let none = BTreeSet::new();
    for (key, asked) in asked {
        let deleted = changes.rows.get(key).map_or(&none, |rows| &rows.deleted);
        if asked.is_empty() && deleted.is_empty() {
            continue;
        }
        let found = found.remove(key).unwrap_or_default();
        let seen = found.iter().map(|record| record.id.clone()).collect();
        let Settled { gone, waiting } = settle(asked, deleted, &seen, pending.of(*key), now);
        rows.pending.set(*key, waiting);
        rows.tables.insert(*key, TableRows { found, gone });
    }
    rows
}
