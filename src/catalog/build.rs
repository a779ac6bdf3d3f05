//! Build: from rows that were read to a release, linked and validated.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use indexmap::IndexMap;

use super::{
    guides,
    links::{Origin, follow, unique_slugs},
    release::{Content, Release},
};
use crate::{
    content::{
        document::Document,
        holding::{Holding, HoldingFacts, HoldingRow},
        ids::{RecordId, Slug},
        problem::{Code, Problem},
        rows::{Rows, Table},
        service::Service,
        status::Status,
        tables::{FieldKey, TableKey},
        territory::Territory,
    },
    reference::Reference,
};

/// A release and everything that is wrong with the rows it was made of.
#[derive(Debug)]
pub struct Built {
    /// What the public gets.
    pub release: Release,
    /// What archivists should mend, sorted by place.
    pub problems: Vec<Problem>,
}

/// Builds a release.
///
/// A row that can't be read and a guide that is broken are kept as they are in `previous`, if they
/// are there: what a slip takes away would leave a wrong answer, not a missing one. Pure: the same rows and
/// the same previous release give the same release, in whatever order the rows come.
pub fn build(mut rows: Rows, reference: &Reference, previous: Option<&Release>) -> Built {
    let mut problems = std::mem::take(&mut rows.problems);
    let holding_rows = std::mem::take(&mut rows.holdings);
    if let Some(previous) = previous {
        restore(&mut rows, previous.content(), &mut problems);
    }
    let before = previous.map(Release::content);
    let document_slugs = slugs_of(
        &rows.documents,
        TableKey::Documents,
        before.map(|content| &content.documents),
        &mut problems,
    );
    let service_slugs = slugs_of(
        &rows.services,
        TableKey::Services,
        before.map(|content| &content.services),
        &mut problems,
    );
    let territory_slugs = slugs_of(
        &rows.territories,
        TableKey::Territories,
        before.map(|content| &content.territories),
        &mut problems,
    );
    let guides = guides::build(&rows, &document_slugs, previous, &mut problems);
    let mut linker = HoldingLinker {
        rows: &rows,
        documents: &document_slugs,
        services: &service_slugs,
        territories: &territory_slugs,
        problems: &mut problems,
    };
    let mut holdings: Vec<Holding> = holding_rows
        .into_rows()
        .filter(|holding| holding.status == Status::Published)
        .filter_map(|holding| linker.link(&holding))
        .collect();
    if let Some(previous) = previous {
        holdings.extend(linker.earlier(previous.content()));
        holdings.sort_by(|a, b| a.facts.record.cmp(&b.facts.record));
    }
    check_seats(&rows.services, reference, &mut problems);
    let content = Content {
        guides: guides.published,
        good: guides.good,
        documents: published(&rows.documents, &document_slugs),
        services: published(&rows.services, &service_slugs),
        territories: published(&rows.territories, &territory_slugs),
        holdings,
    };
    problems.sort();
    problems.dedup();
    Built { release: Release::new(content, reference), problems }
}

/// A row that is published under a slug of its own.
trait Published: Clone {
    fn status(&self) -> Status;
    fn record(&self) -> &RecordId;
    fn name(&self) -> &str;
    fn slug(&self) -> &Slug;
    fn set_slug(&mut self, slug: Slug);
}

macro_rules! published {
    ($name:ty, $status:expr) => {
        impl Published for $name {
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

published!(Document, |document| document.status);
published!(Service, |service| service.status);
published!(Territory, |_| Status::Published);

fn slugs_of<T: Published>(
    table: &Table<T>,
    key: TableKey,
    previous: Option<&IndexMap<Slug, T>>,
    problems: &mut Vec<Problem>,
) -> HashMap<RecordId, Slug> {
    let owner = |slug: &Slug| Some(previous?.get(slug)?.record());
    let rows = table.iter().filter(|row| row.status() == Status::Published);
    let origin = |row| Origin { table: key, record: T::record(row), label: Some(T::name(row)) };
    unique_slugs(rows.map(|row| (origin(row), row.slug())), owner, problems)
}

fn published<T: Published>(table: &Table<T>, slugs: &HashMap<RecordId, Slug>) -> IndexMap<Slug, T> {
    let mut rows: IndexMap<Slug, T> = table
        .iter()
        .filter_map(|row| {
            let slug = slugs.get(row.record())?;
            let mut row = row.clone();
            row.set_slug(slug.clone());
            Some((slug.clone(), row))
        })
        .collect();
    rows.sort_unstable_keys();
    rows
}

/// Puts the last published version in the place of each row that can't be read.
fn restore(rows: &mut Rows, previous: &Content, problems: &mut Vec<Problem>) {
    fn earlier<'a, T: Published + 'a>(
        lost: &HashSet<RecordId>,
        published: impl Iterator<Item = &'a T>,
    ) -> Vec<T> {
        published.filter(|row| lost.contains(row.record())).cloned().collect()
    }
    fn put<T: Published>(
        table: &mut Table<T>,
        key: TableKey,
        rows: Vec<T>,
        problems: &mut Vec<Problem>,
    ) {
        for row in rows {
            problems.push(kept(key, row.record(), Some(row.name())));
            let record = row.record().clone();
            table.restore(&record, row);
        }
    }
    let documents = earlier(&rows.lost, previous.documents.values());
    let services = earlier(&rows.lost, previous.services.values());
    let territories = earlier(&rows.lost, previous.territories.values());
    put(&mut rows.documents, TableKey::Documents, documents, problems);
    put(&mut rows.services, TableKey::Services, services, problems);
    put(&mut rows.territories, TableKey::Territories, territories, problems);
}

fn kept(table: TableKey, record: &RecordId, label: Option<&str>) -> Problem {
    let primary = table.def().fields.first().map_or(FieldKey::Name, |field| field.key);
    Origin { table, record, label }.problem(
        primary,
        Code::KeptLastGood,
        "Cette ligne ne peut pas être lue : le public voit toujours sa dernière version valable. \
         Corriger les problèmes signalés pour la publier à nouveau.",
    )
}

struct HoldingLinker<'a> {
    rows: &'a Rows,
    documents: &'a HashMap<RecordId, Slug>,
    services: &'a HashMap<RecordId, Slug>,
    territories: &'a HashMap<RecordId, Slug>,
    problems: &'a mut Vec<Problem>,
}

impl HoldingLinker<'_> {
    /// `None` when the document, every territory, or the only service is not public.
    fn link(&mut self, row: &HoldingRow) -> Option<Holding> {
        let origin = Origin::holding(&row.facts);
        let document = self.document(row.document.as_ref()?, origin);
        let territories: Vec<Slug> =
            row.territories.iter().filter_map(|link| self.territory(link, origin)).collect();
        let service =
            row.service.as_ref().map(|link| self.service(link, origin, FieldKey::Service));
        let contact_first = row
            .contact_first
            .iter()
            .filter_map(|link| self.service(link, origin, FieldKey::ContactFirst))
            .collect();
        let service = match service {
            // Something is kept, but by a service that the public can't be sent to.
            Some(None) if row.facts.state.is_kept() => return None,
            service => service.flatten(),
        };
        if territories.is_empty() {
            return None;
        }
        Some(Holding {
            document: document?,
            territories,
            service,
            contact_first,
            facts: Arc::clone(&row.facts),
        })
    }

    /// The last published version of each holding that can't be read, as far as what it names is
    /// still there.
    fn earlier(&mut self, previous: &Content) -> Vec<Holding> {
        let names = |slugs: &HashMap<RecordId, Slug>| slugs.values().cloned().collect();
        let documents: HashSet<Slug> = names(self.documents);
        let services: HashSet<Slug> = names(self.services);
        let territories: HashSet<Slug> = names(self.territories);
        let lost = previous.holdings.iter().filter(|holding| {
            self.rows.lost.contains(&holding.facts.record)
                && documents.contains(&holding.document)
                && holding.service.as_ref().is_none_or(|service| services.contains(service))
                && holding.territories.iter().all(|territory| territories.contains(territory))
                && holding.contact_first.iter().all(|service| services.contains(service))
        });
        let lost: Vec<Holding> = lost.cloned().collect();
        for holding in &lost {
            let HoldingFacts { record, title, .. } = &*holding.facts;
            self.problems.push(kept(TableKey::Holdings, record, title.as_deref()));
        }
        lost
    }

    fn document(&mut self, link: &RecordId, origin: Origin<'_>) -> Option<Slug> {
        let field = FieldKey::Document;
        let table = &self.rows.documents;
        let row = follow(table, link, Published::status, origin, field, self.problems)?;
        self.documents.get(&row.record).cloned()
    }

    fn territory(&mut self, link: &RecordId, origin: Origin<'_>) -> Option<Slug> {
        let field = FieldKey::Territories;
        let table = &self.rows.territories;
        let row = follow(table, link, Published::status, origin, field, self.problems)?;
        self.territories.get(&row.record).cloned()
    }

    fn service(&mut self, link: &RecordId, origin: Origin<'_>, field: FieldKey) -> Option<Slug> {
        let table = &self.rows.services;
        let row = follow(table, link, Published::status, origin, field, self.problems)?;
        self.services.get(&row.record).cloned()
    }
}

/// Tells which published services sit in a commune that does not exist.
fn check_seats(services: &Table<Service>, reference: &Reference, problems: &mut Vec<Problem>) {
    for service in services.iter().filter(|service| service.status == Status::Published) {
        let Some(code) = service.commune.filter(|code| reference.find(*code).is_none()) else {
            continue;
        };
        let origin = Origin {
            table: TableKey::Services,
            record: &service.record,
            label: Some(&service.name),
        };
        problems.push(origin.problem(
            FieldKey::Commune,
            Code::UnknownInseeCode,
            format!("« {code} » n'est pas le code d'une commune du découpage officiel."),
        ));
    }
}
