//! What only the connection shows: full disks, damage of single cells, plans of queries.

use super::*;

const VALUE: ValueKey = ValueKey::new("feed");

fn item(key: &str, body: &str) -> Item {
    Item { kind: ItemKind::Guide, key: key.to_owned(), body: body.into() }
}

fn row(id: &str, json: &str) -> StoredRow {
    StoredRow { table: TableKey::Guides, id: id.parse().unwrap(), json: json.into() }
}

fn release(id: &str, items: ItemChanges) -> Option<ReleaseChange> {
    Some(ReleaseChange {
        id: id.to_owned(),
        published_at: "2026-11-23T16:00:00Z".parse().unwrap(),
        items,
    })
}

/// Two rows, a value, and two releases that differ by one item.
fn sample() -> Store {
    let store = Store::in_memory().unwrap();
    let items = vec![item("a", "one"), item("b", "one")];
    let commit = Commit {
        rows: RowChanges::Replace(vec![row("rec1", "{}"), row("rec2", "{}")]),
        values: vec![(VALUE, Some("1".to_owned()))],
        release: release("A", ItemChanges::Replace(items)),
    };
    store.commit(&commit).unwrap();
    let put = vec![item("b", "two")];
    let change = ItemChanges::Change { from: "A".to_owned(), put, gone: Vec::new() };
    store.commit(&Commit { release: release("B", change), ..Commit::default() }).unwrap();
    store
}

fn sql(store: &Store, sql: &str) {
    store.read(|connection| Ok(connection.execute_batch(sql)?)).unwrap();
}

fn count_rows(store: &Store) -> Result<Option<usize>, StoreError> {
    store.rows(|_, _, _| {})
}

#[test]
fn a_damaged_row_makes_the_mirror_unusable_until_all_rows_are_given() {
    for damage in [
        "UPDATE rows SET json = '{ }' WHERE id = 'rec2'",
        "UPDATE rows SET id = 'rec3' WHERE id = 'rec2'",
        "UPDATE rows SET tab = 'steps' WHERE id = 'rec2'",
        "UPDATE rows SET digest = digest + 1 WHERE id = 'rec2'",
        "DELETE FROM rows WHERE id = 'rec2'",
        "INSERT INTO rows SELECT 'steps', id, json, digest FROM rows WHERE id = 'rec2'",
        "UPDATE tallies SET count = 3",
        "UPDATE tallies SET sum = sum + 1",
    ] {
        let store = sample();
        sql(&store, damage);
        assert!(matches!(count_rows(&store), Err(StoreError::Damaged { .. })), "{damage}");
        assert_eq!(store.current_release().unwrap().release.unwrap().id, "B", "{damage}");

        let rows = RowChanges::Replace(vec![row("rec1", "{}")]);
        store.commit(&Commit { rows, ..Commit::default() }).unwrap();
        assert_eq!(count_rows(&store).unwrap(), Some(1), "{damage}");
    }
}

#[test]
fn a_damaged_release_is_never_given_and_others_are() {
    // Which releases are whole after it.
    for (damage, whole) in [
        ("UPDATE items SET body = x'00' WHERE body = CAST('two' AS BLOB)", vec!["A"]),
        ("UPDATE items SET digest = 0 WHERE body = CAST('two' AS BLOB)", vec!["A"]),
        ("UPDATE items SET key = 'c' WHERE body = CAST('two' AS BLOB)", vec!["A"]),
        ("UPDATE items SET kind = 3 WHERE body = CAST('two' AS BLOB)", vec!["A"]),
        ("UPDATE items SET kind = 99 WHERE body = CAST('two' AS BLOB)", vec!["A"]),
        ("UPDATE items SET since = 1 WHERE body = CAST('two' AS BLOB)", vec!["B"]),
        ("DELETE FROM items WHERE key = 'b' AND since = 1", vec!["B"]),
        ("UPDATE items SET until = 3 WHERE key = 'b' AND since = 1", vec!["A"]),
        ("DELETE FROM items WHERE key = 'a'", vec![]),
        ("UPDATE items SET since = 9 WHERE key = 'a'", vec![]),
        ("UPDATE items SET until = until - 4 WHERE key = 'a'", vec!["A", "B"]),
        ("UPDATE releases SET id = 'C' WHERE id = 'B'", vec!["A"]),
        ("UPDATE releases SET published_at = '2026' WHERE id = 'B'", vec!["A"]),
        ("UPDATE releases SET tallies = '{}' WHERE id = 'B'", vec!["A"]),
        ("UPDATE releases SET seq = 9 WHERE id = 'B'", vec!["A"]),
    ] {
        let store = sample();
        sql(&store, damage);
        for id in ["A", "B"] {
            let found = store.release(id);
            let is_whole = matches!(found, Ok(Some(_)));
            assert_eq!(is_whole, whole.contains(&id), "{damage}: {id} is {found:?}");
        }
        let current = store.current_release().unwrap();
        assert_eq!(current.release.map(|release| release.id).as_deref(), whole.last().copied());
        let passed_over = if whole.last() == Some(&"B") { 0 } else { 2 - whole.len() };
        assert_eq!(current.notices.len(), passed_over, "{damage}: {:?}", current.notices);
        assert_eq!(count_rows(&store).unwrap(), Some(2));

        // Given whole, the release is whole again.
        let items = ItemChanges::Replace(vec![item("a", "one"), item("b", "two")]);
        store.commit(&Commit { release: release("B", items), ..Commit::default() }).unwrap();
        let current = store.current_release().unwrap();
        assert_eq!(
            (current.release.unwrap().items.len(), current.notices.len()),
            (2, 0),
            "{damage}"
        );
    }
}

#[test]
fn a_damaged_value_is_an_error_and_can_be_set_again() {
    for damage in [
        "UPDATE small_values SET text = '2'",
        "UPDATE small_values SET digest = 0",
        "UPDATE small_values SET name = 'fee'",
        "DELETE FROM small_values",
    ] {
        let store = sample();
        sql(&store, damage);
        assert!(matches!(store.value(VALUE), Err(StoreError::Damaged { .. })), "{damage}");
        store.put_value(VALUE, Some("3")).unwrap();
        assert_eq!(store.value(VALUE).unwrap().as_deref(), Some("3"));
    }
}

#[test]
fn a_full_disk_fails_a_commit_whole_and_the_next_one_passes_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { store, notices } = Store::open(folder.path()).unwrap();
    assert_eq!(notices, []);
    let commit = |number: usize| Commit {
        rows: RowChanges::Replace(
            (0..number * 100).map(|n| row(&format!("rec{n}"), &"x".repeat(200))).collect(),
        ),
        values: vec![(VALUE, Some(number.to_string()))],
        release: release(
            &number.to_string(),
            ItemChanges::Replace(
                (0..number * 100).map(|n| item(&n.to_string(), &number.to_string())).collect(),
            ),
        ),
    };
    let state = || {
        let release = store.current_release().unwrap().release.unwrap();
        let rows = count_rows(&store).unwrap().unwrap();
        (rows, store.value(VALUE).unwrap().unwrap(), release.id, release.items.len())
    };
    let expected =
        |number: usize| (number * 100, number.to_string(), number.to_string(), number * 100);
    store.commit(&commit(1)).unwrap();
    sql(&store, "PRAGMA max_page_count = 80");
    assert!(matches!(store.commit(&commit(20)), Err(StoreError::Full)));
    assert_eq!(state(), expected(1));
    store.commit(&commit(2)).unwrap();
    assert_eq!(state(), expected(2));
    sql(&store, "PRAGMA max_page_count = 100000");
    store.commit(&commit(20)).unwrap();
    assert_eq!(state(), expected(20));
}

#[test]
fn no_change_reads_a_table_to_its_end() {
    let store = sample();
    let plan = |sql: &str| {
        store
            .read(|connection| {
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                // Parameters stay NULL: a plan doesn't depend on them.
                let mut rows = statement.raw_query();
                let mut lines = Vec::new();
                while let Some(row) = rows.next()? {
                    lines.push(row.get::<_, String>(3)?);
                }
                Ok(lines.join("; "))
            })
            .unwrap()
    };
    for sql in [
        mirror::DIGEST_OF_ROW,
        mirror::PUT_ROW,
        mirror::REMOVE_ROW,
        values::READ_VALUE,
        values::PUT_VALUE,
        values::REMOVE_VALUE,
        releases::CURRENT_ITEM,
        releases::CLOSE_ITEM,
        releases::PUT_ITEM,
        releases::ITEMS_OF,
        releases::PRUNE_ITEMS,
    ] {
        let plan = plan(sql);
        assert!(!plan.contains("SCAN"), "{sql}: {plan}");
    }
}
