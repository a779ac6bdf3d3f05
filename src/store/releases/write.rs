//! Keeping a release, as what changes from the one before.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{
    digest_of,
    header::{self, Header},
};
use crate::store::{
    change::{Item, ItemChanges, ItemKind, ReleaseChange},
    digest::Digest,
    error::StoreError,
    schema::STILL,
    tally::Tally,
};

pub(in crate::store) const CURRENT_ITEM: &str =
    "SELECT digest, body FROM items WHERE until = ?1 AND kind = ?2 AND key = ?3";
pub(in crate::store) const CLOSE_ITEM: &str =
    "UPDATE items SET until = ?4 WHERE until = ?1 AND kind = ?2 AND key = ?3";
pub(in crate::store) const PUT_ITEM: &str =
    "INSERT INTO items (until, kind, key, since, digest, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const CURRENT_ITEMS: &str = "SELECT kind, key, body, digest, since FROM items WHERE until = ?1";
/// Items that end in a release which is still to come: no sound one does.
const REMOVE_FUTURE_ITEMS: &str = "DELETE FROM items WHERE until >= ?1 AND until < ?2";

/// Keeps a release as the newest one.
pub(in crate::store) fn write(
    transaction: &Transaction<'_>,
    change: &ReleaseChange,
) -> Result<(), StoreError> {
    let mut next = Next { transaction, seq: next_seq(transaction)?, tallies: BTreeMap::new() };
    match &change.items {
        ItemChanges::Change { from, put, gone } => {
            next.tallies = tallies_of_newest(transaction, from)?;
            next.change(put, gone)?;
        }
        ItemChanges::Replace(items) => next.replace(items)?,
    }
    next.tallies.retain(|_, tally| tally.count != 0);
    let Next { seq, tallies, .. } = next;
    let ReleaseChange { id, published_at, items: _ } = change;
    header::write(
        transaction,
        &Header { seq, id: id.clone(), published_at: *published_at, tallies },
    )
}

/// Counts on from the highest number, be its header damaged or not.
fn next_seq(transaction: &Transaction<'_>) -> Result<i64, StoreError> {
    let last = header::nth_newest(transaction, 0)?.unwrap_or(0);
    let next = last.checked_add(1).filter(|next| *next < STILL);
    next.ok_or_else(|| StoreError::corrupt(format!("release number {last}")))
}

/// What the items of the newest release add up to, if it is the one that was meant.
fn tallies_of_newest(
    transaction: &Transaction<'_>,
    expected: &str,
) -> Result<BTreeMap<ItemKind, Tally>, StoreError> {
    let newest = match header::newest(transaction) {
        Err(StoreError::Damaged { .. }) => None,
        newest => newest?,
    };
    match newest {
        Some(newest) if newest.id == expected => Ok(newest.tallies),
        other => Err(StoreError::OtherRelease {
            expected: expected.to_owned(),
            found: other.map(|header| header.id),
        }),
    }
}

/// The release being written.
struct Next<'a> {
    transaction: &'a Transaction<'a>,
    seq: i64,
    tallies: BTreeMap<ItemKind, Tally>,
}

impl Next<'_> {
    fn change(&mut self, put: &[Item], gone: &[(ItemKind, String)]) -> Result<(), StoreError> {
        let mut find = self.transaction.prepare_cached(CURRENT_ITEM)?;
        for item in put {
            let digest = digest_of(item);
            let found = find
                .query_row(params![STILL, item.kind.number(), item.key], |row| {
                    Ok((row.get::<_, Digest>(0)?, row.get_ref(1)?.as_blob()? == item.body))
                })
                .optional()?;
            match found {
                Some((earlier, true)) if earlier == digest => continue,
                Some((earlier, _)) => {
                    self.tally(item.kind).remove(earlier);
                    self.close(item.kind.number().into(), &item.key)?;
                }
                None => {}
            }
            self.open(item, digest)?;
        }
        for (kind, key) in gone {
            let found =
                find.query_row(params![STILL, kind.number(), key], |row| row.get(0)).optional()?;
            if let Some(earlier) = found {
                self.tally(*kind).remove(earlier);
                self.close(kind.number().into(), key)?;
            }
        }
        Ok(())
    }

    /// Ends every item that is not among these or is damaged, and begins those that are missing.
    fn replace(&mut self, items: &[Item]) -> Result<(), StoreError> {
        let number = |item: &Item| i64::from(item.kind.number());
        let wanted: HashMap<_, _> =
            items.iter().map(|item| ((number(item), item.key.as_str()), item)).collect();
        let mut kept = HashSet::new();
        self.transaction.execute(REMOVE_FUTURE_ITEMS, params![self.seq, STILL])?;
        let mut ended: Vec<(i64, String)> = Vec::new();
        let mut statement = self.transaction.prepare_cached(CURRENT_ITEMS)?;
        let mut rows = statement.query([STILL])?;
        while let Some(row) = rows.next()? {
            let (kind, key): (i64, String) = (row.get(0)?, row.get(1)?);
            let (digest, since): (Digest, i64) = (row.get(3)?, row.get(4)?);
            let body = row.get_ref(2)?.as_blob().map_err(StoreError::corrupt)?;
            match wanted.get(&(kind, key.as_str())) {
                Some(item)
                    if since < self.seq && item.body == body && digest_of(item) == digest =>
                {
                    kept.insert((item.kind, item.key.as_str()));
                    self.tally(item.kind).add(digest);
                }
                _ => ended.push((kind, key)),
            }
        }
        for (kind, key) in ended {
            self.close(kind, &key)?;
        }
        // In the order that was given, so that pages fill one after another.
        for item in items.iter().filter(|item| !kept.contains(&(item.kind, item.key.as_str()))) {
            self.open(item, digest_of(item))?;
        }
        Ok(())
    }

    fn open(&mut self, item: &Item, digest: Digest) -> Result<(), StoreError> {
        let Item { kind, key, body } = item;
        let mut insert = self.transaction.prepare_cached(PUT_ITEM)?;
        insert.execute(params![STILL, kind.number(), key, self.seq, digest, body])?;
        self.tally(*kind).add(digest);
        Ok(())
    }

    fn close(&self, kind: i64, key: &str) -> Result<(), StoreError> {
        let mut close = self.transaction.prepare_cached(CLOSE_ITEM)?;
        // It was read just now: if it can't be found, it lies where its key says that it doesn't.
        match close.execute(params![STILL, kind, key, self.seq])? {
            1 => Ok(()),
            _ => Err(StoreError::corrupt(format!("item {key:?} is out of place"))),
        }
    }

    fn tally(&mut self, kind: ItemKind) -> &mut Tally {
        self.tallies.entry(kind).or_default()
    }
}
