//! Releases over time: each item is written once, with the releases in which it begins and ends, so
//! that keeping one more release costs what it changes.

mod header;
mod write;

use std::{collections::BTreeMap, num::NonZeroUsize};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction};

use self::header::Header;
pub(super) use self::write::write;
#[cfg(test)]
pub(super) use self::write::{CLOSE_ITEM, CURRENT_ITEM, PUT_ITEM};
use super::{
    change::{Item, ItemKind},
    digest::Digest,
    error::StoreError,
    notice::Notice,
    tally::Tally,
};

pub(super) const ITEMS_OF: &str =
    "SELECT kind, key, body, digest FROM items WHERE until > ?1 AND since <= ?1";
const PRUNE_HEADERS: &str = "DELETE FROM releases WHERE seq < ?1";
pub(super) const PRUNE_ITEMS: &str = "DELETE FROM items WHERE until <= ?1";

/// A release as it was kept, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRelease {
    /// Its id.
    pub id: String,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// Its items, sorted by kind and key.
    pub items: Vec<Item>,
}

/// What is known of a release without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseHeader {
    /// Its id.
    pub id: String,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// How many items it has of each kind; kinds of which it has none are absent.
    pub counts: BTreeMap<ItemKind, u64>,
}

/// The newest release that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// `None` before the first one, and when all are damaged.
    pub release: Option<KeptRelease>,
    /// Newer ones that are damaged. Changes can't be kept on top of them, only a whole release.
    pub notices: Vec<Notice>,
}

/// The newest release that is whole.
pub(super) fn current(connection: &Connection) -> Result<Current, StoreError> {
    let mut notices = Vec::new();
    for header in header::all(connection)? {
        let id = header.as_ref().ok().map(|header| header.id.clone());
        match header.and_then(|header| read(connection, header)) {
            Ok(release) => return Ok(Current { release: Some(release), notices }),
            Err(error @ StoreError::Damaged { .. }) => {
                notices.push(Notice::ReleaseLeftOut { id, why: error.to_string() });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Current { release: None, notices })
}

/// The headers that are whole, newest first.
pub(super) fn list(connection: &Connection) -> Result<Vec<ReleaseHeader>, StoreError> {
    Ok(header::all(connection)?.into_iter().flatten().map(Header::into_public).collect())
}

/// The newest whole release of that id.
pub(super) fn find(connection: &Connection, id: &str) -> Result<Option<KeptRelease>, StoreError> {
    let mut damage = None;
    for header in header::with_id(connection, id)? {
        match header.and_then(|header| read(connection, header)) {
            Ok(release) => return Ok(Some(release)),
            Err(error @ StoreError::Damaged { .. }) => damage = Some(error),
            Err(error) => return Err(error),
        }
    }
    damage.map_or(Ok(None), Err)
}

/// The releases that are whole, oldest first.
pub(super) fn all_whole(
    connection: &Connection,
) -> Result<impl Iterator<Item = KeptRelease>, StoreError> {
    let headers = header::all(connection)?;
    Ok(headers.into_iter().rev().flatten().filter_map(|header| read(connection, header).ok()))
}

fn read(connection: &Connection, header: Header) -> Result<KeptRelease, StoreError> {
    let mut tallies: BTreeMap<ItemKind, Tally> = BTreeMap::new();
    let mut items = Vec::new();
    let mut statement = connection.prepare_cached(ITEMS_OF)?;
    let mut rows = statement.query([header.seq])?;
    while let Some(row) = rows.next()? {
        let (kind, key): (i64, String) = (row.get(0)?, row.get(1)?);
        let (body, digest): (Vec<u8>, Digest) = (row.get(2)?, row.get(3)?);
        let kind = u8::try_from(kind).ok().and_then(ItemKind::from_number);
        let item = kind.map(|kind| Item { kind, key, body });
        let whole = item.filter(|item| digest_of(item) == digest);
        let item = whole.ok_or_else(|| StoreError::damaged(format!("release {}", header.id)))?;
        tallies.entry(item.kind).or_default().add(digest);
        items.push(item);
    }
    if tallies != header.tallies {
        return Err(StoreError::damaged(format!("release {}", header.id)));
    }
    items.sort_by(|a, b| (a.kind, &a.key).cmp(&(b.kind, &b.key)));
    Ok(KeptRelease { id: header.id, published_at: header.published_at, items })
}

/// The body of every item, of whichever release.
pub(super) fn bodies(
    connection: &Connection,
    mut each: impl FnMut(&[u8]),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("SELECT body FROM items")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let body = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        each(body);
    }
    Ok(())
}

/// Forgets all releases but the last so many.
pub(super) fn keep(transaction: &Transaction<'_>, count: NonZeroUsize) -> Result<(), StoreError> {
    let Some(oldest) = header::nth_newest(transaction, count.get() - 1)? else {
        return Ok(());
    };
    transaction.execute(PRUNE_HEADERS, [oldest])?;
    transaction.execute(PRUNE_ITEMS, [oldest])?;
    Ok(())
}

fn digest_of(item: &Item) -> Digest {
    Digest::of([&[item.kind.number()], item.key.as_bytes(), &item.body])
}
