//! The format of the database: its tables, its version, how a connection is set up.

use std::time::Duration;

use rusqlite::Connection;

use super::error::StoreError;

/// Says that the file is ours: `LOCA` in ASCII (<https://www.sqlite.org/pragma.html#pragma_application_id>).
const APPLICATION: i32 = 0x4c4f_4341;

/// Changes whenever [`TABLES`] or the meaning of a column does. A file of another version is set
/// aside: all of it but the history of releases can be read from Airtable again.
const VERSION: i32 = 1;

/// How long to wait for another process that writes, such as a command beside the service.
const BUSY: Duration = Duration::from_secs(5);

/// `until` of an item that is still current. A number rather than NULL, so that it can lead the
/// primary key: items lie on the disk by the end of their life, so that the current release, an
/// earlier one and what pruning takes away are each one range.
pub(super) const STILL: i64 = i64::MAX;

/// - `tallies` has one of the mirror as soon as `rows` holds a whole base, be it an empty one.
/// - Release number `seq` has the items for which `since <= seq < until`.
pub(super) const TABLES: &str = "
CREATE TABLE rows (
    tab TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    digest INTEGER NOT NULL,
    PRIMARY KEY (tab, id)
) STRICT;
CREATE TABLE tallies (
    whole TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    digest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE small_values (
    name TEXT PRIMARY KEY,
    digest INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE releases (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    published_at TEXT NOT NULL,
    tallies TEXT NOT NULL,
    digest INTEGER NOT NULL
) STRICT;
CREATE INDEX releases_by_id ON releases (id);
CREATE TABLE items (
    until INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    key TEXT NOT NULL,
    since INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (until, kind, key)
) STRICT, WITHOUT ROWID;
";

/// What a database turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Nothing is in it yet.
    Empty,
    /// Ours, of this version.
    Current,
    /// Another version's, or another program's.
    Unknown {
        /// Its application id.
        application: i32,
        /// Its `user_version`.
        version: i32,
    },
}

/// Reads the format. Fails when the file is no database.
pub(super) fn format(connection: &Connection) -> rusqlite::Result<Format> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version, tables) {
        (0, 0, 0) => Format::Empty,
        (APPLICATION, VERSION, _) => Format::Current,
        _ => Format::Unknown { application, version },
    })
}

/// Makes the tables of an empty database, all or none.
pub(super) fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Sets up a connection that only reads.
pub(super) fn set_up_reader(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    // Damage is told where it lies, rather than read as content.
    connection.pragma_update(None, "cell_size_check", true)
}

/// Sets up a connection that writes.
pub(super) fn set_up_writer(connection: &Connection) -> rusqlite::Result<()> {
    set_up_reader(connection)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // `NORMAL`, usual with WAL, lets a power cut take back the last commits. Among them may be the
    // secret of a webhook, which Airtable tells only once, or calls that the month has spent.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // After a commit of everything, the log shrinks to this many bytes again.
    connection.pragma_update_and_check(None, "journal_size_limit", 16 << 20, |_| Ok(()))
}

/// Walks through the file, to see that it can be read to its end and has the tables that were made.
/// What they hold is checked when it is read.
pub(super) fn verify(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(StoreError::corrupt(found));
    }
    let sound = Connection::open_in_memory()?;
    sound.execute_batch(TABLES)?;
    if definitions(connection)? != definitions(&sound)? {
        return Err(StoreError::corrupt("its tables are not those that were made"));
    }
    Ok(())
}

fn definitions(connection: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY rowid")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::digest::Digest;

    #[test]
    fn a_change_of_the_tables_is_a_new_version() {
        let tables = format!("{:?}", Digest::of([TABLES.as_bytes()]));
        assert_eq!((VERSION, tables.as_str()), (1, "Digest(2165043745249243810)"));
    }

    #[test]
    fn a_database_is_known_by_its_marks() {
        let database = |sql: &str| {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(sql).unwrap();
            connection
        };
        let ours = &format!("{TABLES} PRAGMA application_id = {APPLICATION};");
        for (sql, expected) in [
            ("", Format::Empty),
            (&format!("{ours} PRAGMA user_version = {VERSION}"), Format::Current),
            (ours, Format::Unknown { application: APPLICATION, version: 0 }),
            (
                &format!("{ours} PRAGMA user_version = 2"),
                Format::Unknown { application: APPLICATION, version: 2 },
            ),
            ("CREATE TABLE t (a)", Format::Unknown { application: 0, version: 0 }),
            ("PRAGMA user_version = 1", Format::Unknown { application: 0, version: 1 }),
        ] {
            assert_eq!(format(&database(sql)).unwrap(), expected, "{sql}");
        }
    }
}
