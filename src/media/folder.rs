//! Contents in a folder: `files/`, each named by its hash, and `index.jsonl`, one attachment a line.
//!
//! A content is written whole and synced before its line is, so that a line always has its file,
//! whatever stops the service. What a disk does later is found out: by the lengths when the folder
//! is opened, by the hash when a content is first read.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use tempfile::NamedTempFile;

use super::{
    id::MediaId,
    index::{Entry, Index, Media},
    shelf::Content,
};

/// A folder of contents.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// The contents whose hash was checked since the folder was opened.
    checked: Mutex<HashSet<MediaId>>,
}

/// The folder can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the folder of media {path} can't be used")]
pub struct OpenError {
    /// The file or folder at fault.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Something of the folder that is not what was written. The file is downloaded again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A line of the index can't be read.
    #[error("line {number} of the index can't be read")]
    Line {
        /// Which one, from 1.
        number: usize,
    },
    /// A file is not there.
    #[error("the file {id} is missing")]
    Missing {
        /// Which one.
        id: MediaId,
    },
    /// A file is not as long as it was.
    #[error("the file {id} has {found} bytes instead of {expected}")]
    Length {
        /// Which one.
        id: MediaId,
        /// Its bytes now.
        found: u64,
        /// Its bytes once.
        expected: u64,
    },
    /// A file has other bytes than it had.
    #[error("the file {id} has another content than it had")]
    Content {
        /// Which one.
        id: MediaId,
    },
}

/// Why a content can't be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Damaged(#[from] Damage),
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// Contents up to so many bytes are read at once rather than piece by piece.
const SMALL: u64 = 256 << 10;

impl Folder {
    /// Opens a folder, which is made if it is not there, with what is whole in it.
    pub(super) fn open(root: &Path) -> Result<(Self, Index, Vec<Damage>), OpenError> {
        let folder = Self { root: root.to_owned(), checked: Mutex::default() };
        let at = |path: PathBuf| move |source| OpenError { path, source };
        fs::create_dir_all(folder.files()).map_err(at(folder.files()))?;
        let text = match fs::read(folder.index()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            read => read.map_err(at(folder.index()))?,
        };
        let lengths = folder.lengths().map_err(at(folder.files()))?;
        let mut index = Index::default();
        let mut damages = Vec::new();
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            match Entry::from_line(line) {
                Some(entry) => index.add(entry),
                None if line.is_empty() => {}
                None => damages.push(Damage::Line { number }),
            }
        }
        let mut lost = HashSet::new();
        for Media { id, bytes: expected, .. } in index.files().copied() {
            let damage = match lengths.get(&id.to_string()) {
                Some(found) if *found == expected => continue,
                Some(found) => Damage::Length { id, found: *found, expected },
                None => Damage::Missing { id },
            };
            lost.insert(id);
            damages.push(damage);
        }
        let index = if lost.is_empty() { index } else { index.without(&lost) };
        Ok((folder, index, damages))
    }

    fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    fn index(&self) -> PathBuf {
        self.root.join("index.jsonl")
    }

    fn file(&self, id: MediaId) -> PathBuf {
        self.files().join(id.to_string())
    }

    /// The length of each file, by name.
    fn lengths(&self) -> io::Result<HashMap<String, u64>> {
        let entries = fs::read_dir(self.files())?;
        let length = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len()))
        };
        entries.map(length).collect()
    }

    /// Writes a content, which is there whole or not at all.
    pub(super) fn write(&self, id: MediaId, content: &[u8]) -> io::Result<()> {
        self.replace(&self.file(id), content)?;
        self.checked.lock().insert(id);
        Ok(())
    }

    /// Adds a line to the index.
    pub(super) fn append(&self, entry: &Entry) -> io::Result<()> {
        // Starts a line of its own, whatever is left of one that a full disk cut.
        let line = format!("\n{}", entry.to_line()?);
        let mut index = OpenOptions::new().append(true).create(true).open(self.index())?;
        index.write_all(line.as_bytes())?;
        index.sync_data()?;
        sync_folder(&self.root)
    }

    /// Replaces the index.
    pub(super) fn rewrite(&self, index: &Index) -> io::Result<()> {
        let mut lines: Vec<String> =
            index.entries().map(Entry::to_line).collect::<Result<_, _>>()?;
        lines.sort_unstable();
        self.replace(&self.index(), lines.concat().as_bytes())
    }

    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        // Written among the files, so that what a crash leaves is removed with them.
        let mut file = NamedTempFile::new_in(self.files())?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        sync_folder(path.parent().unwrap_or(&self.root))
    }

    /// Reads a content, whose hash is checked the first time.
    pub(super) fn read(&self, media: &Media) -> Result<Content, ReadError> {
        let Media { id, bytes: expected, .. } = *media;
        let mut file = match File::open(self.file(id)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Damage::Missing { id }.into());
            }
            file => file?,
        };
        let found = file.metadata()?.len();
        if found != expected {
            return Err(Damage::Length { id, found, expected }.into());
        }
        let is_checked = self.checked.lock().contains(&id);
        if is_checked && expected > SMALL {
            return Ok(Content::File(Arc::new(file), expected));
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        if !is_checked {
            if MediaId::of(&content) != id {
                return Err(Damage::Content { id }.into());
            }
            self.checked.lock().insert(id);
        }
        match expected {
            0..=SMALL => Ok(Content::Bytes(content.into())),
            _ => Ok(Content::File(Arc::new(file), expected)),
        }
    }

    /// Removes the files that an index does not have; their bytes.
    pub(super) fn remove_others(&self, index: &Index) -> io::Result<Vec<u64>> {
        let mut removed = Vec::new();
        for (name, length) in self.lengths()? {
            let id = name.parse().ok();
            if id.and_then(|id| index.of_id(id)).is_some() {
                continue;
            }
            fs::remove_file(self.files().join(&name))?;
            if let Some(id) = id {
                self.checked.lock().remove(&id);
            }
            removed.push(length);
        }
        Ok(removed)
    }
}

/// Makes names last that were just given in a folder.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
