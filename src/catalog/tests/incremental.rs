//! A build that redoes only what changed gives what a build of everything gives, and what is kept of
//! it item by item gives it back.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*};

use crate::{
    catalog::{
        Built, File, ItemKind, Memo, Release, build, checks,
        fixture::{
            Base,
            edits::{edit, known},
            reference,
        },
    },
    content::{guide::Illustration, row::Row, rows::RowChange, tables::TableKey as T},
};

fn change(base: &Base, table: T, row: &str) -> RowChange {
    match base.0.get(&table).and_then(|rows| rows.get_key_value(row)) {
        Some((id, cells)) => {
            let cells = cells.iter().map(|(field, cell)| (*field, cell.clone())).collect();
            RowChange::Put(Row { id: id.clone(), cells })
        }
        None => RowChange::Gone(row.parse().unwrap()),
    }
}

/// Items by kind and key, as a store has them.
type Kept = BTreeMap<(ItemKind, String), Vec<u8>>;

fn keep(kept: &mut Kept, release: &Release, previous: Option<&Release>) {
    for change in release.changes_since(previous) {
        match change.body {
            Some(body) => kept.insert((change.kind, change.key), body),
            None => kept.remove(&(change.kind, change.key)),
        };
    }
}

fn restore(kept: &Kept, id: &str) -> Release {
    let items = kept.iter().map(|((kind, key), body)| (*kind, key.as_str(), body.as_slice()));
    Release::restore(id, items, reference()).unwrap()
}

/// Where each holding is found, in one order.
fn places(release: &Release) -> Vec<String> {
    let mut places = Vec::new();
    for (document, by_place) in release.holdings_at.documents() {
        for (key, found) in by_place.iter() {
            let found = found.iter().map(|(holding, slug)| (&holding.facts.record, slug));
            places
                .extend(found.map(|(record, slug)| format!("{document} {key:?} {record} {slug}")));
        }
    }
    places.sort();
    places
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn edits_one_by_one_give_what_everything_at_once_gives(rounds in vec(vec(edit(), 0..4), 1..8)) {
        let today = "2026-11-23".parse().unwrap();
        let mut base = Base::sound();
        let mut rows = base.rows();
        let (mut memo, mut dated) = (Memo::default(), checks::Memo::default());
        let mut copied = BTreeSet::new();
        let mut previous =
            build(&rows, &|_| File::Awaited, reference(), None, &mut memo).release;
        let mut kept = Kept::new();
        keep(&mut kept, &previous, None);
        for (n, round) in rounds.into_iter().enumerate() {
            for edit in round {
                if let Some((table, row)) = edit.apply(&mut base, &mut copied) {
                    rows.apply(table, [change(&base, table, row)], reference());
                }
            }
            let files = |file: &Illustration| known(&copied, file);
            let Built { release, problems } =
                build(&rows, &files, reference(), Some(&previous), &mut memo);
            let whole = base.build_with(&files, Some(&previous));
            prop_assert_eq!(release.id(), whole.release.id());
            prop_assert_eq!(&problems, &whole.problems);
            prop_assert_eq!(&release.content().pictures, &whole.release.content().pictures);
            prop_assert_eq!(&release.content().good, &whole.release.content().good);
            prop_assert_eq!(
                checks::dated(&release, today, Some(30), &mut dated),
                checks::dated(&whole.release, today, Some(30), &mut checks::Memo::default())
            );
            prop_assert_eq!(places(&release), places(&whole.release));
            // One in three is held, so that the next is built from the one before.
            if n % 3 != 2 {
                keep(&mut kept, &release, Some(&previous));
                let restored = restore(&kept, release.id().as_str());
                prop_assert_eq!(&restored.content().good, &release.content().good);
                prop_assert_eq!(&restored.content().pictures, &release.content().pictures);
                prop_assert_eq!(places(&restored), places(&release));
                previous = if n % 2 == 0 { release } else { restored };
            }
        }
    }
}
