//! Small values by name, such as the webhook's cursor.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{digest::Digest, error::StoreError};

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
    let Some((text, digest)) = found else { return Ok(None) };
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
    Ok(())
}

/// The names of all values.
pub(super) fn names(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name FROM small_values")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn digest_of(name: &str, text: &str) -> Digest {
    Digest::of([name.as_bytes(), text.as_bytes()])
}
