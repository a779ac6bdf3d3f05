//! What differs between two releases, as the API tells it.
//!
//! Of what may have changed (an item, or something that it shows), both renderings are compared: so
//! an edit that nobody can see is no change, and a picture that came is one.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::{Kind, Operation};
use crate::{
    api::v1::{documents::Document, guides::Guide, included::WithGuide, services::Service},
    catalog::{
        Item, Release, Shelf,
        affected::{Affected, Told, affected},
        changes::{differing, differing_holdings},
    },
    content::{
        guide,
        ids::{RecordId, Slug},
    },
    reference::Reference,
};

/// What differs between two releases.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Guides, documents and services, in this order, each by slug.
    pub items: Vec<Difference>,
    /// Where local answers may differ.
    pub places: Vec<Affected>,
    /// Local records that differ, by row.
    pub records: Vec<RecordId>,
}

/// What became of a guide, document or service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub kind: Kind,
    /// Its slug.
    pub slug: Slug,
    /// What became of it.
    pub operation: Operation,
}

impl Differences {
    /// Compares two releases.
    pub fn new(before: &Release, now: &Release, reference: &Reference) -> Self {
        if before.id() == now.id() {
            return Self::default();
        }
        let mut items = Vec::new();
        for (kind, slugs) in candidates(before, now) {
            items.extend(slugs.into_iter().filter_map(|slug| {
                let was = render(kind, slug, before, reference);
                let operation = Operation::of(was, render(kind, slug, now, reference))?;
                Some(Difference { kind, slug: slug.clone(), operation })
            }));
        }
        let of_kind = |wanted| {
            let items = items.iter().filter(move |item| item.kind == wanted);
            items.map(|item| item.slug.clone()).collect()
        };
        let told = Told { documents: of_kind(Kind::Document), services: of_kind(Kind::Service) };
        let places = affected(before, now, &told, reference).into_iter().collect();
        let records = differing_holdings(&before.content().holdings, &now.content().holdings);
        let records = records.filter_map(|(was, is)| Some(is.or(was)?.facts.record.clone()));
        let records = records.collect();
        Self { items, places, records }
    }
}

impl Operation {
    /// What became of something, by what is told of it; `None` if that is the same.
    pub(in crate::api::v1) fn of<T: PartialEq>(was: Option<T>, is: Option<T>) -> Option<Self> {
        match (was, is) {
            (None, None) => None,
            (None, Some(_)) => Some(Self::Created),
            (Some(_), None) => Some(Self::Deleted),
            (Some(was), Some(is)) => (was != is).then_some(Self::Updated),
        }
    }
}

/// What the API tells of an item; `None` where a release has none of that slug.
pub fn render(kind: Kind, slug: &Slug, release: &Release, reference: &Reference) -> Option<Value> {
    let content = release.content();
    let told = match kind {
        Kind::Guide => {
            let (guide, nothing) = (content.guides.get(slug)?, WithGuide::default());
            serde_json::to_value(Guide::new(guide, &nothing, release, reference))
        }
        Kind::Document => serde_json::to_value(Document::from(&**content.documents.get(slug)?)),
        Kind::Service => {
            serde_json::to_value(Service::new(content.services.get(slug)?, release, reference))
        }
    };
    // Wire types have no keys but texts, so that this never fails.
    told.ok()
}

/// The items that may be told otherwise.
fn candidates<'a>(before: &'a Release, now: &'a Release) -> [(Kind, BTreeSet<&'a Slug>); 3] {
    let (was, is) = (before.content(), now.content());
    let galleries = differing_galleries(before, now);
    let documents: BTreeSet<&Slug> = differing(&was.documents, &is.documents).collect();
    let shows_other = |guide: &guide::Guide| {
        guide.steps.values().any(|step| {
            let names_other = step.document.as_ref().is_some_and(|slug| documents.contains(slug));
            names_other || galleries.contains(&step.record)
        })
    };
    let guides = differing(&was.guides, &is.guides).chain(having(&is.guides, shows_other));
    let services = differing(&was.services, &is.services)
        .chain(having(&is.services, |service| galleries.contains(&service.record)));
    let (guides, services) = (guides.collect(), services.collect());
    [(Kind::Guide, guides), (Kind::Document, documents), (Kind::Service, services)]
}

fn having<T>(shelf: &Shelf<T>, is_wanted: impl Fn(&T) -> bool) -> impl Iterator<Item = &Slug> {
    let wanted = move |(_, item): &(&Slug, &Item<T>)| is_wanted(item);
    shelf.iter().filter(wanted).map(|(slug, _)| slug)
}

/// The rows that show other files than before.
fn differing_galleries<'a>(before: &'a Release, now: &'a Release) -> HashSet<&'a RecordId> {
    let (was, is) = (&before.content().pictures, &now.content().pictures);
    let rows = was.keys().chain(is.keys());
    rows.filter(|row| was.get(*row) != is.get(*row)).collect()
}
