//! A folder that is replaced at once, or not at all.
//!
//! Files are gathered in a new folder beside the target, which takes its place when all are there:
//! a web server reads the former content or the next one. A file that says the same stays the same
//! file, with its date, so that validators made of dates hold.

use std::{
    fs::{self, File, Permissions, TryLockError},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::catalog::ReleaseId;

/// The file that says that a folder is an export, of what.
pub const MARKER: &str = "locadocs-export.json";

/// What a folder is an export of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The API as static files.
    Static,
    /// Open data.
    OpenData,
}

/// What the marker says.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    format: Kind,
    release: String,
}

/// Why a folder can't be replaced. What was there is untouched.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It holds something else: replacing it would delete that.
    #[error(
        "{} is neither empty nor an export of this format ({MARKER} is missing or says otherwise)",
        .0.display()
    )]
    NotOurs(PathBuf),
    /// Another export writes beside it.
    #[error("another export is writing into {}", .0.display())]
    Busy(PathBuf),
    /// A path that would lead out of the folder.
    #[error("{0:?} is no path within a folder")]
    Path(String),
    /// The disk refused.
    #[error("{}", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The folders can't change places: the target may be the root of a volume.
    #[error("{} can't be replaced; it must not be the root of a volume", path.display())]
    Swap {
        /// The target.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What became of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Files in it, the marker left out.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them are new or differ from what was there.
    pub written: usize,
    /// How many that were there are gone.
    pub removed: usize,
}

/// A folder that is about to be replaced.
#[derive(Debug)]
pub struct Folder {
    target: PathBuf,
    kind: Kind,
    next: TempDir,
    former: usize,
    found_again: usize,
    files: usize,
    bytes: u64,
    written: usize,
    /// Keeps other exports out until this one has ended.
    _lock: File,
}

impl Folder {
    /// Prepares to replace a folder, which may be missing, empty, or an export of this kind. What an
    /// export that was killed left beside it is removed.
    ///
    /// # Errors
    /// When the folder holds something else, another export is under way, or the disk refuses.
    pub fn open(target: &Path, kind: Kind) -> Result<Self, FolderError> {
        let target = resolved(target)?;
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(FolderError::NotOurs(target));
        };
        let lock = lock(parent, &target)?;
        let former = former(&target, kind)?;
        let prefix = format!(".{}.export-", name.to_string_lossy());
        clear(parent, &prefix)?;
        // As any folder is made: the web server must be able to read it.
        let mode = match fs::metadata(&target) {
            Ok(found) => found.permissions(),
            Err(_) => Permissions::from_mode(0o777),
        };
        let next = tempfile::Builder::new().prefix(&prefix).permissions(mode).tempdir_in(parent);
        let next = next.map_err(at(parent))?;
        Ok(Self {
            target,
            kind,
            next,
            former,
            found_again: 0,
            files: 0,
            bytes: 0,
            written: 0,
            _lock: lock,
        })
    }

    /// Adds a file, its path written with slashes.
    ///
    /// # Errors
    /// When the path leads elsewhere, or the disk refuses.
    pub fn put(&mut self, path: &str, content: &[u8]) -> Result<(), FolderError> {
        let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        if path.is_empty() || !Path::new(path).components().all(is_plain) {
            return Err(FolderError::Path(path.to_owned()));
        }
        let is_new = !self.add(path, content)?;
        self.files += 1;
        self.bytes += content.len() as u64;
        self.written += usize::from(is_new);
        Ok(())
    }

    /// Puts the folder in its place, unless it says the same as the one that is there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn publish(mut self, release: &ReleaseId) -> Result<Outcome, FolderError> {
        let marker = Marker { format: self.kind, release: release.to_string() };
        let marker = serde_json::to_vec(&marker).map_err(io::Error::other);
        let is_same_marker = self.add(MARKER, &marker.map_err(at(&self.target))?)?;
        let outcome = Outcome {
            files: self.files,
            bytes: self.bytes,
            written: self.written,
            removed: self.former - self.found_again,
        };
        let is_same = is_same_marker && outcome.written == 0 && outcome.removed == 0;
        if !is_same {
            self.swap()?;
        }
        Ok(outcome)
    }

    /// Adds a file; whether it was there and says the same.
    fn add(&mut self, path: &str, content: &[u8]) -> Result<bool, FolderError> {
        let (former, next) = (self.target.join(path), self.next.path().join(path));
        if let Some(folder) = next.parent() {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        let was_there = fs::metadata(&former).is_ok_and(|found| found.is_file());
        self.found_again += usize::from(was_there);
        let is_same = was_there && says(&former, content);
        // A file system without hard links has the file written anew.
        if !(is_same && fs::hard_link(&former, &next).is_ok()) {
            fs::write(&next, content).map_err(at(&next))?;
        }
        Ok(is_same)
    }

    fn swap(self) -> Result<(), FolderError> {
        let Self { target, next, .. } = &self;
        let refused = |source: io::Error| FolderError::Swap { path: target.clone(), source };
        if !target.exists() {
            return fs::rename(next.path(), target).map_err(refused);
        }
        // Afterwards `next` names the former folder, which goes with it.
        match renameat_with(CWD, next.path(), CWD, target, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => self.swap_in_two().map_err(refused),
            result => result.map_err(|errno| refused(errno.into())),
        }
    }

    /// For file systems that can't exchange two names: there is no folder for an instant.
    fn swap_in_two(&self) -> io::Result<()> {
        let aside = self.next.path().with_extension("former");
        fs::rename(&self.target, &aside)?;
        if let Err(error) = fs::rename(self.next.path(), &self.target) {
            fs::rename(&aside, &self.target)?;
            return Err(error);
        }
        fs::remove_dir_all(aside)
    }
}

/// The folder itself, where the path leads to it by a link.
fn resolved(target: &Path) -> Result<PathBuf, FolderError> {
    if target.exists() {
        return target.canonicalize().map_err(at(target));
    }
    let absolute = std::path::absolute(target).map_err(at(target))?;
    let parent = absolute.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(at(parent))?;
    let parent = parent.canonicalize().map_err(at(parent))?;
    absolute.file_name().map(|name| parent.join(name)).ok_or(FolderError::NotOurs(absolute))
}

fn lock(parent: &Path, target: &Path) -> Result<File, FolderError> {
    let folder = File::open(parent).map_err(at(parent))?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(FolderError::Busy(target.to_owned())),
        Err(TryLockError::Error(source)) => Err(at(parent)(source)),
    }
}

/// How many files the target holds, the marker among them.
fn former(target: &Path, kind: Kind) -> Result<usize, FolderError> {
    if !target.exists() {
        return Ok(0);
    }
    let files = count(target).map_err(at(target))?;
    let is_empty = fs::read_dir(target).map_err(at(target))?.next().is_none();
    let marker = fs::read(target.join(MARKER)).ok();
    let marker = marker.and_then(|json| serde_json::from_slice::<Marker>(&json).ok());
    match marker {
        Some(marker) if marker.format == kind => Ok(files),
        _ if is_empty => Ok(0),
        _ => Err(FolderError::NotOurs(target.to_owned())),
    }
}

fn count(folder: &Path) -> io::Result<usize> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files += if entry.file_type()?.is_dir() { count(&entry.path())? } else { 1 };
    }
    Ok(files)
}

/// Removes what exports that were killed left.
fn clear(parent: &Path, prefix: &str) -> Result<(), FolderError> {
    for entry in fs::read_dir(parent).map_err(at(parent))? {
        let entry = entry.map_err(at(parent))?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            fs::remove_dir_all(entry.path()).map_err(at(&entry.path()))?;
        }
    }
    Ok(())
}

fn says(file: &Path, content: &[u8]) -> bool {
    let is_as_long = fs::metadata(file).is_ok_and(|found| found.len() == content.len() as u64);
    is_as_long && fs::read(file).is_ok_and(|found| found == content)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    |source| FolderError::Disk { path, source }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn release() -> ReleaseId {
        "0123456789abcdef".parse().unwrap()
    }

    fn export(target: &Path, files: &[(&str, &str)]) -> Outcome {
        let mut folder = Folder::open(target, Kind::Static).unwrap();
        for (path, content) in files {
            folder.put(path, content.as_bytes()).unwrap();
        }
        folder.publish(&release()).unwrap()
    }

    fn changed(path: &Path) -> SystemTime {
        fs::metadata(path).unwrap().modified().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_says_the_same_stays_the_same_file_and_what_is_gone_goes() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("site");
        let first = export(&target, &[("a.json", "1"), ("b/c.json", "2"), ("d.json", "3")]);
        assert_eq!(first, Outcome { files: 3, bytes: 3, written: 3, removed: 0 });
        let long_ago = SystemTime::UNIX_EPOCH;
        for name in ["a.json", "b/c.json"] {
            File::open(target.join(name)).unwrap().set_modified(long_ago).unwrap();
        }
        let second = export(&target, &[("a.json", "1"), ("b/c.json", "4")]);
        assert_eq!(second, Outcome { files: 2, bytes: 2, written: 1, removed: 1 });
        assert_eq!(changed(&target.join("a.json")), long_ago);
        assert_ne!(changed(&target.join("b/c.json")), long_ago);
        assert!(!target.join("d.json").exists());
        assert_eq!(names(parent.path()), ["site"]);
    }

    #[test]
    fn the_same_content_changes_nothing_not_even_the_folder() {
        use std::os::unix::fs::MetadataExt as _;
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("site");
        export(&target, &[("a.json", "1")]);
        let inode = fs::metadata(&target).unwrap().ino();
        let again = export(&target, &[("a.json", "1")]);
        assert_eq!((again.written, again.removed), (0, 0));
        assert_eq!(fs::metadata(&target).unwrap().ino(), inode);
    }

    #[test]
    fn an_export_that_ends_half_way_leaves_what_was_there_and_the_next_one_clears_up() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("site");
        export(&target, &[("a.json", "1")]);
        let mut half = Folder::open(&target, Kind::Static).unwrap();
        half.put("a.json", b"2").unwrap();
        // As a kill does: nothing is cleared up.
        half.next.disable_cleanup(true);
        drop(half);
        assert_eq!(fs::read(target.join("a.json")).unwrap(), b"1");
        assert_eq!(names(parent.path()).len(), 2);
        export(&target, &[("a.json", "3")]);
        assert_eq!(fs::read(target.join("a.json")).unwrap(), b"3");
        assert_eq!(names(parent.path()), ["site"]);
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("thesis.txt"), "years of work").unwrap();
        let refused = Folder::open(parent.path(), Kind::Static);
        assert!(matches!(refused, Err(FolderError::NotOurs(_))), "{refused:?}");
        let target = parent.path().join("site");
        export(&target, &[("a.json", "1")]);
        let refused = Folder::open(&target, Kind::OpenData);
        assert!(matches!(refused, Err(FolderError::NotOurs(_))), "{refused:?}");
        fs::create_dir(parent.path().join("empty")).unwrap();
        export(&parent.path().join("empty"), &[("a.json", "1")]);
    }

    #[test]
    fn two_exports_do_not_meet_and_no_path_leads_out() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("site");
        let mut first = Folder::open(&target, Kind::Static).unwrap();
        let second = Folder::open(&target, Kind::Static);
        assert!(matches!(second, Err(FolderError::Busy(_))), "{second:?}");
        for path in ["", "..", "../a", "/etc/passwd", "a/../../b"] {
            assert!(matches!(first.put(path, b""), Err(FolderError::Path(_))), "{path}");
        }
    }

    #[test]
    fn a_link_to_a_folder_is_followed() {
        let parent = tempfile::tempdir().unwrap();
        export(&parent.path().join("site"), &[("a.json", "1")]);
        let link = parent.path().join("link");
        std::os::unix::fs::symlink("site", &link).unwrap();
        export(&link, &[("a.json", "2")]);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(parent.path().join("site/a.json")).unwrap(), b"2");
    }
}
