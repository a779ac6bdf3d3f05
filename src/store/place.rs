//! The folder: who may use it, and how its database is opened, or set aside.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use chrono::Utc;
use rusqlite::{Connection, OpenFlags};
use url::Url;

use super::{
    error::{OpenError, StoreError},
    schema::{self, Format},
};

const DATABASE: &str = "locadocs.sqlite";
const LOCK: &str = "locadocs.lock";

/// For the owner alone: the database holds a webhook's secret and signed links.
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// The database of a folder.
pub(super) fn database(dir: &Path) -> PathBuf {
    dir.join(DATABASE)
}

/// Makes the folder if there is none. The inner error says why it can't be made.
pub(super) fn make(dir: &Path) -> Result<Result<(), StoreError>, OpenError> {
    let made = DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(dir);
    match made {
        Err(error)
            if matches!(error.kind(), ErrorKind::NotADirectory | ErrorKind::AlreadyExists) =>
        {
            Err(OpenError::NotAFolder { dir: dir.to_owned() })
        }
        made => Ok(made.map_err(StoreError::from)),
    }
}

/// Keeps other services out of the folder for as long as it lives.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    /// Closing the file would do, but for a process that is being started and shares it for a moment.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Locks the folder. One that can't be written has no lock if it never had one.
pub(super) fn lock(dir: &Path) -> Result<Option<Lock>, OpenError> {
    let path = dir.join(LOCK);
    let made =
        OpenOptions::new().create(true).truncate(false).write(true).mode(PRIVATE_FILE).open(&path);
    let Ok(file) = made.or_else(|_| File::open(&path)) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(OpenError::Lock { dir: dir.to_owned(), source }),
    }
}

/// Opens the database to write, and makes it if there is none.
pub(super) fn open_writer(dir: &Path) -> Result<Connection, StoreError> {
    let path = database(dir);
    OpenOptions::new().create(true).truncate(false).write(true).mode(PRIVATE_FILE).open(&path)?;
    // It may have been put there by hand, or be another user's, who then answers for it. SQLite
    // gives its other files the same permissions.
    let _ = fs::set_permissions(&path, Permissions::from_mode(PRIVATE_FILE));
    // SQLite would take the log for a leftover and delete it.
    if is_empty(&path) && !is_empty(&beside(&path, "-wal")) {
        return Err(StoreError::corrupt("it is empty, and its log is not"));
    }
    let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    match schema::format(&connection)? {
        Format::Empty => {
            schema::set_up_writer(&connection)?;
            schema::create(&mut connection)?;
        }
        // The file can be written, or it would not have been opened above.
        Format::Current if connection.is_readonly("main")? => {
            return Err(StoreError::corrupt("its header says that it can't be written"));
        }
        Format::Current => {
            schema::set_up_writer(&connection)?;
            schema::verify(&connection)?;
        }
        Format::Unknown { application, version } => {
            return Err(StoreError::Format { application, version });
        }
    }
    Ok(connection)
}

/// Opens a database that a service has made, to write beside it.
pub(super) fn open_beside(dir: &Path) -> Result<Connection, StoreError> {
    let connection = connect(&database(dir), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    expect_current(&connection)?;
    schema::set_up_writer(&connection)?;
    Ok(connection)
}

/// Opens a database where nothing can be written.
pub(super) fn open_reader(dir: &Path) -> Result<Connection, StoreError> {
    let connection = open_untouched(&database(dir))?;
    expect_current(&connection)?;
    schema::verify(&connection)?;
    Ok(connection)
}

/// Opens a database without writing anything beside it: no lock, no shared memory. Nothing else may
/// be writing.
pub(super) fn open_untouched(path: &Path) -> Result<Connection, StoreError> {
    let has_log = !is_empty(&beside(path, "-wal"));
    let path = std::path::absolute(path)?;
    let mut url = Url::from_file_path(&path)
        .map_err(|()| StoreError::Failed(format!("no path: {}", path.display()).into()))?;
    // A log is read through memory of this process alone, where there is no file to share and no
    // lock to take (<https://www.sqlite.org/wal.html#noshm>). Without one, SQLite would make it.
    url.set_query(Some(if has_log { "mode=ro&vfs=unix-none" } else { "mode=ro&immutable=1" }));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = connect(Path::new(url.as_str()), flags)?;
    if has_log {
        connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    }
    schema::set_up_reader(&connection)?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    Ok(Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)
}

fn expect_current(connection: &Connection) -> Result<(), StoreError> {
    match schema::format(connection)? {
        Format::Current => Ok(()),
        Format::Empty => Err(StoreError::Format { application: 0, version: 0 }),
        Format::Unknown { application, version } => {
            Err(StoreError::Format { application, version })
        }
    }
}

/// Gives the database another name, never one that is taken, and returns it.
pub(super) fn set_aside(dir: &Path) -> io::Result<PathBuf> {
    let path = database(dir);
    let wanted = beside(&path, &format!(".set-aside-{}", Utc::now().format("%Y%m%dT%H%M%SZ")));
    let is_free = |aside: &PathBuf| !aside.exists() && !beside(aside, "-wal").exists();
    let mut names = std::iter::once(wanted.clone())
        .chain((2u32..).map(|number| beside(&wanted, &format!("-{number}"))));
    let aside = names.find(is_free).ok_or(ErrorKind::AlreadyExists)?;
    fs::rename(&path, &aside)?;
    // Its log belongs to it; what processes share of the log is made again from it.
    for (name, is_kept) in [("-wal", true), ("-shm", false)] {
        let from = beside(&path, name);
        let done =
            if is_kept { fs::rename(&from, beside(&aside, name)) } else { fs::remove_file(&from) };
        done.or_else(
            |error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) },
        )?;
    }
    Ok(aside)
}

/// SQLite takes a file of one byte for an empty one: on some systems it makes them so.
fn is_empty(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |found| found.len() <= 1)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
