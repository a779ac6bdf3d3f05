//! A database that can't be used is kept under another name, and a new one begun with what is whole
//! of it.

use std::path::Path;

use rusqlite::Connection;

use super::{
    change::{ItemChanges, ReleaseChange, RowChanges, StoredRow},
    error::StoreError,
    mirror,
    notice::{Notice, Saved},
    place, releases, values,
};

/// What there is to take over from a database that is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Old {
    /// What is whole.
    Damaged,
    /// Nothing: who knows what its columns mean?
    Foreign,
}

/// Opens the database to write, or begins a new one if it can't be used; the notice says so.
pub(super) fn open_or_begin_anew(dir: &Path) -> Result<(Connection, Option<Notice>), StoreError> {
    let (old, error) = match place::open_writer(dir) {
        Ok(connection) => return Ok((connection, None)),
        Err(error @ StoreError::Format { .. }) => (Old::Foreign, error),
        Err(error @ StoreError::Corrupt { .. }) => (Old::Damaged, error),
        Err(error) => return Err(error),
    };
    let (connection, notice) = begin_anew(dir, old, error.with_causes())?;
    Ok((connection, Some(notice)))
}

/// Sets the database aside and begins a new one.
pub(super) fn begin_anew(
    dir: &Path,
    old: Old,
    why: String,
) -> Result<(Connection, Notice), StoreError> {
    let file = place::set_aside(dir)?;
    let mut connection = place::open_writer(dir).inspect_err(|_| {
        tracing::error!(file = %file.display(), "the database was set aside, and none could be begun");
    })?;
    let saved = match (old, place::open_untouched(&file)) {
        (Old::Damaged, Ok(old)) => take_over(&old, &mut connection).unwrap_or_default(),
        _ => Saved::default(),
    };
    Ok((connection, Notice::SetAside { file, why, saved }))
}

/// Copies each part that is whole; what can't be read is left.
fn take_over(old: &Connection, new: &mut Connection) -> Result<Saved, StoreError> {
    // Lets SQLite look into a file that was cut
    // (<https://www.sqlite.org/pragma.html#pragma_writable_schema>).
    old.pragma_update(None, "writable_schema", true)?;
    let transaction = new.transaction()?;
    let mut saved = Saved::default();
    let mut rows = Vec::new();
    let found = mirror::read(old, |table, id, json| {
        rows.push(StoredRow { table, id, json: json.into() });
    });
    if let Ok(Some(count)) = found {
        mirror::write(&transaction, &RowChanges::Replace(rows))?;
        saved.rows = Some(count);
    }
    for name in values::names(old).unwrap_or_default() {
        if let Ok(Some(text)) = values::read(old, &name) {
            values::write(&transaction, &name, Some(&text))?;
            saved.values += 1;
        }
    }
    for release in releases::all_whole(old).into_iter().flatten() {
        let items = ItemChanges::Replace(release.items);
        let change = ReleaseChange { id: release.id, published_at: release.published_at, items };
        releases::write(&transaction, &change)?;
        saved.releases += 1;
    }
    transaction.commit()?;
    Ok(saved)
}
