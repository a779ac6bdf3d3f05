//! Contents in memory, for a demo or a test that leaves nothing behind.

use std::{collections::HashMap, io};

use bytes::Bytes;
use parking_lot::RwLock;

use super::{
    folder::{Damage, ReadError},
    id::MediaId,
    index::{Index, Media},
    shelf::Content,
};

/// Contents up to a bound.
#[derive(Debug)]
pub(super) struct Memory {
    contents: RwLock<HashMap<MediaId, Bytes>>,
    limit: usize,
}

impl Memory {
    /// Room for so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { contents: RwLock::default(), limit }
    }

    pub(super) fn write(&self, id: MediaId, content: &Bytes) -> io::Result<()> {
        let mut contents = self.contents.write();
        let used: usize = contents.values().map(Bytes::len).sum();
        if content.len() > self.limit.saturating_sub(used) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        contents.insert(id, content.clone());
        Ok(())
    }

    pub(super) fn read(&self, media: &Media) -> Result<Content, ReadError> {
        let content = self.contents.read().get(&media.id).cloned();
        content.map(Content::Bytes).ok_or(Damage::Missing { id: media.id }.into())
    }

    /// Removes the contents that an index does not have; their bytes.
    pub(super) fn remove_others(&self, index: &Index) -> Vec<u64> {
        let mut contents = self.contents.write();
        let others = contents.extract_if(|id, _| index.of_id(*id).is_none());
        others.map(|(_, content)| content.len() as u64).collect()
    }
}
