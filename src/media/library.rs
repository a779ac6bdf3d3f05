//! The files that are kept, behind one handle.

use std::{collections::HashSet, io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::{Mutex, RwLock};

use super::{
    fetch::{FetchError, Setbacks},
    folder::{Damage, Folder, OpenError, ReadError},
    id::MediaId,
    index::{Entry, Index, Media},
    inspect::inspect,
    memory::Memory,
    shelf::{Content, Shelf},
};
use crate::content::ids::AttachmentId;

/// What is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Most pixels of an image. Default: 50,000,000.
    pub max_pixels: u64,
    /// How long a file stays that no release needs. Default: 30 days.
    pub grace: Duration,
    /// Room for files when there is no folder, in bytes. Default: 100 MB.
    pub memory_bytes: usize,
    /// How long one call of [`Library::fetch`] may take. Default: 2 min.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_pixels: 50_000_000,
            grace: Duration::from_secs(30 * 24 * 3_600),
            memory_bytes: 100_000_000,
            patience: Duration::from_secs(120),
        }
    }
}

/// The files that are kept. Clones are cheap and share them.
#[derive(Debug, Clone)]
pub struct Library(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shelf: Shelf,
    index: RwLock<Index>,
    /// Held by whoever changes the shelf and the index, so that both change together.
    writing: Mutex<()>,
    setbacks: Mutex<Setbacks>,
    settings: Settings,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Attachments that are kept.
    pub attachments: usize,
    /// Files: attachments of the same content share one.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Attachments whose last download failed.
    pub failing: usize,
}

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Library {
    /// Opens a folder, which is made if it is not there. What is damaged in it is left out and
    /// told: its attachments are [missing](Self::missing) again.
    ///
    /// # Errors
    /// When the folder can't be made or read.
    pub fn open(folder: &Path, settings: Settings) -> Result<(Self, Vec<Damage>), OpenError> {
        let (folder, index, damages) = Folder::open(folder)?;
        Ok((Self::new(Shelf::Folder(folder), index, settings), damages))
    }

    /// Keeps files in memory, for as long as the service runs.
    pub fn in_memory(settings: Settings) -> Self {
        let memory = Memory::new(settings.memory_bytes);
        Self::new(Shelf::Memory(memory), Index::default(), settings)
    }

    fn new(shelf: Shelf, index: Index, settings: Settings) -> Self {
        Self(Arc::new(Inner {
            shelf,
            index: RwLock::new(index),
            writing: Mutex::default(),
            setbacks: Mutex::default(),
            settings,
        }))
    }

    /// The file of an attachment.
    pub fn get(&self, attachment: &AttachmentId) -> Option<Media> {
        self.0.index.read().of_attachment(attachment)
    }

    /// A file by its public name.
    pub fn find(&self, id: MediaId) -> Option<Media> {
        self.0.index.read().of_id(id)
    }

    /// How much is kept.
    pub fn stats(&self) -> Stats {
        // One lock after the other: whoever holds one never waits for the next.
        let failing = self.setbacks().lock().len();
        let index = self.0.index.read();
        Stats {
            attachments: index.entries().len(),
            files: index.files().len(),
            bytes: index.files().map(|media| media.bytes).sum(),
            failing,
        }
    }

    pub(super) fn setbacks(&self) -> &Mutex<Setbacks> {
        &self.0.setbacks
    }

    pub(super) fn patience(&self) -> Duration {
        self.0.settings.patience
    }

    /// Keeps the content of an attachment. Blocks while it is written.
    ///
    /// # Errors
    /// When it is not fit to be kept, or can't be written.
    pub fn keep(&self, attachment: &AttachmentId, content: &Bytes) -> Result<Media, FetchError> {
        let inspected = inspect(content, self.0.settings.max_pixels)?;
        let media = Media {
            id: MediaId::of(content),
            format: inspected.format,
            bytes: content.len() as u64,
            picture: inspected.picture,
        };
        let entry = Entry { attachment: attachment.clone(), media, unneeded_since: None };
        let _writing = self.0.writing.lock();
        if self.find(media.id).is_none() {
            self.0.shelf.write(media.id, content).map_err(FetchError::Disk)?;
        }
        self.0.shelf.append(&entry).map_err(FetchError::Disk)?;
        self.0.index.write().add(entry);
        Ok(media)
    }

    /// Opens a file; `None` when it is damaged, which is logged: it is then missing. Blocks.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn content(&self, media: &Media) -> io::Result<Option<Content>> {
        match self.0.shelf.read(media) {
            Ok(content) => Ok(Some(content)),
            Err(ReadError::Disk(error)) => Err(error),
            Err(ReadError::Damaged(damage)) => {
                tracing::error!(%damage, "a file of the back office is lost until it is downloaded again");
                self.forget(media.id);
                Ok(None)
            }
        }
    }

    fn forget(&self, id: MediaId) {
        let _writing = self.0.writing.lock();
        let rest = self.0.index.read().without(&HashSet::from([id]));
        *self.0.index.write() = rest.clone();
        if let Err(error) = self.0.shelf.settle(&rest) {
            tracing::warn!(%error, "a damaged file can't be removed");
        }
    }

    /// Removes the files that no release has needed for the time of grace, and all that a crash may
    /// have left. Blocks; to be called daily.
    ///
    /// # Errors
    /// When the disk fails; nothing that is in the index is then lost.
    pub fn sweep(&self, needed: &HashSet<MediaId>, now: DateTime<Utc>) -> io::Result<Swept> {
        let grace = TimeDelta::from_std(self.0.settings.grace).unwrap_or(TimeDelta::MAX);
        let _writing = self.0.writing.lock();
        let rest = self.0.index.read().swept(needed, now, grace);
        // Readers lose sight of a file before it goes.
        *self.0.index.write() = rest.clone();
        let removed = self.0.shelf.settle(&rest)?;
        self.setbacks().lock().forget_before(now);
        Ok(Swept { files: removed.len(), bytes: removed.iter().sum() })
    }
}
