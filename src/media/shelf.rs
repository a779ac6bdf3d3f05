//! Where contents are: in a folder, or in memory.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt as _, sync::Arc};

use bytes::Bytes;
use futures::{Stream, stream};
use tokio::task::spawn_blocking;

use super::{
    folder::{Folder, ReadError},
    id::MediaId,
    index::{Entry, Index, Media},
    memory::Memory,
};

/// Where contents are.
#[derive(Debug)]
pub(super) enum Shelf {
    /// In a folder, and there again after a restart.
    Folder(Folder),
    /// In memory, for as long as the service runs.
    Memory(Memory),
}

impl Shelf {
    pub(super) fn write(&self, id: MediaId, content: &Bytes) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.write(id, content),
            Self::Memory(memory) => memory.write(id, content),
        }
    }

    pub(super) fn append(&self, entry: &Entry) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.append(entry),
            Self::Memory(_) => Ok(()),
        }
    }

    pub(super) fn read(&self, media: &Media) -> Result<Content, ReadError> {
        match self {
            Self::Folder(folder) => folder.read(media),
            Self::Memory(memory) => memory.read(media),
        }
    }

    /// Replaces the index, then removes the contents that it does not have; their bytes.
    pub(super) fn settle(&self, index: &Index) -> io::Result<Vec<u64>> {
        match self {
            Self::Folder(folder) => {
                folder.rewrite(index)?;
                folder.remove_others(index)
            }
            Self::Memory(memory) => Ok(memory.remove_others(index)),
        }
    }
}

/// The bytes of a file, which can be read in any part, again and again.
#[derive(Debug, Clone)]
pub enum Content {
    /// All at hand.
    Bytes(Bytes),
    /// An open file and its length: what is read of it is not held.
    File(Arc<File>, u64),
}

/// Bytes read of a file at once.
const CHUNK: u64 = 64 << 10;

impl Content {
    /// Its length.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    /// All of it. Blocks while it is read.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn whole(&self) -> io::Result<Bytes> {
        self.read(0..self.length())
    }

    /// A part of it, cut to its end, piece by piece.
    pub fn stream(self, part: Range<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send {
        let end = part.end.min(self.length());
        stream::try_unfold((self, part.start), move |(content, start)| async move {
            let next = match &content {
                Self::Bytes(_) => end,
                Self::File(..) => end.min(start.saturating_add(CHUNK)),
            };
            if start >= next {
                return Ok(None);
            }
            let piece = match &content {
                Self::Bytes(_) => content.read(start..next)?,
                Self::File(..) => {
                    let content = content.clone();
                    let read = move || content.read(start..next);
                    spawn_blocking(read).await.map_err(io::Error::other)??
                }
            };
            Ok(Some((piece, (content, next))))
        })
    }

    fn read(&self, part: Range<u64>) -> io::Result<Bytes> {
        match self {
            Self::Bytes(bytes) => {
                let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
                Ok(bytes.slice(at(part.start)..at(part.end).max(at(part.start))))
            }
            Self::File(file, _) => {
                let length = part.end.saturating_sub(part.start);
                let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
                file.read_exact_at(&mut bytes, part.start)?;
                Ok(bytes.into())
            }
        }
    }
}
