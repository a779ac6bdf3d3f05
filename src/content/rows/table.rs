//! The rows of one table, each as it was last read.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use indexmap::IndexMap;

use crate::content::{
    ids::RecordId,
    problem::{Code, Problem, Severity},
    row::{Reader, Row},
    rows::RowChange,
    status::Status,
    tables::{FieldKey, TableKey},
};

/// The rows of one table, by record id, so that nothing depends on the order in which Airtable
/// lists them.
#[derive(Debug)]
pub struct Table<T> {
    /// In the order of their record ids.
    entries: IndexMap<RecordId, Entry<T>>,
    lost: BTreeSet<RecordId>,
    version: u64,
}

#[derive(Debug)]
struct Entry<T> {
    fingerprint: u64,
    row: Option<Arc<T>>,
    problems: Box<[Problem]>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { entries: IndexMap::new(), lost: BTreeSet::new(), version: 0 }
    }
}

/// What a link leads to.
#[derive(Debug)]
pub enum Linked<'a, T> {
    /// A row that was read.
    Row(&'a Arc<T>),
    /// A row that has problems of its own, told there.
    Unreadable,
    /// No row of that table.
    Missing,
}

impl<T> Table<T> {
    /// The rows that could be read, in the order of their record ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.entries.values().filter_map(|entry| entry.row.as_ref())
    }

    /// Follows a link.
    pub fn get(&self, id: &RecordId) -> Linked<'_, T> {
        match self.entries.get(id).map(|entry| &entry.row) {
            Some(Some(row)) => Linked::Row(row),
            Some(None) => Linked::Unreadable,
            None => Linked::Missing,
        }
    }

    /// The rows that should be public and could not be read.
    pub fn lost(&self) -> &BTreeSet<RecordId> {
        &self.lost
    }

    /// Another one after each change: two tables of the same version have the same rows.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Applies changes, and gives the rows that then say anything else.
    pub(super) fn apply(
        &mut self,
        key: TableKey,
        changes: impl IntoIterator<Item = RowChange>,
        read: impl Fn(&Row, &mut Vec<Problem>) -> Option<T>,
    ) -> Vec<RecordId> {
        let mut changed = Vec::new();
        for change in changes {
            match change {
                RowChange::Put(row) => {
                    if self.put(key, &row, &read) {
                        changed.push(row.id);
                    }
                }
                RowChange::Gone(id) => {
                    if self.remove(&id) {
                        changed.push(id);
                    }
                }
            }
        }
        if !changed.is_empty() {
            self.version = next_version();
            self.entries.sort_unstable_keys();
        }
        changed
    }

    fn put(
        &mut self,
        key: TableKey,
        row: &Row,
        read: impl Fn(&Row, &mut Vec<Problem>) -> Option<T>,
    ) -> bool {
        // Airtable's grid makes blank rows at a click; they say nothing, so nothing is said.
        if row.cells.is_empty() {
            return self.remove(&row.id);
        }
        let fingerprint = fingerprint(row);
        if self.entries.get(&row.id).is_some_and(|entry| entry.fingerprint == fingerprint) {
            return false;
        }
        let (entry, is_lost) = Entry::read(key, row, fingerprint, read);
        self.entries.insert(row.id.clone(), entry);
        match is_lost {
            true => self.lost.insert(row.id.clone()),
            false => self.lost.remove(&row.id),
        };
        true
    }

    fn remove(&mut self, id: &RecordId) -> bool {
        self.lost.remove(id);
        self.entries.swap_remove(id).is_some()
    }
}

/// What can be asked of a table whatever its rows are.
pub trait Untyped {
    /// How many rows it has, but for blank ones.
    fn len(&self) -> usize;
    /// Whether it has none.
    fn is_empty(&self) -> bool;
    /// Every row, in the order of their record ids.
    fn ids(&self) -> Box<dyn Iterator<Item = &RecordId> + '_>;
    /// Whether it has a row.
    fn has(&self, id: &RecordId) -> bool;
    /// What is wrong with single rows, in the order of their record ids.
    fn problems(&self) -> Box<dyn Iterator<Item = &Problem> + '_>;
}

impl<T> Untyped for Table<T> {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn ids(&self) -> Box<dyn Iterator<Item = &RecordId> + '_> {
        Box::new(self.entries.keys())
    }

    fn has(&self, id: &RecordId) -> bool {
        self.entries.contains_key(id)
    }

    fn problems(&self) -> Box<dyn Iterator<Item = &Problem> + '_> {
        Box::new(self.entries.values().flat_map(|entry| &entry.problems))
    }
}

impl<T> Entry<T> {
    /// Reads a row; whether the public loses it by a slip.
    fn read(
        key: TableKey,
        row: &Row,
        fingerprint: u64,
        read: impl Fn(&Row, &mut Vec<Problem>) -> Option<T>,
    ) -> (Self, bool) {
        let mut problems = Vec::new();
        let value = read(row, &mut problems);
        let is_public = is_meant_for_the_public(key, row);
        let is_lost = is_public && value.is_none();
        if is_lost {
            tell_loss(key, row, &mut problems);
        }
        if !is_public {
            // A draft is unfinished by definition: it is checked once it is published.
            problems.clear();
        }
        let entry = Self { fingerprint, row: value.map(Arc::new), problems: problems.into() };
        (entry, is_lost)
    }
}

/// A number that no table has had in this process.
fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// Tells two versions of a row apart, within one run of the service.
fn fingerprint(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.cells.hash(&mut hasher);
    hasher.finish()
}

/// Makes sure that a row which the public loses counts as an error.
fn tell_loss(table: TableKey, row: &Row, problems: &mut Vec<Problem>) {
    if problems.iter().any(|problem| problem.severity() == Severity::Error) {
        return;
    }
    let Some(primary) = table.def().fields.first() else { return };
    Reader::new(table, row, problems).report(
        primary.key,
        Code::RowNotPublished,
        "Cette ligne n'est pas publiée, à cause des autres problèmes signalés ici.",
    );
}

/// Whether a row is published, or has a status that can't be read, so that it may be.
fn is_meant_for_the_public(table: TableKey, row: &Row) -> bool {
    if table.def().field(FieldKey::Status).is_none() {
        return true;
    }
    // The row's own reading tells what is wrong with its status.
    let status = Status::read(&mut Reader::new(table, row, &mut Vec::new()));
    status.is_none_or(|status| status == Status::Published)
}
