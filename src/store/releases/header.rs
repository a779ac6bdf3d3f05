//! The header of a release: its name, its day, and what its items must add up to.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Params, Row, Transaction, params};

use super::ReleaseHeader;
use crate::store::{change::ItemKind, digest::Digest, error::StoreError, tally::Tally};

pub(super) struct Header {
    /// Counts releases, without end.
    pub(super) seq: i64,
    pub(super) id: String,
    pub(super) published_at: DateTime<Utc>,
    /// Kinds without items are absent.
    pub(super) tallies: BTreeMap<ItemKind, Tally>,
}

/// Newest first; each may be damaged by itself.
pub(super) fn all(connection: &Connection) -> Result<Vec<Result<Header, StoreError>>, StoreError> {
    select(connection, "ORDER BY seq DESC", [])
}

/// Those of an id, newest first.
pub(super) fn with_id(
    connection: &Connection,
    id: &str,
) -> Result<Vec<Result<Header, StoreError>>, StoreError> {
    select(connection, "WHERE id = ?1 ORDER BY seq DESC", [id])
}

/// The newest.
pub(super) fn newest(connection: &Connection) -> Result<Option<Header>, StoreError> {
    select(connection, "ORDER BY seq DESC LIMIT 1", [])?.pop().transpose()
}

/// The number of the newest release but so many, if there are enough.
pub(super) fn nth_newest(connection: &Connection, nth: usize) -> Result<Option<i64>, StoreError> {
    let nth = i64::try_from(nth).unwrap_or(i64::MAX);
    let sql = "SELECT seq FROM releases ORDER BY seq DESC LIMIT 1 OFFSET ?1";
    Ok(connection.query_row(sql, [nth], |row| row.get(0)).optional()?)
}

pub(super) fn write(transaction: &Transaction<'_>, header: &Header) -> Result<(), StoreError> {
    let Header { seq, id, published_at, tallies } = header;
    let published_at = published_at.to_rfc3339();
    let tallies = to_text(tallies)?;
    transaction.execute(
        "INSERT INTO releases (seq, id, published_at, tallies, digest) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![seq, id, published_at, tallies, digest_of(*seq, id, &published_at, &tallies)],
    )?;
    Ok(())
}

impl Header {
    pub(super) fn into_public(self) -> ReleaseHeader {
        let counts = self.tallies.into_iter();
        ReleaseHeader {
            id: self.id,
            published_at: self.published_at,
            counts: counts.map(|(kind, tally)| (kind, tally.count.unsigned_abs())).collect(),
        }
    }
}

fn select(
    connection: &Connection,
    which: &str,
    params: impl Params,
) -> Result<Vec<Result<Header, StoreError>>, StoreError> {
    let sql = format!("SELECT seq, id, published_at, tallies, digest FROM releases {which}");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(params)?;
    let mut headers = Vec::new();
    while let Some(row) = rows.next()? {
        headers.push(read(row)?);
    }
    Ok(headers)
}

/// Fails when the database does; the header itself may be damaged.
fn read(row: &Row<'_>) -> Result<Result<Header, StoreError>, StoreError> {
    let (seq, id): (i64, String) = (row.get(0)?, row.get(1)?);
    let (published_at, tallies): (String, String) = (row.get(2)?, row.get(3)?);
    let is_whole = row.get::<_, Digest>(4)? == digest_of(seq, &id, &published_at, &tallies);
    let parsed = DateTime::parse_from_rfc3339(&published_at).ok().zip(from_text(&tallies));
    Ok(match parsed {
        Some((published_at, tallies)) if is_whole => {
            Ok(Header { seq, id, published_at: published_at.to_utc(), tallies })
        }
        _ => Err(StoreError::damaged(format!("the header of release {id:?}"))),
    })
}

fn digest_of(seq: i64, id: &str, published_at: &str, tallies: &str) -> Digest {
    Digest::of([&seq.to_le_bytes(), id.as_bytes(), published_at.as_bytes(), tallies.as_bytes()])
}

fn to_text(tallies: &BTreeMap<ItemKind, Tally>) -> Result<String, StoreError> {
    let by_number: BTreeMap<u8, Tally> =
        tallies.iter().map(|(kind, tally)| (kind.number(), *tally)).collect();
    serde_json::to_string(&by_number).map_err(|error| StoreError::Failed(error.into()))
}

fn from_text(text: &str) -> Option<BTreeMap<ItemKind, Tally>> {
    let by_number: BTreeMap<u8, Tally> = serde_json::from_str(text).ok()?;
    by_number
        .into_iter()
        .map(|(number, tally)| Some((ItemKind::from_number(number)?, tally)))
        .collect()
}
