//! What is kept between runs: the mirror, small values such as the webhook's cursor, and the last
//! releases.
//!
//! By default all of it is one SQLite database in a folder. Everything that belongs together is kept
//! in one transaction, so that no crash leaves a mixture; everything that is read is checked
//! against a digest of what was written, so that nothing damaged is taken for content. What can't be
//! used is set aside under another name, never deleted, and told as a [`Notice`].
//!
//! Calls block for as long as the disk takes: rounds may make them, handlers of requests may not.

mod change;
mod digest;
mod error;
mod mend;
mod mirror;
mod notice;
mod place;
mod releases;
mod schema;
mod tally;
#[cfg(test)]
mod tests;
mod values;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use rusqlite::{Connection, TransactionBehavior};

pub use self::{
    change::{Commit, Item, ItemChanges, ItemKind, ReleaseChange, RowChanges, StoredRow, ValueKey},
    error::{OpenError, StoreError},
    notice::{Notice, Saved},
    releases::{Current, KeptRelease, ReleaseHeader},
};
use self::{mend::Old, place::Lock};
use crate::content::{ids::RecordId, tables::TableKey};

/// Where things are kept. Clones share one connection.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None` after the file was set aside and no new one could be begun yet.
    connection: Mutex<Option<Connection>>,
    home: Home,
    /// Held for as long as the store lives.
    _lock: Option<Lock>,
}

#[derive(Debug)]
enum Home {
    /// A folder of our own: a database that proves damaged is set aside.
    Folder(PathBuf),
    /// Another process's folder, one that can't be written, or memory.
    Elsewhere,
}

/// A store, and what it could not use.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What was left aside and why, to be logged.
    pub notices: Vec<Notice>,
}

impl Store {
    /// Opens the store of a folder, which is made if there is none, for as long as a store lives.
    ///
    /// Whatever is wrong with what the folder holds, there is a store: with what is whole of it,
    /// read-only, or in memory.
    ///
    /// # Errors
    /// Another process has it open, or the path can't be a folder's.
    pub fn open(dir: &Path) -> Result<Opened, OpenError> {
        if let Err(error) = place::make(dir)? {
            return Self::open_nowhere(dir, error.with_causes(), None);
        }
        let lock = place::lock(dir)?;
        let why = match mend::open_or_begin_anew(dir) {
            Ok((connection, notice)) => {
                let store = Self::new(connection, Home::Folder(dir.to_owned()), lock);
                return Ok(Opened { store, notices: notice.into_iter().collect() });
            }
            Err(StoreError::Busy) => return Err(OpenError::InUse { dir: dir.to_owned() }),
            Err(error) => error.with_causes(),
        };
        match place::open_reader(dir) {
            Ok(connection) => {
                let notice = Notice::ReadOnly { dir: dir.to_owned(), why };
                let store = Self::new(connection, Home::Elsewhere, lock);
                Ok(Opened { store, notices: vec![notice] })
            }
            Err(error) => {
                let why = format!("{why}, nor read: {}", error.with_causes());
                Self::open_nowhere(dir, why, lock)
            }
        }
    }

    /// A store in memory, because of what is wrong with the folder.
    fn open_nowhere(dir: &Path, why: String, lock: Option<Lock>) -> Result<Opened, OpenError> {
        let connection = memory().map_err(OpenError::Memory)?;
        let notice = Notice::InMemory { dir: dir.to_owned(), why };
        Ok(Opened { store: Self::new(connection, Home::Elsewhere, lock), notices: vec![notice] })
    }

    /// Opens the store of a folder beside the service that may be running on it, for a command.
    ///
    /// # Errors
    /// There is nothing to open, or it can't be used.
    pub fn open_beside(dir: &Path) -> Result<Self, OpenError> {
        let connection = place::open_beside(dir)
            .map_err(|source| OpenError::Nothing { dir: dir.to_owned(), source })?;
        Ok(Self::new(connection, Home::Elsewhere, None))
    }

    /// A store that lives as long as its last clone, for tests and for folders that can't be used.
    ///
    /// # Errors
    /// Memory ran out.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::new(memory()?, Home::Elsewhere, None))
    }

    fn new(connection: Connection, home: Home, lock: Option<Lock>) -> Self {
        Self(Arc::new(Inner { connection: Mutex::new(Some(connection)), home, _lock: lock }))
    }

    /// Keeps all that a round has made, or nothing of it.
    ///
    /// # Errors
    /// It could not be kept; see [`StoreError`]. The store is as it was before, and can be used.
    pub fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        self.write(|transaction| {
            mirror::write(transaction, &commit.rows)?;
            for (key, text) in &commit.values {
                values::write(transaction, key.as_str(), text.as_deref())?;
            }
            commit.release.iter().try_for_each(|release| releases::write(transaction, release))
        })
    }

    /// Gives every row of the mirror, in no particular order, and says how many there are. `None`
    /// when no whole base is kept: none ever was, or it was lost with a damaged database.
    ///
    /// # Errors
    /// A row is damaged or missing: those given so far are not to be used, and the base is to be
    /// read anew.
    pub fn rows(
        &self,
        each: impl FnMut(TableKey, RecordId, &str),
    ) -> Result<Option<usize>, StoreError> {
        self.run(|connection| mirror::read(connection, each))
    }

    /// A small value, if there is one.
    ///
    /// # Errors
    /// It is damaged, or the database failed.
    pub fn value(&self, key: ValueKey) -> Result<Option<String>, StoreError> {
        self.run(|connection| values::read(connection, key.as_str()))
    }

    /// Sets a small value, or removes it.
    ///
    /// # Errors
    /// It could not be kept; the earlier one stays.
    pub fn put_value(&self, key: ValueKey, text: Option<&str>) -> Result<(), StoreError> {
        self.write(|transaction| values::write(transaction, key.as_str(), text))
    }

    /// The newest release that is whole.
    ///
    /// # Errors
    /// The database failed. A damaged release is no error, see [`Current::notices`].
    pub fn current_release(&self) -> Result<Current, StoreError> {
        self.run(|connection| releases::current(connection))
    }

    /// The releases that are kept, newest first. One may turn out damaged when it is read.
    ///
    /// # Errors
    /// The database failed.
    pub fn releases(&self) -> Result<Vec<ReleaseHeader>, StoreError> {
        self.run(|connection| releases::list(connection))
    }

    /// A release, if it is kept; the newest of that id.
    ///
    /// # Errors
    /// It is damaged, or the database failed.
    pub fn release(&self, id: &str) -> Result<Option<KeptRelease>, StoreError> {
        self.run(|connection| releases::find(connection, id))
    }

    /// Forgets all releases but the last so many.
    ///
    /// # Errors
    /// The database failed; all of them stay.
    pub fn keep_releases(&self, count: NonZeroUsize) -> Result<(), StoreError> {
        self.write(|transaction| releases::keep(transaction, count))
    }

    fn write(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            work(&transaction)?;
            Ok(transaction.commit()?)
        })
    }

    /// Does something with the connection. If the file proves damaged, it is set aside.
    fn run<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut slot = self.0.connection.lock();
        let connection = match (&mut *slot, &self.0.home) {
            (Some(connection), _) => connection,
            (slot, Home::Folder(dir)) => slot.insert(mend::open_or_begin_anew(dir)?.0),
            (slot, Home::Elsewhere) => slot.insert(memory()?),
        };
        match (work(connection), &self.0.home) {
            (Err(StoreError::Corrupt { notice: None, source }), Home::Folder(dir)) => {
                // Closed before its file gets another name.
                *slot = None;
                let (anew, notice) = mend::begin_anew(dir, Old::Damaged, source.to_string())?;
                *slot = Some(anew);
                Err(StoreError::Corrupt { notice: Some(Box::new(notice)), source })
            }
            (done, _) => done,
        }
    }
}

fn memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    schema::create(&mut connection)?;
    Ok(connection)
}
