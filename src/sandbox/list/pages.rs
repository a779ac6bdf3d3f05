//! Walks through the pages of a list: what an `offset` stands for.
//!
//! The order is fixed when the first page is asked for; rows are read when their page is. So a row
//! edited meanwhile shows its new cells, and a deleted one is left out.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sandbox::{
    error::ApiError,
    ids::{IdKind, RecordId},
};

/// Walks that may be continued.
#[derive(Debug, Default)]
pub struct Iterators(HashMap<String, Walk>);

#[derive(Debug)]
struct Walk {
    table: String,
    rows: Vec<RecordId>,
    /// Where the page after the last one given begins: most likely the next one asked for.
    next: usize,
    used: DateTime<Utc>,
}

/// Most walks kept; the one that rested longest goes first.
const MAX_WALKS: usize = 1_000;

/// A page of ids, and the offset of the next one.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows of the page.
    pub rows: Vec<RecordId>,
    /// Where the next page begins; none after the last.
    pub offset: Option<String>,
}

impl Iterators {
    /// Cuts the first page; keeps the rest for the next ones.
    pub fn begin(
        &mut self,
        table: &str,
        mut rows: Vec<RecordId>,
        size: usize,
        now: DateTime<Utc>,
    ) -> Page {
        let Some(next) = rows.get(size).cloned() else {
            return Page { rows, offset: None };
        };
        if self.0.len() >= MAX_WALKS {
            let oldest = self.0.iter().min_by_key(|(_, walk)| walk.used).map(|(id, _)| id.clone());
            oldest.and_then(|oldest| self.0.remove(&oldest));
        }
        let id = IdKind::Iterator.fresh();
        let offset = Some(format!("{id}/{next}"));
        let walk = Walk { table: table.to_owned(), rows: rows.clone(), next: size, used: now };
        self.0.insert(id, walk);
        rows.truncate(size);
        Page { rows, offset }
    }

    /// Cuts the page that begins at an offset.
    ///
    /// # Errors
    /// 422: `INVALID_OFFSET_VALUE` for what was never an offset of this table,
    /// `LIST_RECORDS_ITERATOR_NOT_AVAILABLE` once it has expired.
    pub fn resume(
        &mut self,
        table: &str,
        offset: &str,
        size: usize,
        ttl: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Page, ApiError> {
        let invalid =
            || ApiError::unprocessable("INVALID_OFFSET_VALUE", "The value of offset is not valid");
        let (id, first) = offset
            .split_once('/')
            .filter(|(id, first)| IdKind::Iterator.matches(id) && IdKind::Record.matches(first))
            .ok_or_else(invalid)?;
        self.0.retain(|_, walk| now - walk.used < ttl);
        let walk = self
            .0
            .get_mut(id)
            .ok_or_else(|| ApiError::unprocessable("LIST_RECORDS_ITERATOR_NOT_AVAILABLE", ""))?;
        let is_first = |row: &RecordId| row.as_str() == first;
        let expected = Some(walk.next).filter(|at| walk.rows.get(*at).is_some_and(is_first));
        let start = expected.or_else(|| walk.rows.iter().position(is_first));
        let start = start.filter(|_| walk.table == table).ok_or_else(invalid)?;
        walk.next = start + size;
        walk.used = now;
        let rows: Vec<RecordId> = walk.rows.iter().skip(start).take(size).cloned().collect();
        let offset = walk.rows.get(start + size).map(|next| format!("{id}/{next}"));
        Ok(Page { rows, offset })
    }

    /// Forgets every walk, as a restart of Airtable does.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
