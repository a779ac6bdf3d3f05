//! Any sequence of commits gives back, for every release that is kept, exactly its items.

use std::{collections::BTreeMap, num::NonZeroUsize};

use locadocs::{
    content::tables::TableKey,
    store::{Commit, Item, ItemChanges, ItemKind, RowChanges, Store},
};
use proptest::{collection::vec, prelude::*};

use super::{release, row, rows};

/// A few keys, kinds and bodies, so that everything happens to everything.
type Key = (ItemKind, u8);
type Items = BTreeMap<Key, u8>;

#[derive(Debug, Clone)]
enum Step {
    /// Keys with their body, or `None` when they go.
    Change {
        id: u8,
        items: BTreeMap<Key, Option<u8>>,
        rows: BTreeMap<u8, Option<u8>>,
    },
    Replace {
        id: u8,
        items: Items,
        rows: BTreeMap<u8, u8>,
    },
    Keep(NonZeroUsize),
    Reopen,
}

fn key() -> impl Strategy<Value = Key> {
    (prop::sample::select(&[ItemKind::Guide, ItemKind::Service]), 0..4u8)
}

fn step() -> impl Strategy<Value = Step> {
    use prop::collection::btree_map;
    prop_oneof![
        4 => (0..4u8, btree_map(key(), prop::option::of(0..3u8), 0..4), btree_map(0..4u8, prop::option::of(0..3u8), 0..3))
            .prop_map(|(id, items, rows)| Step::Change { id, items, rows }),
        2 => (0..4u8, btree_map(key(), 0..3u8, 0..8), btree_map(0..4u8, 0..3u8, 0..4))
            .prop_map(|(id, items, rows)| Step::Replace { id, items, rows }),
        1 => (1..5usize).prop_map(|count| Step::Keep(NonZeroUsize::new(count).unwrap())),
        1 => Just(Step::Reopen),
    ]
}

fn to_item(((kind, key), body): (&Key, &u8)) -> Item {
    Item { kind: *kind, key: key.to_string(), body: vec![*body] }
}

fn to_row((id, body): (&u8, &u8)) -> locadocs::store::StoredRow {
    row(TableKey::Steps, &format!("rec{id}"), &body.to_string())
}

/// What should be kept: releases, oldest first, and rows.
#[derive(Default)]
struct Model {
    releases: Vec<(u8, Items)>,
    rows: Option<BTreeMap<u8, u8>>,
}

impl Model {
    /// The same as `step`, in the plainest way; what to commit for it.
    fn apply(&mut self, step: &Step) -> Option<Commit> {
        let (id, items, changed) = match step {
            Step::Change { id, items, rows } => {
                let (from, mut all) = self.releases.last().cloned()?;
                let mut all_rows = self.rows.clone()?;
                let put =
                    items.iter().filter_map(|(key, body)| Some(to_item((key, body.as_ref()?))));
                let gone = items.iter().filter(|(_, body)| body.is_none());
                let changes = ItemChanges::Change {
                    from: from.to_string(),
                    put: put.collect(),
                    gone: gone.map(|((kind, key), _)| (*kind, key.to_string())).collect(),
                };
                let put = rows.iter().filter_map(|(id, body)| Some(to_row((id, body.as_ref()?))));
                let gone = rows.iter().filter(|(_, body)| body.is_none());
                let changed = RowChanges::Change {
                    put: put.collect(),
                    gone: gone
                        .map(|(id, _)| (TableKey::Steps, format!("rec{id}").parse().unwrap()))
                        .collect(),
                };
                overlay(&mut all, items);
                overlay(&mut all_rows, rows);
                self.releases.push((*id, all));
                self.rows = Some(all_rows);
                (*id, changes, changed)
            }
            Step::Replace { id, items, rows } => {
                self.releases.push((*id, items.clone()));
                self.rows = Some(rows.clone());
                let changed = RowChanges::Replace(rows.iter().map(to_row).collect());
                (*id, ItemChanges::Replace(items.iter().map(to_item).collect()), changed)
            }
            Step::Keep(count) => {
                let first = self.releases.len().saturating_sub(count.get());
                self.releases.drain(..first);
                return None;
            }
            Step::Reopen => return None,
        };
        let release = Some(release(&id.to_string(), items));
        Some(Commit { rows: changed, values: Vec::new(), release })
    }

    fn check(&self, store: &Store) {
        let ids: Vec<_> = self.releases.iter().rev().map(|(id, _)| id.to_string()).collect();
        let headers = store.releases().unwrap();
        assert_eq!(headers.iter().map(|header| header.id.clone()).collect::<Vec<_>>(), ids);
        for id in 0..4u8 {
            let expected = self.releases.iter().rfind(|(other, _)| *other == id);
            let expected = expected.map(|(_, items)| items.iter().map(to_item).collect::<Vec<_>>());
            let found = store.release(&id.to_string()).unwrap();
            assert_eq!(found.map(|release| release.items), expected, "{id}");
        }
        let current = store.current_release().unwrap();
        let expected = self.releases.last().map(|(_, items)| items.iter().map(to_item).collect());
        assert_eq!(current.release.map(|release| release.items), expected);
        assert_eq!(current.notices, []);
        let expected = self.rows.as_ref().map(|rows| rows.iter().map(to_row).collect::<Vec<_>>());
        assert_eq!(rows(store), expected);
    }
}

fn overlay<K: Ord + Copy>(all: &mut BTreeMap<K, u8>, changes: &BTreeMap<K, Option<u8>>) {
    for (key, body) in changes {
        match body {
            Some(body) => all.insert(*key, *body),
            None => all.remove(key),
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_kept_is_what_a_plain_model_holds(steps in vec(step(), 1..25)) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap().store;
        let mut model = Model::default();
        for step in &steps {
            if let Some(commit) = model.apply(step) {
                store.commit(&commit).unwrap();
            }
            match step {
                Step::Keep(count) => store.keep_releases(*count).unwrap(),
                Step::Reopen => {
                    drop(store);
                    let opened = Store::open(folder.path()).unwrap();
                    assert_eq!(opened.notices, []);
                    store = opened.store;
                }
                Step::Change { .. } | Step::Replace { .. } => {}
            }
            model.check(&store);
        }
    }
}
