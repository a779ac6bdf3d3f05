//! A base edited at random: whatever comes out, it is whole and harmless.

use std::sync::Arc;

use locadocs::content::tables::{FieldKey, TableKey};
use proptest::{prelude::*, sample::Index};

use super::{
    cells::weird_cells,
    published::{Public, assert_whole},
    wire::{Wire, published_tables},
};

/// One edit, wherever the indexes fall.
#[derive(Debug, Clone)]
enum Edit {
    /// A cell becomes an odd value.
    Odd(Index, Index, Index, Index),
    /// A cell is emptied: a link, a title, a status…
    Empty(Index, Index, Index),
    /// A cell becomes that of another row: slugs collide, links cross.
    Copy(Index, Index, Index, Index),
    /// A cell becomes that of another field of its row.
    Misplace(Index, Index, Index, Index),
    /// A row is deleted, and links to it stay.
    Delete(Index, Index),
    /// A field is emptied in every row.
    EmptyField(Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let i = any::<Index>;
    prop_oneof![
        4 => (i(), i(), i(), i()).prop_map(|(t, r, f, v)| Edit::Odd(t, r, f, v)),
        4 => (i(), i(), i()).prop_map(|(t, r, f)| Edit::Empty(t, r, f)),
        4 => (i(), i(), i(), i()).prop_map(|(t, r, f, o)| Edit::Copy(t, r, f, o)),
        2 => (i(), i(), i(), i()).prop_map(|(t, r, f, o)| Edit::Misplace(t, r, f, o)),
        4 => (i(), i()).prop_map(|(t, r)| Edit::Delete(t, r)),
        1 => (i(), i()).prop_map(|(t, f)| Edit::EmptyField(t, f)),
    ]
}

fn table(at: &Index) -> TableKey {
    let tables: Vec<_> = published_tables().collect();
    *at.get(&tables)
}

fn field(table: TableKey, at: &Index) -> FieldKey {
    at.get(table.def().fields).key
}

impl Edit {
    fn apply(&self, wire: &mut Wire, odd: &[String]) {
        let (Self::Odd(t, ..)
        | Self::Empty(t, ..)
        | Self::Copy(t, ..)
        | Self::Misplace(t, ..)
        | Self::Delete(t, _)
        | Self::EmptyField(t, _)) = self;
        let table = table(t);
        let rows = wire.rows(table);
        if rows.is_empty() {
            return;
        }
        match self {
            Self::Odd(_, r, f, value) => {
                let json = Arc::from(value.get(odd).as_str());
                let at = r.index(rows.len());
                rows[at].cells.insert(field(table, f), json);
            }
            Self::Empty(_, r, f) => {
                let at = r.index(rows.len());
                rows[at].cells.remove(&field(table, f));
            }
            Self::Copy(_, r, f, other) => {
                let key = field(table, f);
                let cell = rows[other.index(rows.len())].cells.get(&key).cloned();
                let at = r.index(rows.len());
                rows[at].cells.extend(cell.map(|cell| (key, cell)));
            }
            Self::Misplace(_, r, f, other) => {
                let at = r.index(rows.len());
                let cell = rows[at].cells.get(&field(table, other)).cloned();
                rows[at].cells.extend(cell.map(|cell| (field(table, f), cell)));
            }
            Self::Delete(_, r) => {
                let at = r.index(rows.len());
                rows.remove(at);
            }
            Self::EmptyField(_, f) => {
                let key = field(table, f);
                rows.iter_mut().for_each(|row| drop(row.cells.remove(&key)));
            }
        }
    }
}

/// Three rounds of edits, each built upon the release of the one before.
fn history() -> impl Strategy<Value = Vec<Vec<Edit>>> {
    prop::collection::vec(prop::collection::vec(edit(), 0..25), 1..=3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_base_edited_at_random_is_published_whole_and_without_harm(history in history()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let public = Public::new(Wire::demo().ids());
        let odd = weird_cells();
        let mut wire = Wire::demo();
        let mut previous = Wire::demo().build(None).release;
        for round in history {
            round.iter().for_each(|edit| edit.apply(&mut wire, &odd));
            let built = wire.build(Some(&previous));
            assert_whole(&built.release);
            // In another order of rows, as Airtable gives none.
            let mut reordered = wire.clone();
            reordered.tables.values_mut().for_each(|rows| rows.reverse());
            let again = reordered.build(Some(&previous));
            prop_assert_eq!(again.release.id(), built.release.id());
            prop_assert_eq!(again.problems, built.problems);
            runtime.block_on(public.assert_harmless(again.release));
            previous = built.release;
        }
    }
}
