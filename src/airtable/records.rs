//! Rows: listed page by page, read one by one, written by tens.

use std::collections::HashMap;

use futures::{Stream, TryStreamExt as _, future::join_all, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    calls::CallKind, cell::encode, client::Client, error::Error, record::Record, request::Request,
};
use crate::content::{
    cell::Cell,
    ids::{FieldId, RecordId, TableId},
};

/// Rows that Airtable accepts in one write.
pub const MAX_BATCH: usize = 10;

/// Airtable refuses addresses of more than 16,000 characters; its own client changes to POST here.
const MAX_URL: usize = 15_000;

/// Twice the pages of the largest base that Airtable sells: a listing that goes on has lost its way.
const MAX_PAGES: u32 = 10_000;

/// Which rows and cells to list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListOptions {
    /// The only fields whose cells may come. None at all gives rows without cells.
    pub fields: Vec<FieldId>,
    /// Keeps the rows for which this formula holds.
    /// See <https://support.airtable.com/docs/formula-field-reference>.
    pub filter: Option<String>,
    /// At most so many rows in all.
    pub max_records: Option<u32>,
}

impl ListOptions {
    /// All rows, with the cells of these fields.
    pub fn fields(fields: impl IntoIterator<Item = FieldId>) -> Self {
        Self { fields: fields.into_iter().collect(), ..Self::default() }
    }

    /// Only these rows, as far as they still exist. Unlike [`Client::get`], it reads a hundred at
    /// once, and no other field than those asked for.
    pub fn only(self, records: &[RecordId]) -> Self {
        // Ids are letters and digits: nothing to escape.
        let tests: Vec<_> = records.iter().map(|id| format!("RECORD_ID()='{id}'")).collect();
        Self { filter: Some(format!("OR({})", tests.join(","))), ..self }
    }
}

/// A page of a listing, at most 100 rows.
#[derive(Debug)]
pub struct Page {
    /// Its rows.
    pub records: Vec<Record>,
    /// 0, and one more each time that the listing had to start again from its first page: rows may
    /// then come a second time.
    pub pass: u32,
}

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

/// Where a listing goes on.
struct Position {
    offset: Option<String>,
    pass: u32,
    pages: u32,
}

#[derive(Deserialize)]
struct WirePage {
    records: Vec<Record>,
    offset: Option<String>,
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
    /// A table's rows, page by page as they arrive. The stream ends at the first error.
    ///
    /// # Errors
    /// Any; see [`Error`].
    pub fn pages<'a>(
        &'a self,
        table: &'a TableId,
        options: &'a ListOptions,
    ) -> impl Stream<Item = Result<Page, Error>> + Send + 'a {
        let start = Position { offset: None, pass: 0, pages: 0 };
        stream::try_unfold(Some(start), async move |position| match position {
            Some(position) => self.next_page(table, options, position).await.map(Some),
            None => Ok(None),
        })
    }

    async fn next_page(
        &self,
        table: &TableId,
        options: &ListOptions,
        mut position: Position,
    ) -> Result<(Page, Option<Position>), Error> {
        loop {
            let url = self.url(&[self.settings().base.as_str(), table.as_str()]);
            let request = list_request(url, table, options, position.offset.as_deref());
            let WirePage { mut records, offset } = match self.fetch(&request).await {
                Err(Error::OffsetExpired { .. })
                    if position.pass < self.settings().max_restarts =>
                {
                    position = Position { offset: None, pass: position.pass + 1, pages: 0 };
                    continue;
                }
                answer => answer?,
            };
            if options.fields.is_empty() {
                // Airtable takes an empty list of fields for all of them.
                records = records.into_iter().map(Record::without_cells).collect();
            }
            let Position { pass, pages, offset: last_offset } = position;
            let pages = pages + 1;
            if offset.is_some() && (offset == last_offset || pages >= MAX_PAGES) {
                return Err(Error::Endless { call: request.call(), pages });
            }
            let next = offset.map(|offset| Position { offset: Some(offset), pass, pages });
            return Ok((Page { records, pass }, next));
        }
    }

    /// All rows of a table, each once, as last seen.
    ///
    /// Airtable takes no snapshot: a row edited meanwhile may be met twice, or missed. When a
    /// listing had to start again, rows of the broken pass that the whole one didn't meet are kept:
    /// one absence doesn't prove that a row is gone.
    ///
    /// # Errors
    /// Any; see [`Error`]. Nothing is given of a table that can't be read to its end.
    pub async fn list(&self, table: &TableId, options: &ListOptions) -> Result<Vec<Record>, Error> {
        let mut records: Vec<Record> = Vec::new();
        let mut places: HashMap<RecordId, usize> = HashMap::new();
        let mut pages = std::pin::pin!(self.pages(table, options));
        while let Some(page) = pages.try_next().await? {
            for record in page.records {
                match places.get(&record.id).and_then(|place| records.get_mut(*place)) {
                    Some(seen) => *seen = record,
                    None => {
                        places.insert(record.id.clone(), records.len());
                        records.push(record);
                    }
                }
            }
        }
        Ok(records)
    }

    /// All rows of several tables, fetched side by side, so that the limit of calls is the only
    /// wait. The answers stand in the order of the tables; one that fails leaves the others be.
    pub async fn all_tables(
        &self,
        tables: &[(TableId, Vec<FieldId>)],
    ) -> Vec<(TableId, Result<Vec<Record>, Error>)> {
        let listings = tables.iter().map(async |(table, fields)| {
            let options = ListOptions::fields(fields.iter().cloned());
            (table.clone(), self.list(table, &options).await)
        });
        join_all(listings).await
    }

    /// One row, with all its cells.
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

    async fn write<W: serde::de::DeserializeOwned, T>(
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

/// The call for one page: by GET, or by POST when the address would be too long.
fn list_request(url: Url, table: &TableId, options: &ListOptions, offset: Option<&str>) -> Request {
    let ListOptions { fields, filter, max_records } = options;
    let mut get = url.clone();
    {
        let mut query = get.query_pairs_mut();
        query.append_pair("returnFieldsByFieldId", "true");
        query.extend_pairs(fields.iter().map(|field| ("fields[]", field.as_str())));
        query.extend_pairs(filter.iter().map(|filter| ("filterByFormula", filter)));
        query.extend_pairs(max_records.iter().map(|max| ("maxRecords", max.to_string())));
        query.extend_pairs(offset.iter().map(|offset| ("offset", offset)));
    }
    if get.as_str().len() <= MAX_URL {
        return Request::new(CallKind::List, Method::GET, get).table(table);
    }
    let mut post = url;
    if let Ok(mut path) = post.path_segments_mut() {
        path.push("listRecords");
    }
    let mut body = json!({ "returnFieldsByFieldId": true, "fields": fields });
    for (key, value) in [
        ("filterByFormula", filter.as_ref().map(|filter| json!(filter))),
        ("maxRecords", max_records.map(|max| json!(max))),
        ("offset", offset.map(|offset| json!(offset))),
    ] {
        if let Some(value) = value {
            body[key] = value;
        }
    }
    Request::new(CallKind::List, Method::POST, post).table(table).body(body)
}
