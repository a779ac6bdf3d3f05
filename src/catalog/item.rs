//! What is published, piece by piece, each with a hash of the form in which it is kept.

use std::{fmt, ops::Deref, sync::Arc};

use indexmap::IndexMap;
use minicbor::Encode;

use crate::content::{ids::Slug, stored};

/// A hash of what an item says: the same on every machine, and another one for anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemHash([u8; 16]);

impl ItemHash {
    /// The hash of an item's kept form.
    pub fn of(kept: &[u8]) -> Self {
        let hash = blake3::hash(kept);
        Self(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A published guide, document, service, territory or holding. Releases share what did not change.
pub struct Item<T> {
    value: Arc<T>,
    hash: ItemHash,
}

/// Items by slug, sorted.
pub type Shelf<T> = Arc<IndexMap<Slug, Item<T>>>;

impl<T: Encode<()>> Item<T> {
    /// Hashes a value.
    pub fn new(value: Arc<T>) -> Self {
        Self { hash: ItemHash::of(&stored::encode(&*value)), value }
    }
}

impl<T> Item<T> {
    /// An item read back, under the hash of the form in which it was kept.
    pub(super) fn kept(value: T, hash: ItemHash) -> Self {
        Self { value: Arc::new(value), hash }
    }

    /// The hash of what it says.
    pub fn hash(&self) -> ItemHash {
        self.hash
    }

    /// The value, to be shared.
    pub(super) fn value(&self) -> Arc<T> {
        Arc::clone(&self.value)
    }

    /// Whether it is this very value.
    pub(super) fn is(&self, value: &Arc<T>) -> bool {
        Arc::ptr_eq(&self.value, value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Item<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T> Clone for Item<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), hash: self.hash }
    }
}

impl<T> PartialEq for Item<T> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl<T> Eq for Item<T> {}

impl<T> AsRef<T> for Item<T> {
    fn as_ref(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for Item<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
