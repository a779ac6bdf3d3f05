//! Small values by name, such as the webhook's cursor.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    digest::Digest,
    error::StoreError,
    tally::{Tally, Whole},
};

pub(super) const READ_VALUE: &str = "SELECT text, digest FROM small_values WHERE name = ?1";
pub(super) const PUT_VALUE: &str =
    "INSERT OR REPLACE INTO small_values (name, text, digest) VALUES (?1, ?2, ?3)";
pub(super) const REMOVE_VALUE: &str = "DELETE FROM small_values WHERE name = ?1";

/// A value, if there is one.
pub(super) fn read(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let found = connection
        .query_row(READ_VALUE, [name], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Digest>(1)?))
        })
        .optional()?;
    let Some((text, digest)) = found else { return absent(connection, name) };
    if digest != digest_of(name, &text) {
        return Err(StoreError::damaged(format!("value {name:?}")));
    }
    Ok(Some(text))
}

/// Sets or removes a value.
pub(super) fn write(
    connection: &Connection,
    name: &str,
    text: Option<&str>,
) -> Result<(), StoreError> {
    match text {
        Some(text) => {
            connection.execute(PUT_VALUE, params![name, text, digest_of(name, text)])?;
        }
        None => {
            connection.execute(REMOVE_VALUE, [name])?;
        }
    }
    Whole::Values.write(connection, tally(connection)?)
}

/// A value that is not there: because there is none, or because it was lost.
fn absent(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let mut found = Tally::default();
    let mut statement = connection.prepare_cached("SELECT name, text FROM small_values")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        found.add(digest_of(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?));
    }
    let is_lost = found != Whole::Values.read(connection)?.unwrap_or_default();
    if is_lost { Err(StoreError::damaged(format!("value {name:?}"))) } else { Ok(None) }
}

/// There are few values, and their texts are not read.
fn tally(connection: &Connection) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    let mut statement = connection.prepare_cached("SELECT digest FROM small_values")?;
    for digest in statement.query_map([], |row| row.get(0))? {
        tally.add(digest?);
    }
    Ok(tally)
}

/// The names of all values.
pub(super) fn names(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name FROM small_values")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn digest_of(name: &str, text: &str) -> Digest {
    Digest::of([name.as_bytes(), text.as_bytes()])
}
