//! Publishing local records: following their links to what is public.

use std::{
    collections::{BTreeSet, HashSet},
    iter::Peekable,
    sync::Arc,
    vec,
};

use super::{
    item::{Item, Shelf},
    links::Origin,
    release::Content,
    shelf::{Targets, kept, public},
};
use crate::content::{
    document::Document,
    holding::{Holding, HoldingRow},
    ids::{RecordId, Slug},
    problem::Problem,
    rows::Table,
    service::Service,
    status::Status,
    tables::{FieldKey, TableKey},
    territory::Territory,
};

/// What the links of local records come to.
#[derive(Debug, Clone)]
pub(super) struct Links {
    pub documents: Arc<Targets>,
    pub services: Arc<Targets>,
    pub territories: Arc<Targets>,
}

/// The local records, linked, and what they were made of.
#[derive(Debug)]
pub(super) struct Linked {
    /// In the order of their record ids.
    rows: Vec<LinkedRow>,
    version: u64,
    links: Links,
}

#[derive(Debug)]
struct LinkedRow {
    row: Arc<HoldingRow>,
    holding: Option<Item<Holding>>,
    problems: Box<[Problem]>,
}

impl Linked {
    /// Links the rows. `memo` is what an earlier call gave: a row is linked anew only if it or
    /// something that it names changed.
    pub fn new(table: &Table<HoldingRow>, links: Links, memo: Option<Self>) -> Self {
        let (earlier, changed) = match memo {
            Some(memo) => {
                let changed = links.changed_since(&memo.links);
                if changed.is_empty() && memo.version == table.version() {
                    return memo;
                }
                (memo.rows, changed)
            }
            None => (Vec::new(), HashSet::new()),
        };
        let mut earlier = earlier.into_iter().peekable();
        let rows = table.iter().map(|row| match same_row(&mut earlier, row) {
            Some(known) if !names_any(row, &changed) => known,
            _ => links.link(row),
        });
        Self { rows: rows.collect(), version: table.version(), links }
    }

    /// What is public of them.
    pub fn holdings(&self) -> impl Iterator<Item = &Item<Holding>> {
        self.rows.iter().filter_map(|row| row.holding.as_ref())
    }

    /// Which of their links lead to nothing public.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.rows.iter().flat_map(|row| &row.problems)
    }
}

/// What is known of this very version of a row. Both lists are in the order of record ids.
fn same_row(
    earlier: &mut Peekable<vec::IntoIter<LinkedRow>>,
    row: &Arc<HoldingRow>,
) -> Option<LinkedRow> {
    let record = &row.facts.record;
    while earlier.next_if(|earlier| earlier.row.facts.record < *record).is_some() {}
    let known = earlier.next_if(|earlier| earlier.row.facts.record == *record)?;
    Arc::ptr_eq(&known.row, row).then_some(known)
}

fn names_any(row: &HoldingRow, changed: &HashSet<RecordId>) -> bool {
    let HoldingRow { document, territories, service, contact_first, status: _, facts: _ } = row;
    !changed.is_empty()
        && document
            .iter()
            .chain(territories)
            .chain(service)
            .chain(contact_first)
            .any(|link| changed.contains(link))
}

impl Links {
    /// The rows to which a link comes to something else than before.
    fn changed_since(&self, before: &Self) -> HashSet<RecordId> {
        let tables = [
            (&self.documents, &before.documents),
            (&self.services, &before.services),
            (&self.territories, &before.territories),
        ];
        let mut changed = HashSet::new();
        for (now, before) in tables.into_iter().filter(|(now, before)| !Arc::ptr_eq(now, before)) {
            let differs = |(id, target): &(&RecordId, _)| before.get(*id) != Some(*target);
            changed.extend(now.iter().filter(differs).map(|(id, _)| id.clone()));
            changed.extend(before.keys().filter(|id| !now.contains_key(*id)).cloned());
        }
        changed
    }

    fn link(&self, row: &Arc<HoldingRow>) -> LinkedRow {
        let mut problems = Vec::new();
        let holding = match row.status {
            Status::Published => self.holding(row, &mut problems),
            _ => None,
        };
        LinkedRow {
            row: Arc::clone(row),
            holding: holding.map(|holding| Item::new(Arc::new(holding))),
            problems: problems.into(),
        }
    }

    /// `None` when the document, every territory, or the only service is not public.
    fn holding(&self, row: &HoldingRow, problems: &mut Vec<Problem>) -> Option<Holding> {
        let origin = Origin::holding(&row.facts);
        let mut follow = |targets: &Targets, link: &RecordId, field: FieldKey| {
            public(targets, link, origin, field, problems)
        };
        let document = follow(&self.documents, row.document.as_ref()?, FieldKey::Document);
        let territories = row.territories.iter();
        let territories: Vec<Slug> = territories
            .filter_map(|link| follow(&self.territories, link, FieldKey::Territories))
            .collect();
        let service = row.service.as_ref();
        let service = service.map(|link| follow(&self.services, link, FieldKey::Service));
        let contacts = row.contact_first.iter();
        let contact_first = contacts
            .filter_map(|link| follow(&self.services, link, FieldKey::ContactFirst))
            .collect();
        let service = match service {
            // Something is kept, but by a service that the public can't be sent to.
            Some(None) if row.facts.state.is_kept() => return None,
            service => service.flatten(),
        };
        if territories.is_empty() {
            return None;
        }
        let facts = Arc::clone(&row.facts);
        Some(Holding { document: document?, territories, service, contact_first, facts })
    }
}

/// The last published version of each local record that can't be read, as far as what it names is
/// still there.
pub(super) fn earlier(
    lost: &BTreeSet<RecordId>,
    before: &Content,
    (documents, services, territories): (&Shelf<Document>, &Shelf<Service>, &Shelf<Territory>),
    problems: &mut Vec<Problem>,
) -> Vec<Item<Holding>> {
    if lost.is_empty() {
        return Vec::new();
    }
    let earlier = before.holdings.iter().filter(|holding| {
        lost.contains(&holding.facts.record)
            && documents.contains_key(&holding.document)
            && holding
                .service
                .iter()
                .chain(&holding.contact_first)
                .all(|s| services.contains_key(s))
            && holding.territories.iter().all(|territory| territories.contains_key(territory))
    });
    let earlier: Vec<_> = earlier.cloned().collect();
    problems.extend(earlier.iter().map(|holding| {
        let label = holding.facts.title.as_deref();
        kept(TableKey::Holdings, &holding.facts.record, label)
    }));
    earlier
}
