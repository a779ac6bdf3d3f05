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
use rusqlite::{Connection, Transaction, TransactionBehavior};

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
    state: Mutex<State>,
    /// The folder, if it is ours: to set a damaged database aside, and to write as soon as that is
    /// possible.
    dir: Option<PathBuf>,
    /// Held for as long as the store lives.
    _lock: Option<Lock>,
    /// Why nothing is kept on disk although that is wanted.
    why_in_memory: Option<String>,
}

#[derive(Debug)]
enum State {
    Writing(Connection),
    /// The database could only be read so far.
    Reading(Connection),
    /// The database was closed, and could not be opened again so far.
    Closed,
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
                let store = Self::new(State::Writing(connection), Some(dir), lock);
                return Ok(Opened { store, notices: notice.into_iter().collect() });
            }
            Err(StoreError::Busy) => return Err(OpenError::InUse { dir: dir.to_owned() }),
            Err(error) => error.with_causes(),
        };
        match place::open_reader(dir) {
            Ok(connection) => {
                let notice = Notice::ReadOnly { dir: dir.to_owned(), why };
                // Without a lock it is another's, should it become possible to write.
                let dir = lock.is_some().then_some(dir);
                let store = Self::new(State::Reading(connection), dir, lock);
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
        let state = State::Writing(memory().map_err(OpenError::Memory)?);
        let notice = Notice::InMemory { dir: dir.to_owned(), why };
        let why_in_memory = Some(notice.to_string());
        let inner = Inner { state: Mutex::new(state), dir: None, _lock: lock, why_in_memory };
        Ok(Opened { store: Self(Arc::new(inner)), notices: vec![notice] })
    }

    /// Opens the store of a folder beside the service that may be running on it, for a command.
    ///
    /// # Errors
    /// There is nothing to open, or it can't be used.
    pub fn open_beside(dir: &Path) -> Result<Self, OpenError> {
        let connection = place::open_beside(dir)
            .map_err(|source| OpenError::Nothing { dir: dir.to_owned(), source })?;
        Ok(Self::new(State::Writing(connection), None, None))
    }

    /// A store that lives as long as its last clone, for tests and for folders that can't be used.
    ///
    /// # Errors
    /// Memory ran out.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::new(State::Writing(memory()?), None, None))
    }

    fn new(state: State, dir: Option<&Path>, lock: Option<Lock>) -> Self {
        let dir = dir.map(Path::to_owned);
        let why_in_memory = None;
        Self(Arc::new(Inner { state: Mutex::new(state), dir, _lock: lock, why_in_memory }))
    }

    /// Why nothing that is kept outlives this process, if its folder can't be used.
    pub fn why_in_memory(&self) -> Option<&str> {
        self.0.why_in_memory.as_deref()
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
        self.read(|connection| mirror::read(connection, each))
    }

    /// A small value, if there is one.
    ///
    /// # Errors
    /// It is damaged, or the database failed.
    pub fn value(&self, key: ValueKey) -> Result<Option<String>, StoreError> {
        self.read(|connection| values::read(connection, key.as_str()))
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
        self.read(releases::current)
    }

    /// The releases that are kept, newest first. One may turn out damaged when it is read.
    ///
    /// # Errors
    /// The database failed.
    pub fn releases(&self) -> Result<Vec<ReleaseHeader>, StoreError> {
        self.read(releases::list)
    }

    /// A release, if it is kept; the newest of that id.
    ///
    /// # Errors
    /// It is damaged, or the database failed.
    pub fn release(&self, id: &str) -> Result<Option<KeptRelease>, StoreError> {
        self.read(|connection| releases::find(connection, id))
    }

    /// Gives the kept form of every item of every release that is kept, each once.
    ///
    /// # Errors
    /// The database failed.
    pub fn bodies(&self, each: impl FnMut(&[u8])) -> Result<(), StoreError> {
        self.read(|connection| releases::bodies(connection, each))
    }

    /// Forgets all releases but the last so many.
    ///
    /// # Errors
    /// The database failed; all of them stay.
    pub fn keep_releases(&self, count: NonZeroUsize) -> Result<(), StoreError> {
        self.write(|transaction| releases::keep(transaction, count))
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut state = self.0.state.lock();
        if matches!(*state, State::Closed) {
            self.0.open_again(&mut state)?;
        }
        let done = match &*state {
            State::Writing(connection) | State::Reading(connection) => work(connection),
            State::Closed => Err(StoreError::ReadOnly),
        };
        done.map_err(|error| self.0.mend(&mut state, error))
    }

    fn write(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut state = self.0.state.lock();
        if !matches!(*state, State::Writing(_)) {
            self.0.open_again(&mut state)?;
        }
        let done = match &mut *state {
            State::Writing(connection) => in_transaction(connection, work),
            State::Reading(_) | State::Closed => Err(StoreError::ReadOnly),
        };
        done.map_err(|error| self.0.mend(&mut state, error))
    }
}

impl Inner {
    /// Tries to write again: a disk may have been full, or mounted to be read.
    fn open_again(&self, state: &mut State) -> Result<(), StoreError> {
        let dir = self.dir.as_deref().ok_or(StoreError::ReadOnly)?;
        // Closed first: a file that a process closes twice loses the locks of what is still open
        // (<https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).
        *state = State::Closed;
        match mend::open_or_begin_anew(dir) {
            Ok((connection, notice)) => {
                if let Some(notice) = notice {
                    tracing::warn!(%notice, "the store was begun anew");
                }
                *state = State::Writing(connection);
                Ok(())
            }
            Err(error) => {
                *state = place::open_reader(dir).map_or(State::Closed, State::Reading);
                Err(error)
            }
        }
    }

    /// Sets the database aside, if it is ours and proved damaged.
    fn mend(&self, state: &mut State, error: StoreError) -> StoreError {
        match (error, &self.dir) {
            (StoreError::Corrupt { notice: None, source }, Some(dir)) => {
                // Closed before its file gets another name.
                *state = State::Closed;
                match mend::begin_anew(dir, Old::Damaged, source.to_string()) {
                    Ok((connection, notice)) => {
                        *state = State::Writing(connection);
                        StoreError::Corrupt { notice: Some(Box::new(notice)), source }
                    }
                    Err(error) => error,
                }
            }
            (error, _) => error,
        }
    }
}

/// All or nothing.
fn in_transaction(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    work(&transaction)?;
    Ok(transaction.commit()?)
}

fn memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    schema::create(&mut connection)?;
    Ok(connection)
}
