//! What can go wrong with the store, as far as a caller can act on it.

use std::{
    error::Error,
    io::{self, ErrorKind},
    iter,
    path::PathBuf,
};

use super::notice::Notice;

/// Why a store can't be opened. Damage and folders that can't be written are no reason: see
/// [`Notice`].
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Two services on one folder would undo each other's rounds.
    #[error("{}: another process serves from this folder", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// The path, or one that leads to it, is that of a file.
    #[error("{}: expected a folder, found something else", dir.display())]
    NotAFolder {
        /// The folder.
        dir: PathBuf,
    },
    /// The file system can't lock files.
    #[error("{}: the folder can't be locked against another process", dir.display())]
    Lock {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no database for a command to talk through, or it can't be used.
    #[error("{}: no service has kept anything usable here", dir.display())]
    Nothing {
        /// The folder.
        dir: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// Not even a database in memory could be made.
    #[error("a database in memory could not be made")]
    Memory(#[source] StoreError),
}

/// Why something could not be kept or read. A failed commit leaves everything as it was before.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The bytes that were read are not those that were written. All else can still be read.
    #[error("{what} is damaged")]
    Damaged {
        /// The row, item, value or release.
        what: String,
    },
    /// The file can't be walked through. If it could be, it was set aside, and a new one begun with
    /// what is whole of it: the same call may be tried again.
    #[error("the database is damaged{}", notice.as_ref().map(|n| format!(": {n}")).unwrap_or_default())]
    Corrupt {
        /// What was done about it.
        notice: Option<Box<Notice>>,
        /// What SQLite says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Changes were given, but the rows that they change are not kept: give all rows.
    #[error("the rows to change are not kept")]
    NoMirror,
    /// Changes were given to a release that is not the newest one: give all items.
    #[error("the items to change are those of release {expected}, and the newest is {found:?}")]
    OtherRelease {
        /// The release that the changes start from.
        expected: String,
        /// The newest one, if there is one and its header can be read.
        found: Option<String>,
    },
    /// The folder or the disk can only be read.
    #[error("it can't be written")]
    ReadOnly,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// Another process has been writing for longer than the five seconds that we wait.
    #[error("another process is writing")]
    Busy,
    /// The format is another version's, or another program's.
    #[error("the format is unknown: application {application:#x}, version {version}")]
    Format {
        /// The application id found.
        application: i32,
        /// The version found.
        version: i32,
    },
    /// Anything else: the disk failed, memory ran out.
    #[error("the database failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }

    pub(super) fn corrupt(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Corrupt { notice: None, source: source.into() }
    }
}

impl StoreError {
    /// With its causes, on one line.
    pub(super) fn with_causes(&self) -> String {
        let causes = iter::successors(Some(self as &dyn Error), |error| (*error).source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::StorageFull => Self::Full,
            _ => Self::Failed(error.into()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{Error as E, ErrorCode as C};
        match (error.sqlite_error_code(), &error) {
            (Some(C::DatabaseCorrupt | C::NotADatabase), _) => Self::corrupt(error),
            (Some(C::ReadOnly), _) => Self::ReadOnly,
            (Some(C::DiskFull), _) => Self::Full,
            (Some(C::DatabaseBusy | C::DatabaseLocked), _) => Self::Busy,
            // Columns have the types that we read them as, and statements are right for the tables.
            (
                _,
                E::InvalidColumnType(..)
                | E::FromSqlConversionFailure(..)
                | E::Utf8Error(..)
                | E::SqlInputError { .. },
            ) => Self::corrupt(error),
            _ => Self::Failed(error.into()),
        }
    }
}
