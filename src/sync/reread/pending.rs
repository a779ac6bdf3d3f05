//! Rows that were told of and could not be found: waited for a while, then given up.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    content::{ids::RecordId, tables::TableKey},
    sync::changes::Relevant,
};

/// How long a row is waited for. It is asked for in each round, and once more after this time.
const PATIENCE: TimeDelta = TimeDelta::minutes(5);

/// Rows that are waited for, each since when, by table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pending(BTreeMap<TableKey, Waiting>);

/// Since when each row is waited for.
pub(super) type Waiting = BTreeMap<RecordId, DateTime<Utc>>;

impl Pending {
    /// Whether no row is waited for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Rows waited for, of all tables.
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Whether a row is waited for.
    pub fn has(&self, id: &RecordId) -> bool {
        self.0.values().any(|waiting| waiting.contains_key(id))
    }

    /// Takes for noted now what lies ahead because the clock was put back since.
    pub(in crate::sync) fn put_back(&mut self, now: DateTime<Utc>) {
        for since in self.0.values_mut().flat_map(BTreeMap::values_mut) {
            *since = now.min(*since);
        }
    }

    pub(super) fn of(&self, table: TableKey) -> Option<&Waiting> {
        self.0.get(&table)
    }

    pub(super) fn set(&mut self, table: TableKey, waiting: Waiting) {
        if !waiting.is_empty() {
            self.0.insert(table, waiting);
        }
    }

    /// The rows of a table to ask for: those that changed, and those waited for that were not told
    /// deleted meanwhile.
    pub(super) fn asked(&self, table: TableKey, changes: &Relevant) -> BTreeSet<RecordId> {
        let changed = changes.rows.get(&table);
        let is_deleted = |id: &RecordId| changed.is_some_and(|rows| rows.deleted.contains(id));
        let waiting = self.of(table).into_iter().flat_map(BTreeMap::keys);
        let reread = changed.into_iter().flat_map(|rows| &rows.reread);
        reread.chain(waiting.filter(|id| !is_deleted(id))).cloned().collect()
    }
}

/// What becomes of the rows that were not found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settled {
    /// Told deleted, or waited for long enough.
    pub(super) gone: BTreeSet<RecordId>,
    /// To be asked for again.
    pub(super) waiting: Waiting,
}

/// Decides on the rows of a table that were asked for, or told deleted, and not found.
pub(super) fn settle(
    asked: &BTreeSet<RecordId>,
    deleted: &BTreeSet<RecordId>,
    found: &BTreeSet<RecordId>,
    pending: Option<&Waiting>,
    now: DateTime<Utc>,
) -> Settled {
    let mut settled = Settled { gone: BTreeSet::new(), waiting: Waiting::new() };
    for id in asked.union(deleted).filter(|id| !found.contains(*id)) {
        let since = pending.and_then(|waiting| waiting.get(id)).copied();
        let is_over = since.is_some_and(|since| now - since >= PATIENCE);
        if is_over || deleted.contains(id) {
            settled.gone.insert(id.clone());
        } else {
            settled.waiting.insert(id.clone(), since.unwrap_or(now));
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> BTreeSet<RecordId> {
        text.split_whitespace().map(|id| id.parse().unwrap()).collect()
    }

    #[test]
    fn what_is_not_found_is_gone_if_told_so_or_after_a_while() {
        let start: DateTime<Utc> = "2026-02-01T12:00:00Z".parse().unwrap();
        let later = |minutes| start + TimeDelta::minutes(minutes);
        // Asked, told deleted, found, waited for since the start, minutes passed; gone, waiting.
        for (asked, deleted, found, pending, minutes, gone, waiting) in [
            ("rec1 rec2", "", "rec1 rec2", "", 0, "", ""),
            ("rec1 rec2", "", "rec1", "", 0, "", "rec2"),
            ("rec1", "rec1", "", "", 0, "rec1", ""),
            // Deleted and restored.
            ("rec1", "rec1", "rec1", "", 0, "", ""),
            ("", "rec1", "", "", 0, "rec1", ""),
            ("rec1", "", "", "rec1", 4, "", "rec1"),
            ("rec1", "", "", "rec1", 5, "rec1", ""),
            ("rec1", "", "rec1", "rec1", 5, "", ""),
            ("", "rec1", "", "rec1", 1, "rec1", ""),
        ] {
            let kept = ids(pending).into_iter().map(|id| (id, start)).collect();
            let (asked, deleted, found) = (ids(asked), ids(deleted), ids(found));
            let settled = settle(&asked, &deleted, &found, Some(&kept), later(minutes));
            let still: BTreeSet<_> = settled.waiting.keys().cloned().collect();
            let case = format!("{asked:?} {deleted:?} {found:?} {pending} {minutes}");
            assert_eq!((settled.gone, still), (ids(gone), ids(waiting)), "{case}");
            assert!(
                settled.waiting.iter().all(|(id, since)| *since == start || !kept.contains_key(id))
            );
        }
    }

    #[test]
    fn rows_waited_for_are_asked_for_unless_told_deleted() {
        let mut pending = Pending::default();
        let since = DateTime::<Utc>::default();
        let waiting = ids("rec1 rec2").into_iter().map(|id| (id, since)).collect();
        pending.set(TableKey::Guides, waiting);
        pending.set(TableKey::Steps, Waiting::new());
        assert_eq!(pending.len(), 2);
        let mut changes = Relevant::default();
        let rows = changes.rows.entry(TableKey::Guides).or_default();
        (rows.reread, rows.deleted) = (ids("rec3"), ids("rec2"));
        assert_eq!(pending.asked(TableKey::Guides, &changes), ids("rec1 rec3"));
        assert_eq!(pending.asked(TableKey::Steps, &changes), ids(""));
        let earlier = since - TimeDelta::days(1);
        pending.put_back(earlier);
        assert!(pending.of(TableKey::Guides).unwrap().values().all(|since| *since == earlier));
        let kept = serde_json::to_string(&pending).unwrap();
        assert_eq!(serde_json::from_str::<Pending>(&kept).unwrap(), pending);
    }
}
