//! The store: what was kept comes back, whole or not at all.

mod damage;
mod folder;
mod kept;
mod kill;
mod model;

use std::{env, path::Path, process::Command};

use locadocs::{
    content::tables::TableKey,
    store::{
        Commit, Item, ItemChanges, ItemKind, ReleaseChange, RowChanges, Store, StoredRow, ValueKey,
    },
};

const VALUE: ValueKey = ValueKey::new("feed");

/// Tells a test that it runs in a process of its own, on this folder.
const FOLDER_OF_CHILD: &str = "LOCADOCS_TEST_STORE";

fn item(kind: ItemKind, key: &str, body: &str) -> Item {
    Item { kind, key: key.to_owned(), body: body.into() }
}

fn guide(key: &str, body: &str) -> Item {
    item(ItemKind::Guide, key, body)
}

fn row(table: TableKey, id: &str, json: &str) -> StoredRow {
    StoredRow { table, id: id.parse().unwrap(), json: json.into() }
}

fn release(id: &str, items: ItemChanges) -> ReleaseChange {
    ReleaseChange {
        id: id.to_owned(),
        published_at: "2026-11-23T16:00:00Z".parse().unwrap(),
        items,
    }
}

/// A commit of a release alone.
fn publish(store: &Store, id: &str, items: ItemChanges) {
    let release = Some(release(id, items));
    store.commit(&Commit { release, ..Commit::default() }).unwrap();
}

/// Every row, sorted; `None` when no whole base is kept.
fn rows(store: &Store) -> Option<Vec<StoredRow>> {
    let mut rows = Vec::new();
    let count = store.rows(|table, id, json| rows.push(StoredRow { table, id, json: json.into() }));
    let count = count.unwrap()?;
    assert_eq!(count, rows.len());
    rows.sort_by(|a, b| (a.table, &a.id).cmp(&(b.table, &b.id)));
    Some(rows)
}

/// Everything says the same number: some rows, a value, the release and its items.
fn numbered(number: u64) -> Commit {
    let text = number.to_string();
    let body = text.repeat(200);
    let rows = (0..40).map(|n| row(TableKey::Holdings, &format!("rec{n}"), &body)).collect();
    let items = (0..40).map(|n| guide(&n.to_string(), &body)).collect();
    Commit {
        rows: RowChanges::Replace(rows),
        values: vec![(VALUE, Some(text.clone()))],
        release: Some(release(&text, ItemChanges::Replace(items))),
    }
}

/// The number that everything says; 0 when there is nothing yet.
fn number(store: &Store) -> u64 {
    let current = store.current_release().unwrap();
    assert_eq!(current.notices, []);
    let (rows, value) = (rows(store), store.value(VALUE).unwrap());
    let Some(release) = current.release else {
        assert_eq!((rows, value), (None, None));
        return 0;
    };
    let number = release.id.parse().unwrap();
    let expected = numbered(number);
    assert_eq!(value, expected.values[0].1);
    let RowChanges::Replace(mut all) = expected.rows else { unreachable!() };
    all.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(rows, Some(all));
    let Some(ReleaseChange { items: ItemChanges::Replace(mut items), .. }) = expected.release
    else {
        unreachable!()
    };
    items.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(release.items, items);
    number
}

/// Runs one test of this binary in a process of its own.
fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env(FOLDER_OF_CHILD, folder);
    command
}
