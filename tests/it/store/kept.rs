//! What is kept comes back as it was.

use std::num::NonZeroUsize;

use locadocs::{
    content::tables::TableKey,
    store::{Commit, ItemChanges, ItemKind, RowChanges, Store, StoreError},
};

use super::{VALUE, guide, item, publish, release, row, rows};

fn change(from: &str, put: &[(&str, &str)], gone: &[&str]) -> ItemChanges {
    ItemChanges::Change {
        from: from.to_owned(),
        put: put.iter().map(|(key, body)| guide(key, body)).collect(),
        gone: gone.iter().map(|key| (ItemKind::Guide, (*key).to_owned())).collect(),
    }
}

/// The items of a release, as `key=body`.
fn items(store: &Store, id: &str) -> String {
    let release = store.release(id).unwrap().unwrap();
    let items = release.items.iter();
    items
        .map(|item| format!("{}={}", item.key, String::from_utf8_lossy(&item.body)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn ids(store: &Store) -> Vec<String> {
    store.releases().unwrap().into_iter().map(|release| release.id).collect()
}

#[test]
fn an_empty_store_has_nothing_and_says_so() {
    let store = Store::in_memory().unwrap();
    assert_eq!(rows(&store), None);
    assert_eq!(store.value(VALUE).unwrap(), None);
    assert_eq!(store.current_release().unwrap().release, None);
    assert_eq!(store.releases().unwrap(), []);
    assert_eq!(store.release("A").unwrap(), None);
}

#[test]
fn rows_are_replaced_one_by_one() {
    let store = Store::in_memory().unwrap();
    let commit = |rows| store.commit(&Commit { rows, ..Commit::default() });
    let [a, b] = ["rec1", "rec2"].map(|id| row(TableKey::Guides, id, "{}"));
    let same_id = row(TableKey::Steps, "rec1", "{\"a\":\"é\"}");
    commit(RowChanges::Replace(vec![a.clone(), b.clone(), same_id.clone()])).unwrap();
    assert_eq!(rows(&store), Some(vec![a.clone(), b.clone(), same_id.clone()]));

    let edited = row(TableKey::Guides, "rec2", "{\"edited\":true}");
    let added = row(TableKey::Holdings, "rec3", "");
    let put = vec![edited.clone(), added.clone()];
    let gone = [(TableKey::Guides, "rec1"), (TableKey::Guides, "recNever")];
    let gone = gone.map(|(table, id)| (table, id.parse().unwrap())).into();
    commit(RowChanges::Change { put, gone }).unwrap();
    assert_eq!(rows(&store), Some(vec![edited.clone(), same_id.clone(), added.clone()]));

    commit(RowChanges::Keep).unwrap();
    assert_eq!(rows(&store), Some(vec![edited, same_id, added]));
    commit(RowChanges::Replace(Vec::new())).unwrap();
    assert_eq!(rows(&store), Some(Vec::new()));
}

#[test]
fn rows_can_be_changed_only_once_all_are_kept() {
    let store = Store::in_memory().unwrap();
    let put = vec![row(TableKey::Guides, "rec1", "{}")];
    let commit = Commit {
        rows: RowChanges::Change { put, gone: Vec::new() },
        values: vec![(VALUE, Some("1".to_owned()))],
        release: None,
    };
    assert!(matches!(store.commit(&commit), Err(StoreError::NoMirror)));
    assert_eq!((rows(&store), store.value(VALUE).unwrap()), (None, None));
}

#[test]
fn a_value_is_set_changed_and_removed() {
    let store = Store::in_memory().unwrap();
    for text in [Some("{}"), Some(""), None, Some("é")] {
        store.put_value(VALUE, text).unwrap();
        assert_eq!(store.value(VALUE).unwrap().as_deref(), text);
    }
}

#[test]
fn every_release_stays_as_it_was() {
    let store = Store::in_memory().unwrap();
    publish(&store, "A", ItemChanges::Replace(vec![guide("x", "1"), guide("y", "1")]));
    publish(&store, "B", change("A", &[("y", "2"), ("z", "2")], &["x", "never"]));
    publish(&store, "C", ItemChanges::Replace(vec![guide("y", "2"), guide("x", "3")]));
    assert_eq!(items(&store, "A"), "x=1 y=1");
    assert_eq!(items(&store, "B"), "y=2 z=2");
    assert_eq!(items(&store, "C"), "x=3 y=2");
    assert_eq!(ids(&store), ["C", "B", "A"]);
    assert_eq!(store.current_release().unwrap().release, store.release("C").unwrap());
}

#[test]
fn a_release_may_come_again() {
    let store = Store::in_memory().unwrap();
    publish(&store, "A", ItemChanges::Replace(vec![guide("x", "1")]));
    publish(&store, "B", change("A", &[("x", "2")], &[]));
    publish(&store, "A", change("B", &[("x", "1")], &[]));
    publish(&store, "B", change("A", &[("x", "2")], &[]));
    assert_eq!(ids(&store), ["B", "A", "B", "A"]);
    assert_eq!((items(&store, "A").as_str(), items(&store, "B").as_str()), ("x=1", "x=2"));
}

#[test]
fn items_of_one_key_are_told_apart_by_kind_and_counted() {
    let store = Store::in_memory().unwrap();
    let all = vec![
        item(ItemKind::Guide, "x", "guide"),
        item(ItemKind::Service, "x", "service"),
        item(ItemKind::Service, "y", ""),
    ];
    publish(&store, "A", ItemChanges::Replace(all.clone()));
    assert_eq!(store.release("A").unwrap().unwrap().items, all);
    let gone = vec![(ItemKind::Guide, "x".to_owned())];
    publish(&store, "B", ItemChanges::Change { from: "A".to_owned(), put: Vec::new(), gone });
    let headers = store.releases().unwrap();
    let counts = |header: usize| headers[header].counts.clone().into_iter().collect::<Vec<_>>();
    assert_eq!(counts(0), [(ItemKind::Service, 2)]);
    assert_eq!(counts(1), [(ItemKind::Guide, 1), (ItemKind::Service, 2)]);
    assert_eq!(headers[0].published_at.to_rfc3339(), "2026-11-23T16:00:00+00:00");
}

#[test]
fn a_change_of_another_release_than_the_newest_is_refused_whole() {
    let store = Store::in_memory().unwrap();
    let refused = |found: Option<&str>| {
        let commit = Commit {
            rows: RowChanges::Replace(Vec::new()),
            values: Vec::new(),
            release: Some(release("C", change("A", &[("x", "3")], &[]))),
        };
        match store.commit(&commit) {
            Err(StoreError::OtherRelease { expected, found: other }) => {
                assert_eq!((expected.as_str(), other.as_deref()), ("A", found));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(rows(&store), None);
    };
    refused(None);
    publish(&store, "A", ItemChanges::Replace(vec![guide("x", "1")]));
    publish(&store, "B", change("A", &[("x", "2")], &[]));
    refused(Some("B"));
    assert_eq!(ids(&store), ["B", "A"]);
}

#[test]
fn only_the_last_releases_are_kept() {
    let store = Store::in_memory().unwrap();
    publish(&store, "1", ItemChanges::Replace(vec![guide("x", "1"), guide("y", "0")]));
    for n in 2..=5 {
        publish(
            &store,
            &n.to_string(),
            change(&(n - 1).to_string(), &[("x", &n.to_string())], &[]),
        );
    }
    let keep = |count| store.keep_releases(NonZeroUsize::new(count).unwrap()).unwrap();
    keep(9);
    assert_eq!(ids(&store).len(), 5);
    keep(2);
    assert_eq!(ids(&store), ["5", "4"]);
    assert_eq!((items(&store, "4").as_str(), items(&store, "5").as_str()), ("x=4 y=0", "x=5 y=0"));
    let mut bodies = Vec::new();
    store.bodies(|body| bodies.push(String::from_utf8_lossy(body).into_owned())).unwrap();
    bodies.sort();
    assert_eq!(bodies, ["0", "4", "5"], "each once, and none of a release that is gone");
    publish(&store, "6", change("5", &[], &["y"]));
    keep(1);
    assert_eq!((ids(&store).join(" ").as_str(), items(&store, "6").as_str()), ("6", "x=5"));
}
