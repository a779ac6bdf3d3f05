//! What a round keeps, and what a release is made of.

use std::fmt;

use chrono::{DateTime, Utc};

pub use crate::catalog::ItemKind;
use crate::content::{ids::RecordId, tables::TableKey};

/// All that one round keeps: all of it or, if it fails, nothing.
#[derive(Default)]
pub struct Commit {
    /// What happens to the mirror.
    pub rows: RowChanges,
    /// Small values to set, or to remove.
    pub values: Vec<(ValueKey, Option<String>)>,
    /// The release that the round published, if it did.
    pub release: Option<ReleaseChange>,
}

/// What happens to the rows of the mirror.
#[derive(Debug, Default)]
pub enum RowChanges {
    /// They stay.
    #[default]
    Keep,
    /// Some change.
    Change {
        /// Rows that are new or different.
        put: Vec<StoredRow>,
        /// Rows that are no more. One that is not kept is passed over.
        gone: Vec<(TableKey, RecordId)>,
    },
    /// These are all rows of the base.
    Replace(Vec<StoredRow>),
}

/// A row of the mirror.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// Its table.
    pub table: TableKey,
    /// Its record id.
    pub id: RecordId,
    /// Its text, opaque here.
    pub json: Box<str>,
}

/// The name of a small value. Each concept that keeps one has a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueKey(&'static str);

impl ValueKey {
    /// Names a value; the name must stay the same for ever.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// A release to keep, as the newest one.
#[derive(Debug)]
pub struct ReleaseChange {
    /// Its id. The same one may come again, when an edit is undone.
    pub id: String,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// What it is made of.
    pub items: ItemChanges,
}

/// How a release differs from the newest one that is kept. No item may be named twice.
#[derive(Debug)]
pub enum ItemChanges {
    /// Some items differ.
    Change {
        /// Id of the release that it is a change of, which must be the newest.
        from: String,
        /// Items that are new or different.
        put: Vec<Item>,
        /// Items that are no more. One that is not there is passed over.
        gone: Vec<(ItemKind, String)>,
    },
    /// These are all its items. Those that stay the same are not written again.
    Replace(Vec<Item>),
}

/// A part of a release.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Which one, unique within its kind.
    pub key: String,
    /// Its bytes, opaque here.
    pub body: Vec<u8>,
}

// Rows and values hold signed links and the webhook's secret: `Debug` shows none of their text.

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.values.iter().map(|(key, _)| key.as_str()).collect();
        f.debug_struct("Commit")
            .field("rows", &self.rows)
            .field("values", &values)
            .field("release", &self.release)
            .finish()
    }
}

impl fmt::Debug for StoredRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredRow({:?}, {}, {} bytes)", self.table, self.id, self.json.len())
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({:?}, {}, {} bytes)", self.kind, self.key, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_keep_their_numbers() {
        let numbers = ItemKind::ALL.map(ItemKind::number);
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
        for kind in ItemKind::ALL {
            assert_eq!(ItemKind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(ItemKind::from_number(0), None);
    }

    #[test]
    fn a_commit_shows_no_text_that_it_keeps() {
        let commit = Commit {
            rows: RowChanges::Replace(vec![StoredRow {
                table: TableKey::Guides,
                id: "rec1".parse().unwrap(),
                json: "s3cret".into(),
            }]),
            values: vec![(ValueKey::new("feed"), Some("s3cret".to_owned()))],
            release: None,
        };
        let shown = format!("{commit:?}");
        assert!(shown.contains("rec1") && shown.contains("feed"), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
