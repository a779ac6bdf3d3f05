//! Rows one by one, and rows written: created, changed and deleted, by tens.
//!
//! <https://airtable.com/developers/web/api/create-records> and its neighbours.

use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    calls::CallKind, cell::encode, client::Client, error::Error, record::Record, request::Request,
};
use crate::content::{
    cell::Cell,
    ids::{FieldId, RecordId, TableId},
};

/// Rows that Airtable accepts in one write.
pub const MAX_BATCH: usize = 10;

/// A row to be created. Cells that can't be written (failures, persons) are left out.
pub type NewRow = Vec<(FieldId, Cell)>;

/// Cells of a row to be changed; `None` empties the cell.
#[derive(Debug, Clone, PartialEq)]
pub struct RowUpdate {
    /// The row.
    pub id: RecordId,
    /// The cells. Those of other fields stay.
    pub cells: Vec<(FieldId, Option<Cell>)>,
}

/// A write of several batches that failed on its way. Each batch is written whole or not at all; of
/// the one that failed, a lost answer may hide that it was written.
#[derive(Debug, thiserror::Error)]
#[error("{} rows were written before a batch failed", written.len())]
pub struct Interrupted<T> {
    /// What the batches before the failed one gave.
    pub written: Vec<T>,
    /// Why the batch failed.
    pub source: Error,
}

impl<T> From<Interrupted<T>> for Error {
    fn from(interrupted: Interrupted<T>) -> Self {
        interrupted.source
    }
}

#[derive(Deserialize)]
struct WireRecords {
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct WireDeletions {
    records: Vec<WireDeletion>,
}

#[derive(Deserialize)]
struct WireDeletion {
    id: RecordId,
}

impl Client {
    /// One row, with all its cells, those of fields that are not to be published included: to read
    /// rows for publication, list them with [`ListOptions::only`](super::ListOptions::only).
    ///
    /// # Errors
    /// [`Error::Forbidden`] or [`Error::NotFound`] when the row is gone; any other as well.
    pub async fn get(&self, table: &TableId, record: &RecordId) -> Result<Record, Error> {
        let mut url = self.url(&[self.settings().base.as_str(), table.as_str(), record.as_str()]);
        url.query_pairs_mut().append_pair("returnFieldsByFieldId", "true");
        self.fetch(&Request::new(CallKind::Get, Method::GET, url).table(table)).await
    }

    /// Creates rows, ten at a time and in order, and gives them with their ids.
    ///
    /// A batch whose answer is lost isn't sent again, since Airtable might then hold it twice.
    ///
    /// # Errors
    /// Any, with the rows created before it.
    pub async fn create(
        &self,
        table: &TableId,
        rows: &[NewRow],
    ) -> Result<Vec<Record>, Interrupted<Record>> {
        let batches = rows.chunks(MAX_BATCH).map(|batch| {
            let rows = batch.iter().map(|row| {
                let cells = row.iter().map(|(field, cell)| (field, encode(cell)));
                json!({ "fields": writable(cells) })
            });
            self.write_request(Method::POST, table, rows).creates()
        });
        self.write(batches, |WireRecords { records }| records).await
    }

    /// Changes cells of rows, ten rows at a time and in order, and gives the rows as they then are.
    ///
    /// # Errors
    /// Any, with the rows changed before it.
    pub async fn update(
        &self,
        table: &TableId,
        rows: &[RowUpdate],
    ) -> Result<Vec<Record>, Interrupted<Record>> {
        let batches = rows.chunks(MAX_BATCH).map(|batch| {
            let rows = batch.iter().map(|row| {
                let cells = row
                    .cells
                    .iter()
                    .map(|(field, cell)| (field, cell.as_ref().map_or(Some(Value::Null), encode)));
                json!({ "id": row.id, "fields": writable(cells) })
            });
            self.write_request(Method::PATCH, table, rows)
        });
        self.write(batches, |WireRecords { records }| records).await
    }

    /// Deletes rows, ten at a time and in order, and gives the ids of those deleted.
    ///
    /// # Errors
    /// Any, with the rows deleted before it. [`Error::NotFound`] may mean that the batch was deleted
    /// by an earlier attempt whose answer was lost.
    pub async fn delete(
        &self,
        table: &TableId,
        records: &[RecordId],
    ) -> Result<Vec<RecordId>, Interrupted<RecordId>> {
        let batches = records.chunks(MAX_BATCH).map(|batch| {
            let mut url = self.url(&[self.settings().base.as_str(), table.as_str()]);
            url.query_pairs_mut().extend_pairs(batch.iter().map(|id| ("records[]", id.as_str())));
            Request::new(CallKind::Write, Method::DELETE, url).table(table)
        });
        let ids =
            |answer: WireDeletions| answer.records.into_iter().map(|record| record.id).collect();
        self.write(batches, ids).await
    }

    fn write_request(
        &self,
        method: Method,
        table: &TableId,
        rows: impl Iterator<Item = Value>,
    ) -> Request {
        let url = self.url(&[self.settings().base.as_str(), table.as_str()]);
        Request::new(CallKind::Write, method, url)
            .table(table)
            .body(json!({ "records": rows.collect::<Value>(), "returnFieldsByFieldId": true }))
    }

    async fn write<W: DeserializeOwned, T>(
        &self,
        batches: impl Iterator<Item = Request>,
        read: fn(W) -> Vec<T>,
    ) -> Result<Vec<T>, Interrupted<T>> {
        let mut written = Vec::new();
        for batch in batches {
            match self.fetch(&batch).await {
                Ok(answer) => written.extend(read(answer)),
                Err(source) => return Err(Interrupted { written, source }),
            }
        }
        Ok(written)
    }
}

/// Cells as JSON, without those that can't be written.
fn writable<'a>(cells: impl Iterator<Item = (&'a FieldId, Option<Value>)>) -> Map<String, Value> {
    cells.filter_map(|(field, value)| Some((field.to_string(), value?))).collect()
}
