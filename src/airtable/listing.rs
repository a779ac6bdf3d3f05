//! Listings: the rows of a table, page by page, and of several tables side by side.
//!
//! <https://airtable.com/developers/web/api/list-records>

use std::collections::HashMap;

use futures::{Stream, TryStreamExt as _, future::join_all, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{calls::CallKind, client::Client, error::Error, record::Record, request::Request};
use crate::content::ids::{FieldId, RecordId, TableId};

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
        // Airtable refuses an OR of nothing.
        let filter =
            if tests.is_empty() { "FALSE()".into() } else { format!("OR({})", tests.join(",")) };
        Self { filter: Some(filter), ..self }
    }

    /// Airtable takes an empty list of fields for all of them; we take it for none.
    fn allowed(&self, records: Vec<Record>) -> Vec<Record> {
        if self.fields.is_empty() {
            records.into_iter().map(Record::without_cells).collect()
        } else {
            records
        }
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

impl Position {
    /// Where it goes on after a page; `None` after the last one.
    fn after(self, offset: Option<String>, request: &Request) -> Result<Option<Self>, Error> {
        let pages = self.pages + 1;
        if offset.is_some() && (offset == self.offset || pages >= MAX_PAGES) {
            return Err(Error::Endless { call: request.call(), pages });
        }
        Ok(offset.map(|offset| Self { offset: Some(offset), pass: self.pass, pages }))
    }
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
        let url = self.url(&[self.settings().base.as_str(), table.as_str()]);
        loop {
            let request = list_request(url.clone(), table, options, position.offset.as_deref());
            match self.fetch::<WirePage>(&request).await {
                Err(Error::OffsetExpired { .. })
                    if position.pass < self.settings().max_restarts =>
                {
                    position = Position { offset: None, pass: position.pass + 1, pages: 0 };
                }
                Err(error) => return Err(error),
                Ok(page) => {
                    let pass = position.pass;
                    let next = position.after(page.offset, &request)?;
                    return Ok((Page { records: options.allowed(page.records), pass }, next));
                }
            }
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
