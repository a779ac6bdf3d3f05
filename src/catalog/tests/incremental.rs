//! A build that redoes only what changed gives what a build of everything gives, and what is kept of
//! it item by item gives it back.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*, sample::select as one_of};

use crate::{
    catalog::{
        Built, File, ItemKind, Memo, Release, build, checks,
        fixture::{Base, links, reference, select, text},
    },
    content::{
        cell::{Attachment, Cell},
        guide::Illustration,
        picture::Picture,
        row::Row,
        rows::RowChange,
        tables::{FieldKey as F, TableKey as T},
    },
};

/// An edit of a row, or its deletion, or its return.
#[derive(Debug, Clone)]
enum Edit {
    Set(T, &'static str, F, Option<Cell>),
    Delete(T, &'static str),
    Restore(T, &'static str),
    /// A copy of a file comes, or is lost.
    Copy(char),
}

const ROWS: &[(T, &str)] = &[
    (T::Guides, "recG"),
    (T::Steps, "recQ"),
    (T::Steps, "recD"),
    (T::Steps, "recR"),
    (T::Choices, "recA1"),
    (T::Choices, "recA5"),
    (T::Documents, "recDoc"),
    (T::Services, "recArch"),
    (T::Services, "recMairie"),
    (T::Territories, "recFr"),
    (T::Territories, "recRen"),
    (T::Holdings, "recH1"),
    (T::Holdings, "recH2"),
];

fn cells(table: T) -> Vec<(F, Option<Cell>)> {
    let mut cells = vec![
        (F::Status, Some(select("Brouillon"))),
        (F::Status, Some(select("Publié"))),
        (F::Status, Some(select("Publiée"))),
        (F::Slug, Some(text("commun"))),
        (F::Slug, Some(text("autre"))),
        (F::Slug, None),
    ];
    cells.extend(match table {
        T::Guides => vec![(F::Title, None), (F::Title, Some(text("Guide")))],
        T::Steps => vec![
            (F::Title, None),
            (F::Title, Some(text("Étape"))),
            (F::Type, Some(select("Impasse"))),
            (F::Type, Some(select("Question"))),
            (F::Document, None),
            (F::Document, Some(links(&["recDoc"]))),
            (F::Illustrations, None),
            (F::Illustrations, Some(files("A"))),
            (F::Illustrations, Some(files("BA"))),
        ],
        T::Choices => vec![
            (F::TargetStep, None),
            (F::TargetStep, Some(links(&["recD"]))),
            (F::TargetStep, Some(links(&["recR"]))),
            (F::Label, None),
        ],
        T::Territories => vec![
            (F::Code, Some(text("35238"))),
            (F::Code, Some(text("29019"))),
            (F::Code, Some(text("?"))),
        ],
        T::Holdings => vec![
            (F::Service, Some(links(&["recMairie"]))),
            (F::Service, Some(links(&["recArch"]))),
            (F::Service, None),
            (F::Territories, Some(links(&["recFr", "recRen"]))),
            (F::From, Some(text("vers 1908"))),
            (F::From, Some(text("1950"))),
            (F::ContactFirst, Some(links(&["recArch"]))),
        ],
        T::Services => {
            vec![(F::Name, None), (F::Photo, Some(files("A"))), (F::Photo, Some(files("CB")))]
        }
        _ => vec![(F::Name, None), (F::Name, Some(text("Nom")))],
    });
    cells
}

fn files(names: &str) -> Cell {
    let file = |name: char| Attachment {
        id: format!("att{name}").parse().unwrap(),
        filename: format!("{name}.png"),
        media_type: None,
        size: None,
        dimensions: None,
        url: String::new(),
    };
    Cell::Attachments(names.chars().map(file).collect())
}

/// What is known of a file when these have been copied: of `C`, that it can't be.
fn known(copied: &BTreeSet<char>, file: &Illustration) -> File {
    let name = file.filename.chars().next().unwrap();
    match copied.contains(&name) {
        true => File::Kept(Picture {
            file: file.id.clone(),
            path: format!("/v1/media/0/{name}.png"),
            media_type: "image/png".to_owned(),
            dimensions: Some((4, 3)),
        }),
        false if name == 'C' => File::Failed { advice: "La déposer à nouveau.".to_owned() },
        false => File::Awaited,
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let copy = one_of(&['A', 'B', 'C']).prop_map(Edit::Copy);
    let of_row = one_of(ROWS).prop_flat_map(|(table, row)| {
        prop_oneof![
            6 => one_of(cells(table)).prop_map(move |(field, cell)| Edit::Set(table, row, field, cell)),
            1 => Just(Edit::Delete(table, row)),
            1 => Just(Edit::Restore(table, row)),
        ]
    });
    prop_oneof![5 => of_row, 1 => copy]
}

impl Edit {
    /// The row that it changes, if it does.
    fn apply(self, base: &mut Base, copied: &mut BTreeSet<char>) -> Option<(T, &'static str)> {
        match self {
            Self::Set(table, row, field, cell) => {
                if let Some(cells) = base.0.get_mut(&table).and_then(|rows| rows.get_mut(row)) {
                    match cell {
                        Some(cell) => cells.insert(field, cell),
                        None => cells.remove(&field),
                    };
                }
                Some((table, row))
            }
            Self::Delete(table, row) => {
                base.0.get_mut(&table).map(|rows| rows.remove(row));
                Some((table, row))
            }
            Self::Restore(table, row) => {
                let sound = Base::sound().0[&table][row].clone();
                base.0.entry(table).or_default().insert(row.parse().unwrap(), sound);
                Some((table, row))
            }
            Self::Copy(name) => {
                if !copied.remove(&name) {
                    copied.insert(name);
                }
                None
            }
        }
    }
}

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
