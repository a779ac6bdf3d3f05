//! Publishing a table: which of its rows are public, under which slugs, and what a link to each
//! comes to.

use std::{collections::HashMap, sync::Arc};

use minicbor::Encode;

use super::{
    item::{Item, Shelf},
    links::{Missed, Origin, unique_slugs},
};
use crate::content::{
    document::Document,
    ids::{RecordId, Slug},
    problem::{Code, Problem},
    rows::{Linked, Table, Untyped as _},
    service::Service,
    status::Status,
    tables::{FieldKey, TableKey},
    territory::Territory,
};

/// A row that is published under a slug of its own.
pub(super) trait Shelved: Clone + Encode<()> {
    const TABLE: TableKey;
    fn status(&self) -> Status;
    fn record(&self) -> &RecordId;
    fn name(&self) -> &str;
    fn slug(&self) -> &Slug;
    fn set_slug(&mut self, slug: Slug);
}

macro_rules! shelved {
    ($name:ty, $table:ident, $status:expr) => {
        impl Shelved for $name {
            const TABLE: TableKey = TableKey::$table;

            fn status(&self) -> Status {
                let status: fn(&Self) -> Status = $status;
                status(self)
            }
            fn record(&self) -> &RecordId {
                &self.record
            }
            fn name(&self) -> &str {
                &self.name
            }
            fn slug(&self) -> &Slug {
                &self.slug
            }
            fn set_slug(&mut self, slug: Slug) {
                self.slug = slug;
            }
        }
    };
}

shelved!(Document, Documents, |document| document.status);
shelved!(Service, Services, |service| service.status);
shelved!(Territory, Territories, |_| Status::Published);

/// What links to the rows of a table come to; a row that is not there is missing.
pub(super) type Targets = HashMap<RecordId, Result<Slug, Missed>>;

/// A published table, and what it was made of.
#[derive(Debug)]
pub(super) struct Published<T> {
    pub shelf: Shelf<T>,
    pub targets: Arc<Targets>,
    pub problems: Vec<Problem>,
    version: u64,
    before: Option<Shelf<T>>,
}

impl<T: Shelved> Published<T> {
    /// Publishes a table. What can't be read now stays as it is in `before`, the previous release.
    /// `memo` is what an earlier call gave; it changes the time that it takes, and nothing else.
    pub fn new(table: &Table<T>, before: Option<&Shelf<T>>, memo: Option<Self>) -> Self {
        match memo {
            Some(memo) if memo.is_of(table, before) => memo,
            memo => Self::make(table, before, memo.as_ref().map(|memo| &memo.shelf)),
        }
    }

    /// Whether making it again would give the same: from what it gave, it gives itself.
    fn is_of(&self, table: &Table<T>, before: Option<&Shelf<T>>) -> bool {
        let is_same = |shelf: &Shelf<T>| before.is_some_and(|before| Arc::ptr_eq(before, shelf));
        self.version == table.version()
            && (is_same(&self.shelf) || self.before.as_ref().map_or(before.is_none(), is_same))
    }

    fn make(table: &Table<T>, before: Option<&Shelf<T>>, known: Option<&Shelf<T>>) -> Self {
        let mut problems = Vec::new();
        let restored = restored(table, before, &mut problems);
        let rows: Vec<&Arc<T>> = {
            let mut rows: Vec<_> = table.iter().chain(restored.values()).collect();
            rows.retain(|row| row.status() == Status::Published);
            rows.sort_unstable_by_key(|row| row.record());
            rows
        };
        let owner = |slug: &Slug| Some(before?.get(slug)?.record());
        let wanted = rows.iter().map(|row| (origin(row.as_ref()), row.slug()));
        let slugs = unique_slugs(wanted, owner, &mut problems);
        let mut shelf: Vec<(Slug, Item<T>)> = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(slug) = slugs.get(row.record()) else { continue };
            let known = known.and_then(|known| known.get(slug));
            let item = match known.filter(|item| item.is(row)) {
                Some(item) => item.clone(),
                None => Item::new(under(row, slug)),
            };
            shelf.push((slug.clone(), item));
        }
        shelf.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let targets = targets(table, slugs);
        Self {
            shelf: Arc::new(shelf.into_iter().collect()),
            targets: Arc::new(targets),
            problems,
            version: table.version(),
            before: before.cloned(),
        }
    }
}

/// The row itself where it has the slug that it typed.
fn under<T: Shelved>(row: &Arc<T>, slug: &Slug) -> Arc<T> {
    if row.slug() == slug {
        return Arc::clone(row);
    }
    let mut row = T::clone(row);
    row.set_slug(slug.clone());
    Arc::new(row)
}

/// The last published version of each row that can't be read.
fn restored<T: Shelved>(
    table: &Table<T>,
    before: Option<&Shelf<T>>,
    problems: &mut Vec<Problem>,
) -> HashMap<RecordId, Arc<T>> {
    let lost = table.lost();
    if lost.is_empty() {
        return HashMap::new();
    }
    let rows = before.into_iter().flat_map(|before| before.values());
    let restored = rows.filter(|row| lost.contains(row.record())).map(|row| {
        problems.push(kept(T::TABLE, row.record(), Some(row.name())));
        (row.record().clone(), row.value())
    });
    restored.collect()
}

fn targets<T: Shelved>(table: &Table<T>, slugs: HashMap<RecordId, Slug>) -> Targets {
    let mut targets: Targets = slugs.into_iter().map(|(id, slug)| (id, Ok(slug))).collect();
    for id in table.ids() {
        if !targets.contains_key(id) {
            let missed = match table.get(id) {
                Linked::Unreadable => Missed::Unreadable,
                _ => Missed::Unpublished,
            };
            targets.insert(id.clone(), Err(missed));
        }
    }
    targets
}

/// Follows a link to a row that must be public; tells of it where it is not.
pub(super) fn public(
    targets: &Targets,
    link: &RecordId,
    origin: Origin<'_>,
    field: FieldKey,
    problems: &mut Vec<Problem>,
) -> Option<Slug> {
    match targets.get(link).unwrap_or(&Err(Missed::Missing)) {
        Ok(slug) => Some(slug.clone()),
        Err(missed) => {
            missed.tell(origin, field, problems);
            None
        }
    }
}

/// Where a row is.
pub(super) fn origin<T: Shelved>(row: &T) -> Origin<'_> {
    Origin { table: T::TABLE, record: row.record(), label: Some(row.name()) }
}

/// Says that a row stays as it last was.
pub(super) fn kept(table: TableKey, record: &RecordId, label: Option<&str>) -> Problem {
    let primary = table.def().fields.first().map_or(FieldKey::Name, |field| field.key);
    Origin { table, record, label }.problem(
        primary,
        Code::KeptLastGood,
        "Cette ligne ne peut pas être lue : le public voit toujours sa dernière version valable. \
         Corriger les problèmes signalés pour la publier à nouveau.",
    )
}
